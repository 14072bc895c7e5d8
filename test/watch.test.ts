/** `aegis watch` on the hub behind a proxy: an outage, a header that is lost, a certificate near its end, and its own death. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { definePolicy } from "aegis";
import { systemClock } from "../packages/aegis/src/lib/clock.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cheapHash, startHub } from "./support/hub.ts";
import { freePort } from "./support/ports.ts";
import { repository, type Running, run } from "./support/processes.ts";
import { startSmtp } from "./support/smtp.ts";
import { openTlsDoor, type TlsDoor } from "./support/tls-door.ts";
import { webhookReceiver } from "./support/webhook.ts";

const OPS = "ops@example.org";
const SECRET = Buffer.alloc(32, 9);
const settings = {
  password: { argon2: cheapHash },
  transport: { trustedProxies: ["127.0.0.1"] },
};

let folder: string;
let port: number;
let hub: Awaited<ReturnType<typeof startHub>>;
let door: TlsDoor;
let smtp: Awaited<ReturnType<typeof startSmtp>>;
let receiver: ReturnType<typeof webhookReceiver>;
let receiverPort: number;
const running: Running[] = [];
const at = (name: string): string => join(folder, name);

const words = (text: string): readonly string[] => text.split(" ");

const startTarget = async (): Promise<void> => {
  hub = await startHub(definePolicy({ ...settings, environment: "test" }), { clock: systemClock }, port);
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "aegis-watch-"));
  port = await freePort();
  receiverPort = await freePort();
  receiver = webhookReceiver(receiverPort, SECRET);
  await startTarget();
  [door, smtp] = await Promise.all([openTlsDoor(folder, port, 20), startSmtp()]);
  writeFileSync(at("policy.json"), JSON.stringify(settings));
  writeFileSync(at("mail-ca.pem"), smtp.ca);
}, 60_000);
afterAll(async () => {
  for (const one of running) await one.stop();
  await hub?.close();
  await door?.close();
  await smtp?.close();
  await receiver?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The sources, in one process: what is killed is the watch itself. */
function watch(args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
  const main = join(repository, "packages/aegis-cli/src/main.ts");
  const one = run(
    process.execPath,
    [
      "--conditions=source",
      main,
      "watch",
      `https://127.0.0.1:${door.port}`,
      ...words(`--ca ${door.caFile} --policy ${at("policy.json")} --environment test --only headers`),
      // Wide: on a busy machine lateness says nothing about the hub.
      ...words("--beat 1s --every 5s --slow 10s --clock 1h"),
      ...args,
    ],
    { NO_COLOR: "1", NODE_ENV: "test", ...env },
    folder,
  );
  running.push(one);
  return one;
}

