/**
 * Prometheus and Alertmanager of Debian, with the rendered files, watch two running hubs (two processes behind one port,
 * and a second instance), and tell a webhook and a letter box of everything that is really done to them.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer, type Server } from "node:tls";
import { definePolicy } from "aegis";
import { alertsOf, parseDeployment } from "aegis/render";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { guideTools, sectionsOf, shellBlocks } from "./support/guides.ts";
import { freePort } from "./support/ports.ts";
import { startPostgres, type TestPostgres } from "./support/postgres.ts";
import { repository, type Running, run } from "./support/processes.ts";
import { startRedis, type TestRedis } from "./support/redis.ts";
import { startSmtp } from "./support/smtp.ts";
import { startWatchers, type Watchers } from "./support/watchers.ts";

const TOKEN = "k3Yq7ZpL0xVn5TcR9wMb2HsJ8fDgA4eU1iOoPtQz6Ka";
const SECRET = "q3JxTnP8Zk2vLw9sRb4YdHc7MgXe1UaF5oNiV6tKj0Q";
const PASSWORD = "Harbour violet, 11 spoons";
/** Everything soon: read every three seconds, over twelve, told at once. */
const metrics = {
  scrapeSeconds: 3,
  alerts: { windowSeconds: 12, holdSeconds: 0, leastRequestCount: 5, heapPercentLimit: 10 },
};
const settings = {
  metrics,
  account: { emailVerification: "off" },
  password: { argon2: { memoryKib: 7168, iterations: 1, parallelism: 1 } },
  rateLimit: { limits: { login: "25/minute", register: "9000/minute", global: "90000/minute" } },
} as const;
const policy = definePolicy({ preset: "education", environment: "production", ...settings });

let folder: string;
let postgres: TestPostgres;
let redis: TestRedis;
let watchers: Watchers;
let certificate: Server;
let mail: Awaited<ReturnType<typeof startSmtp>>;
let ports: readonly number[];
const hubs: Running[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "aegis-monitoring-"));
  [postgres, redis, mail] = await Promise.all([startPostgres(), startRedis(), startSmtp()]);
  mkdirSync(join(folder, "backups", "20240101T000000Z-abcdefgh"), { recursive: true });
  certificate = await showCertificate();
  const shown = certificate.address();
  const [first, second] = [await freePort(), await freePort()];
  ports = [first, second];
  const env = {
    NODE_ENV: "production",
    SECRET_KEY: SECRET,
    METRICS_TOKEN: TOKEN,
    PUBLIC_ORIGIN: `https://127.0.0.1:${first}`, // the second one is scraped by a name that it does not answer to
    DATABASE_URL: postgres.appUrl,
    DATABASE_OWNER_URL: postgres.url,
    REDIS_URL: redis.url,
    AEGIS_DIRECTORY: join(folder, "data"),
    CERTIFICATE_ADDRESS: `127.0.0.1:${typeof shown === "object" ? (shown?.port ?? 0) : 0}`,
    BACKUP_DIRECTORY: join(folder, "backups"),
  };
  const start = async (port: number, name: string, over: object, more: Readonly<Record<string, string>>) => {
    const file = join(folder, `${name}.json`);
    writeFileSync(file, JSON.stringify({ ...settings, ...over }));
    const hub = run(process.execPath, ["apps/hub/dist/server/serve.js"], {
      ...env,
      ...more,
      PORT: String(port),
      AEGIS_POLICY: file,
    });
    hubs.push(hub);
    await hub.until(/processes\n/, 60);
  };
  await start(first, "policy", {}, { WORKERS: "2" });
  // Another policy, and little memory.
  await start(
    second,
    "other",
    { session: { concurrentLimit: 7 } },
    { WORKERS: "1", NODE_OPTIONS: "--max-old-space-size=96" },
  );
  const certificateFile = join(folder, "mail.pem");
  writeFileSync(certificateFile, mail.ca);
  watchers = await startWatchers({
    folder: join(folder, "watchers"),
    policy,
    targets: ports.map((port) => `127.0.0.1:${port}`),
    metricsToken: TOKEN,
    mail: { smarthost: new URL(mail.url).host, certificateFile },
  });
}, 180_000);

