/** The guide to watching, followed: its commands against a hub, its unit by systemd; and the probe accounts that it names. */
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { definePolicy, systemRandom } from "aegis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../packages/aegis/src/lib/clock.ts";
import { createProbeAccounts } from "../packages/aegis/src/probe-account/create.ts";
import { cheapHash, startHub } from "./support/hub.ts";
import { repository, run } from "./support/processes.ts";

const guide = readFileSync(join(repository, "docs/watch.md"), "utf8");
const blocksOf = (kind: string): readonly string[] =>
  [...guide.matchAll(new RegExp(`^\`\`\`${kind}\\n([\\s\\S]*?)^\`\`\`$`, "gm"))].map(([, text = ""]) => text);

const settings = {
  password: { argon2: cheapHash },
} as const;
const policy = definePolicy({ ...settings, environment: "test" });
let folder: string;
let hub: Awaited<ReturnType<typeof startHub>>;
const at = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "aegis-watch-guide-"));
  hub = await startHub(policy, { clock: systemClock });
  writeFileSync(at("policy.json"), JSON.stringify(settings));
  // `npx aegis` as it is where Aegis is installed; the guide's host is this hub, and its day is shorter.
  mkdirSync(at("bin"));
  const main = join(repository, "packages/aegis-cli/src/main.ts");
  const target = join(repository, "apps/hub/target.json");
  writeFileSync(
    at("bin/npx"),
    [
      "#!/bin/sh",
      "shift 3",
      `exec "${process.execPath}" --conditions=source "${main}" watch ${hub.origin} "$@" \\`,
      `  --for "\${WATCH_FOR:-6s}" --beat 1s --clock 1h --slow 10s --only "\${WATCH_ROOM:-headers}" \\`,
      `  --environment test --policy "${at("policy.json")}" --target "${target}"`,
      "",
    ].join("\n"),
  );
  chmodSync(at("bin/npx"), 0o755);
}, 60_000);
afterAll(async () => {
  await hub?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function follow(block: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
  const child = run(
    "sh",
    ["-ec", block],
    { PATH: `${at("bin")}:${process.env["PATH"] ?? ""}`, NO_COLOR: "1", NODE_ENV: "test", ...env },
    folder,
  );
  const status = await child.ended();
  expect([block, status, child.output()]).toEqual([block, 0, expect.any(String)]);
  return child.output();
}

describe("the guide to watching", () => {
  it("has commands that do what it says", async () => {
    const commands = blocksOf("sh");
    expect(commands).toHaveLength(3);
    for (const block of commands)
      expect(await follow(block)).toMatch(/Nothing failed\.[\s\S]*Nothing changed\./);
    for (const file of ["watch.html", "watch.md", "aegis-watch.json", "hooked.json", "mailed.json"])
      expect([file, existsSync(at(file))]).toEqual([file, true]);
    expect(readFileSync(at("watch.html"), "utf8")).toMatch(/^<!doctype html>/);
  }, 90_000);

  it("has a unit that systemd takes, whose options the command knows", async () => {
    const [unit = ""] = blocksOf("ini");
    const [command = ""] = /^ExecStart=(\S+ watch .*)$/m.exec(unit)?.slice(1) ?? [];
    writeFileSync(at("aegis-watch.service"), unit.replace(/^ExecStart=\S+/m, "ExecStart=/bin/true"));
    expect(
      execFileSync("systemd-analyze", ["verify", at("aegis-watch.service")], {
        encoding: "utf8",
        stdio: "pipe",
      }),
    ).toBe("");
    mkdirSync(at("state/aegis-watch"), { recursive: true });
    writeFileSync(at("probe-key"), "a-probe-key\n");
    const here = command.replace(/^\S+/, "npx aegis").replaceAll("%S", at("state")).replaceAll("%d", folder);
    await follow(here, { SMTP_URL: "smtps://watch:kX3vLw9sRb4Y@mail.example" });
    expect(existsSync(at("state/aegis-watch/watch.html"))).toBe(true);
  }, 60_000);

  it("sees time-outs on probe accounts, which uses up nobody's patience", async () => {
    const set = await createProbeAccounts(
      { policy, create: (one) => hub.app.aegis.createAccount(one), clock: systemClock, random: systemRandom },
      600,
    );
    writeFileSync(at("probes.json"), JSON.stringify(set));
    const text = await follow(
      "npx aegis watch https://hub.example --probe-accounts probes.json --state probed.json --report probed.json.json",
      { WATCH_FOR: "50s", WATCH_ROOM: "session" },
    );
    expect(text).toMatch(/fast controls of session, and [4-9] on probe accounts/);
    const { controls, accountsMade, looks } = JSON.parse(readFileSync(at("probed.json.json"), "utf8"));
    expect([looks.done, controls.bad]).toEqual([1, []]);
    expect(controls.unseen).not.toContain("session.idle-timeout");
    expect(controls.unseen).not.toContain("session.absolute-timeout");
    expect(accountsMade).toBeGreaterThan(0);
    for (const { password } of set.accounts)
      expect(readFileSync(at("probed.json"), "utf8")).not.toContain(password);
  }, 120_000);
});