describe("aegis watch", () => {
  it("tells of a certificate, a lost header and an outage once each, by mail and webhook, across its own death", async () => {
    await receiver.open();
    const args = words(
      `--for 10m --state state.json --mail-to ${OPS} --mail-from watch@example.org --mail-ca ${at("mail-ca.pem")} --report report.json --report report.html`,
    );
    const env = {
      SMTP_URL: smtp.url,
      WATCH_WEBHOOK_URL: `http://127.0.0.1:${receiverPort}/hook?token=hidden-in-the-address`,
      WATCH_WEBHOOK_SECRET: `whsec_${SECRET.toString("base64")}`,
    };
    const first = watch(args, env);
    await first.until(/FAILED {2}certificate {2}(19|20) days left \(from the beginning\)/);
    await smtp.next(OPS, 0);
    receiver.mode.answers = false;
    const dropped = Date.now();
    door.dropped.add("referrer-policy");
    await first.until(/FAILED {2}headers\.referrer-policy/);
    const droppedTold = Date.now();
    // Killed between sending and noting: the receiver has it, and the watch does not know.
    while (receiver.deliveries.length < 2) await new Promise((resolve) => setTimeout(resolve, 20));
    first.child.kill("SIGKILL");
    await first.ended();
    await receiver.close();
    receiver.mode.answers = true;
    const killed = Date.now();
    const second = watch(args, env);
    await second.until(/goes on with the watch begun at .*; not watched for /);
    const back = Date.now();
    await second.until(/watching https/);
    await new Promise((resolve) => setTimeout(resolve, 3000)); // beats that find all as it was

    const stopped = Date.now();
    await hub.close();
    await second.until(/FAILED {2}health/);
    const outageTold = Date.now();
    await second.until(/a message by webhook was not taken: ECONNREFUSED/);
    await startTarget();
    await second.until(/well again {2}health/);
    const startedTold = Date.now();
    door.dropped.clear();
    await second.until(/well again {2}headers\.referrer-policy/);
    await receiver.open();
    await second.until(/messages by webhook get through again/, 60);
    await smtp.next(OPS, 4);

    second.child.kill("SIGTERM");
    expect(await second.ended()).toBe(1); // something failed

    const told = [...first.output().matchAll(/^\S+Z {2}(FAILED|well again|not seen|changed) {2}(\S+)/gm)]
      .concat([...second.output().matchAll(/^\S+Z {2}(FAILED|well again|not seen|changed) {2}(\S+)/gm)])
      .map(([, what, subject]) => `${what} ${subject}`);
    const all = [
      "FAILED certificate",
      "FAILED headers.referrer-policy",
      "FAILED health",
      "well again health",
      "well again headers.referrer-policy",
    ];
    expect(told).toEqual(all);
    expect(smtp.letters.map(({ subject }) => subject.replace(/^.*?: /, ""))).toEqual(
      all.map((one) => one.replace(/^(FAILED|well again) (.*)$/, "$2 $1")),
    );
    expect(smtp.letters[1]?.text).toMatch(/symptom: \S[\s\S]*cause: \S[\s\S]*fix: \S/);
    // What it sent and could not note comes again under the same id: the receiver counts it once.
    const byId = new Map(receiver.deliveries.map((one) => [one.id, one]));
    expect([...byId.values()].map(({ body }) => JSON.parse(body).data.text)).toEqual(
      all.map((one) => one.replace(/^(FAILED|well again) (.*)$/, "$2 $1")),
    );
    expect(receiver.deliveries.every(({ genuine }) => genuine)).toBe(true);
    const times = [...byId.keys()].map((id) => receiver.deliveries.filter((one) => one.id === id).length);
    expect(times).toEqual([1, 2, 1, 1, 1]);

    const report = JSON.parse(readFileSync(at("report.json"), "utf8"));
    const [certificate, header, outage, ...more] = report.episodes;
    expect(more).toEqual([]);
    expect([certificate.subject, header.subject, outage.subject]).toEqual([
      "certificate",
      "headers.referrer-policy",
      "health",
    ]);
    const isWithin = (text: string, from: number, to: number): boolean =>
      Date.parse(text) >= from && Date.parse(text) <= to;
    expect([certificate.before, certificate.to]).toEqual([true, null]);
    expect(isWithin(header.from, dropped, droppedTold)).toBe(true);
    expect(isWithin(header.to, startedTold, Date.now())).toBe(true);
    expect(isWithin(outage.from, stopped, outageTold)).toBe(true);
    expect(isWithin(outage.to, outageTold, startedTold)).toBe(true);
    expect(report.gaps).toHaveLength(1);
    expect(Date.parse(report.gaps[0].from)).toBeLessThanOrEqual(killed);
    expect(isWithin(report.gaps[0].to, killed, back)).toBe(true);
    expect(report).toMatchObject({
      verdict: "failed",
      finished: false,
      parcels: { sent: 10, waiting: 0, lost: 0 },
    });
    expect(report.availability).toBeLessThan(1);

    const state = readFileSync(at("state.json"), "utf8");
    expect(statSync(at("state.json")).mode & 0o777).toBe(0o600);
    const everything = [state, readFileSync(at("report.html"), "utf8"), first.output(), second.output()];
    for (const secret of [SECRET.toString("base64"), "hidden-in-the-address", OPS])
      for (const text of everything) expect(text).not.toContain(secret);
  }, 180_000);

  it("ends by itself with 0 where nothing failed, and begins anew with the same file", async () => {
    const args = ["--for", "8s", "--state", "quiet.json", "--days", "1", "--report", "quiet.md"];
    const one = watch(args);
    expect([await one.ended(), one.output()]).toEqual([0, expect.stringContaining("Nothing failed.")]);
    expect(readFileSync(at("quiet.md"), "utf8")).toContain("Nothing changed.");
    const again = watch(args);
    await again.until(/watching/);
    expect(again.output()).not.toContain("goes on");
    const both = watch(args);
    expect([await both.ended(), both.output()]).toEqual([
      2,
      expect.stringContaining("watches with this state"),
    ]);
    await again.stop();
  }, 120_000);

  it("ends with 2 where it never got an answer, and where it could not begin", async () => {
    const nobody = run(
      process.execPath,
      [
        "--conditions=source",
        join(repository, "packages/aegis-cli/src/main.ts"),
        "watch",
        `http://127.0.0.1:${receiverPort}`,
      ].concat("--for 5s --beat 1s --state nobody.json".split(" ")),
      { NO_COLOR: "1" },
      folder,
    );
    running.push(nobody);
    await receiver.close();
    expect([await nobody.ended(), nobody.output()]).toEqual([
      2,
      expect.stringMatching(/FAILED {2}health[\s\S]*It never answered: nothing was watched/),
    ]);
    writeFileSync(at("broken.json"), "{}");
    for (const [args, env, message] of [
      [["--state", "broken.json"], {}, /holds no watch/],
      [["--report", "report.txt"], {}, /ends in no format/],
      [
        ["--webhook", "https://hook.example"],
        {},
        /not said what a webhook is signed with[\s\S]*openssl rand/,
      ],
      [["--mail-to", OPS], {}, /not said how mail goes out/],
      [["--for", "100d"], {}, /from 5s to 90d/],
    ] as const) {
      const one = watch(args, env);
      expect([await one.ended(), one.output()]).toEqual([2, expect.stringMatching(message)]);
      expect(one.output()).not.toMatch(/^\s+at |hook\.example\/secret/m);
    }
  }, 150_000);
});