afterAll(async () => {
  await watchers?.close();
  await Promise.all(hubs.map((hub) => hub.stop()));
  await mail?.close();
  await new Promise((resolve) => certificate?.close(resolve));
  await Promise.all([postgres?.close(), redis?.close()]);
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

/** What a proxy would show to people, for five more days. */
async function showCertificate(): Promise<Server> {
  const [keyFile, certFile] = [join(folder, "tls-key.pem"), join(folder, "tls.pem")];
  execFileSync(
    "openssl",
    [
      ..."req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 5 -subj /CN=hub.test".split(
        " ",
      ),
      ..."-addext subjectAltName=DNS:hub.test -keyout".split(" "),
      keyFile,
      "-out",
      certFile,
    ],
    { stdio: "ignore" },
  );
  const server = createServer({ key: readFileSync(keyFile), cert: readFileSync(certFile) });
  server.on("tlsClientError", () => undefined);
  server.on("secureConnection", (socket) => socket.on("error", () => undefined).end());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

const origin = (): string => `http://127.0.0.1:${ports[0]}`;
/** As the proxy on this machine hands it on; undefined where the hub gave no answer. */
const ask = (path: string, body?: object, headers: Readonly<Record<string, string>> = {}) =>
  fetch(origin() + path, {
    method: body === undefined ? "GET" : "POST",
    redirect: "manual",
    headers: {
      "x-forwarded-proto": "https",
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(15_000),
  }).catch(() => undefined);
const times = <T>(count: number, make: (place: number) => Promise<T>): Promise<readonly T[]> =>
  Promise.all(Array.from({ length: count }, (_, place) => make(place)));
const pause = (seconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, seconds * 1000));
const metricsText = async (token = TOKEN): Promise<string> =>
  (await ask("/metrics", undefined, { authorization: `Bearer ${token}` }))?.text() ?? "";

async function asOwner(work: (sql: pg.Client) => Promise<unknown>): Promise<void> {
  const sql = new pg.Client({ connectionString: postgres.url });
  await sql.connect();
  try {
    await work(sql);
  } finally {
    await sql.end();
  }
}

type Cause = readonly [what: string, alerts: readonly string[], cause: () => Promise<unknown>];

const causes: readonly Cause[] = [
  [
    "a certificate near its end, an old backup, little memory, two policies",
    ["CertificateEnding", "BackupOverdue", "HeapNearlyFull", "PoliciesDiffer"],
    async () => undefined,
  ],
  [
    "requests of a session without its CSRF token",
    ["CsrfFailures"],
    async () => {
      const ada = { username: "ada", password: PASSWORD };
      expect((await ask("/api/register", ada))?.status).toBe(201);
      const made = await ask("/api/login", ada);
      const cookie = made?.headers.getSetCookie()[0]?.split(";")[0] ?? "";
      expect([made?.status, cookie]).toEqual([200, expect.stringContaining("session=")]);
      for (let round = 0; round < 3; round++) {
        const answers = await times(5, () => ask("/api/profile", { display_name: "A" }, { cookie }));
        expect(answers.map((one) => one?.status)).toEqual(Array.from({ length: 5 }, () => 400));
        await pause(2);
      }
    },
  ],
  [
    "wrong passwords, then more than the limit",
    ["SignInFailures", "LimitRefusals"],
    async () => {
      for (let round = 0; round < 3; round++) {
        await times(12, (place) => ask("/api/login", { username: `nobody${place}`, password: "wrong" }));
        await pause(2);
      }
    },
  ],
  [
    "a process that hardly gets to run",
    ["EventLoopLate"],
    async () => {
      const pid = hubs[0]?.child.pid ?? 0;
      const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ");
      const worker = Number(children[0]);
      for (let round = 0; round < 20; round++) {
        process.kill(worker, "SIGSTOP");
        await pause(0.4);
        process.kill(worker, "SIGCONT");
        await pause(0.1);
      }
    },
  ],
  [
    "a table that is locked while many wait for it",
    ["SlowAnswers", "PoolExhausted"],
    () =>
      asOwner(async (sql) => {
        await sql.query("begin; lock table aegis_accounts in access exclusive mode");
        const state = { isOver: false };
        const told = watchers.until("PoolExhausted", 60).finally(() => (state.isOver = true));
        const waiting: Promise<unknown>[] = [told.catch(() => undefined)];
        for (let round = 0; !state.isOver && round < 30; round++) {
          waiting.push(
            times(40, (place) =>
              ask("/api/register", { username: `late${round}x${place}`, password: PASSWORD }),
            ),
          );
          await pause(2);
        }
        await sql.query("commit");
        await Promise.all([told, ...waiting]);
      }),
  ],
  [
    "Redis stopped",
    ["StoreAway"],
    async () => {
      await redis.stop();
      await watchers.until("StoreAway", 40);
      await redis.start();
    },
  ],
  [
    "an entry of the audit log removed",
    ["AuditChainBroken"],
    () =>
      asOwner(async (sql) => {
        await sql.query("alter table aegis_audit disable trigger all");
        await sql.query("delete from aegis_audit where seq > (select max(seq) - 3 from aegis_audit)");
        await times(8, (place) => ask("/api/login", { username: `nobody${place}`, password: "wrong" }));
      }),
  ],
  [
    "PostgreSQL stopped",
    ["ServerErrors", "AuditFailing", "RevocationSlow"],
    async () => {
      await postgres.stop();
      const until = Date.now() + 9000;
      while (Date.now() < until) {
        await times(6, (place) => ask("/api/register", { username: `away${place}`, password: PASSWORD }));
        await pause(0.5);
      }
      await watchers.until("RevocationSlow", 40);
      await postgres.start();
    },
  ],
  [
    "a stopped instance",
    ["TargetDown"],
    async () => {
      await hubs[1]?.stop();
    },
  ],
];

describe("Prometheus and Alertmanager with the rendered files", () => {
  it("read all processes behind one port with the token, and nobody reads anything without it", async () => {
    for (let tries = 0; tries < 40 && (await watchers.value("sum(up)")) !== 2; tries++) await pause(0.5);
    expect(await watchers.value("sum(up)")).toBe(2);
    const text = await metricsText();
    expect(new Set(text.match(/(?<=aegis_info\{.*process=")\d+/g))).toEqual(new Set(["1", "2"]));
    expect(text).toContain('aegis_store_up{store="redis",process="1"} 1');
    for (const token of ["", `${TOKEN}x`]) expect(await metricsText(token)).not.toContain("aegis_");
    expect(await (await ask("/metrics"))?.json()).toMatchObject({ code: "AEGIS_METRICS_TOKEN_NEEDED" });
  });

  it("tell of nothing that has not happened", { timeout: 60_000 }, async () => {
    const [, atRest = []] = causes[0] ?? [];
    for (const name of atRest) await watchers.until(name, 40);
    expect([...new Set(watchers.notices.map(({ name }) => name))].toSorted()).toEqual([...atRest].toSorted());
  });

  it.each(causes)("tell the webhook of %s", { timeout: 120_000 }, async (_what, names, cause) => {
    await cause();
    for (const name of names) {
      const notice = await watchers.until(name, 60);
      expect(notice.summary).toMatch(/^[^{}]+$/);
      expect(notice.runbook).toBe(`https://hub.test/docs/runbooks.md#${name.toLowerCase()}`);
    }
  });

  it("have told of every alert that there is, to who has the token, and by mail over TLS", () => {
    const deployment = parseDeployment({
      name: "hub",
      origin: "https://hub.test",
      tls: { certificateFile: "/none", keyFile: "/none" },
      monitoring: { runbooks: "https://hub.test/docs/runbooks.md" },
    });
    if (deployment.monitoring === undefined) throw new Error("no monitoring");
    const all = alertsOf(policy, "hub", deployment.monitoring).map(({ name }) => name);
    const told = new Set(
      watchers.notices.filter(({ status }) => status === "firing").map(({ name }) => name),
    );
    expect([...told].toSorted()).toEqual(all.toSorted());
    expect(watchers.strangers()).toBe(0);
    const letters = mail.letters.filter(({ to }) => to === "operators@hub.test");
    expect(letters.some(({ subject }) => subject.includes("SignInFailures"))).toBe(true);
    expect(letters.every(({ secure }) => secure)).toBe(true);
  });

  it("link runbooks whose commands work against what runs", { timeout: 180_000 }, async () => {
    const shown = certificate.address();
    const env = {
      HUB: origin(),
      PROMETHEUS: watchers.prometheus,
      CERTIFICATE: `https://127.0.0.1:${typeof shown === "object" ? (shown?.port ?? 0) : 0}`,
      DATABASE_URL: postgres.url,
      REDIS_URL: redis.url,
      BACKUP_DIRECTORY: join(folder, "backups"),
      SECRET_KEY: SECRET,
    };
    const page = readFileSync(join(repository, "docs/runbooks.md"), "utf8");
    const follow = guideTools(join(folder, "guide"), () => (hubs[0]?.output() ?? "").split("\n"));
    for (const [name, section] of sectionsOf(page))
      for (const command of shellBlocks(section).flatMap((block) => block.trim().split("\n"))) {
        const { status, output } = await follow(command, env, repository);
        // A command of ours that found what the alert is about says so with 1.
        const good = command.startsWith("npx aegis") ? [0, 1] : [0];
        expect([name, command, good.includes(status ?? -1), output]).toEqual([
          name,
          command,
          true,
          expect.any(String),
        ]);
        expect([command, output]).toEqual([
          command,
          expect.not.stringMatching(/^error: (unknown|missing|too many)/m),
        ]);
      }
    const logs = await follow("journalctl -o json | npx aegis logs --json --top 50", env, repository);
    const found: { readonly tables: readonly { readonly name: string; readonly total: number }[] } =
      JSON.parse(logs.output);
    for (const name of ["sign_in_addresses", "csrf", "limited", "server_errors", "faults"])
      expect([name, found.tables.find((one) => one.name === name)?.total]).toEqual([
        name,
        expect.toSatisfy((count: number) => count > 4),
      ]);
  });
});
