/**
 * The seven ways in which a deployment is known to fail (CHK-3): each is brought about with the hub behind a proxy, is
 * told by its name, and is mended by doing what is printed, and nothing else.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { type KnownCase, knownCases } from "aegis/preflight";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { freePort } from "./support/ports.ts";
import { startPostgres, type TestPostgres } from "./support/postgres.ts";
import { repository, type Running, run } from "./support/processes.ts";
import { startRedis, type TestRedis } from "./support/redis.ts";
import { openTlsDoor, type TlsDoor } from "./support/tls-door.ts";

const SERVER = "apps/hub/dist/server";
const PROBE_KEY = "Zt4mWq8RbNc2XyLkV0sHgD6pJf1uAeT9iOhPwK5zQxE";

let folder: string;
let postgres: TestPostgres;
let redis: TestRedis;
let door: TlsDoor;
let manager: Server;
let hub: Running | undefined;
let port: number;
let good: Readonly<Record<string, string>>;
const file = (name: string): string => join(folder, name);
const envFile = (): string => file("hub.env");

const writeEnv = (env: Readonly<Record<string, string | undefined>>): void =>
  writeFileSync(
    envFile(),
    Object.entries(env)
      .map(([name, value]) => (value === undefined ? "" : `${name}=${value}\n`))
      .join(""),
    { mode: 0o600 },
  );
const changeEnv = (change: Readonly<Record<string, string | undefined>>): void =>
  writeEnv({ ...parseEnv(readFileSync(envFile(), "utf8")), ...change });

/** What a service manager does; false where the server does not stay up. */
async function restartHub(): Promise<boolean> {
  await hub?.stop();
  // As `npm start` and `npm run serve` do.
  const isDesk = parseEnv(readFileSync(envFile(), "utf8"))["NODE_ENV"] === "development";
  hub = run(process.execPath, [`--env-file=${envFile()}`, `${SERVER}/${isDesk ? "main" : "serve"}.js`]);
  return hub.until(/http:\/\/127\.0\.0\.1:\d/, 60).then(
    () => true,
    () => false,
  );
}

const bash = (command: string, args: readonly string[] = []) =>
  new Promise<{ status: number; out: string; talk: string }>((resolve) => {
    const child = execFile(
      "bash",
      ["-c", command, "bash", ...args],
      {
        cwd: repository,
        timeout: 60_000,
        maxBuffer: 2 ** 24,
        env: { PATH: process.env["PATH"], HOME: process.env["HOME"], NO_COLOR: "1" },
      },
      (_error, out, talk) => resolve({ status: child.exitCode ?? -1, out, talk }),
    );
  });

/** As an operator calls it, in a project whose configuration is the hub's with this machine's commands. */
const check = (topics: string) =>
  bash(`cd ${folder} && exec "$@"`, [
    process.execPath,
    join(repository, "packages/aegis-cli/bin/aegis.mjs"),
    "check",
    ...topics.split(" "),
    ...`--env ${envFile()} --ca ${door.caFile} --probe-key-file ${file("probe-key")}`.split(" "),
  ]);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "aegis-preflight-"));
  [postgres, redis, port] = await Promise.all([startPostgres(), startRedis(), freePort()]);
  door = await openTlsDoor(folder, port);
  manager = createServer((request, answer) => {
    void (async () => {
      const isUp = request.url === "/restart-hub" ? await restartHub() : (await postgres.start(), true);
      answer.writeHead(isUp ? 200 : 500).end();
    })();
  });
  const managerPort = await freePort();
  await new Promise<void>((resolve) => manager.listen(managerPort, "127.0.0.1", resolve));
  const order = (name: string): string => `curl -sf http://127.0.0.1:${managerPort}/${name}`;
  writeFileSync(
    file("aegis.config.ts"),
    `import hub from ${JSON.stringify(join(repository, "aegis.config.ts"))};
     export default { ...hub, target: ${JSON.stringify(join(repository, "apps/hub/target.json"))}, preflight: { ...hub.preflight,
       migrations: [{ name: "hub", directory: ${JSON.stringify(join(repository, "apps/hub/server/database/migrations"))} }],
       commands: { restart: ${JSON.stringify(order("restart-hub"))}, startDatabase: ${JSON.stringify(order("start-database"))} } } };`,
  );
  writeFileSync(file("probe-key"), `${PROBE_KEY}\n`, { mode: 0o600 });
  good = {
    NODE_ENV: "production",
    SECRET_KEY: "q3JxTnP8Zk2vLw9sRb4YdHc7MgXe1UaF5oNiV6tKj0Q",
    DATABASE_URL: postgres.appUrl,
    DATABASE_OWNER_URL: postgres.url,
    PUBLIC_ORIGIN: `https://127.0.0.1:${door.port}`,
    SMTP_URL: "smtps://hub:kX3vLw9sRb4Y@127.0.0.1:9", // nothing arrives, and nothing here waits for it
    REDIS_URL: redis.url,
    PROBE_KEY,
    WORKERS: "1",
    PORT: String(port),
    AEGIS_DIRECTORY: file("aegis"),
  };
}, 120_000);
afterAll(async () => {
  await hub?.stop();
  await door?.close();
  manager?.close();
  await postgres?.close();
  await redis?.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  door.proto = "as-is";
  writeEnv(good);
});

const TOPICS = "configuration secrets database redis live";

/** Names of the cases that are printed as failures, each with its fix. */
function told(out: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const block of out.split(/^(?=[✓✗?!-] )/m)) {
    const [, name] = /^ +case +(\S+)$/m.exec(block) ?? [];
    const [, fix] = /^ +fix +(.+)$/m.exec(block) ?? [];
    if (name !== undefined && fix !== undefined && !found.has(name)) found.set(name, fix);
  }
  return found;
}

/** Does what a fix says, as it stands: its commands, its variables, its settings. */
async function follow(fix: string): Promise<void> {
  const step =
    /Run: `([^`]+)`\.|Set `([A-Z_]+)=([^`]*)` in `([^`]+)`\.|In `([^`]+)` set `([\w.]+)` to `([^`]+)`\./g;
  const steps = [...fix.matchAll(step)];
  expect(steps.length, fix).toBeGreaterThan(0);
  for (const [, command, name, value, where, policyFile, path, setting] of steps)
    if (command !== undefined) expect(await bash(command), command).toMatchObject({ status: 0 });
    else if (name !== undefined && where !== undefined) {
      expect(where).toBe(envFile());
      changeEnv({ [name]: value });
    } else if (policyFile !== undefined && path !== undefined) {
      const policy = JSON.parse(readFileSync(policyFile, "utf8"));
      const keys = path.split(".");
      const last = keys.pop() ?? "";
      keys.reduce((at, key) => (at[key] ??= {}), policy)[last] = JSON.parse(setting ?? "");
      writeFileSync(policyFile, JSON.stringify(policy));
    }
}

const cases: Readonly<Record<KnownCase, () => Promise<unknown>>> = {
  "secure-flag-missing": () => {
    changeEnv({ NODE_ENV: "development" });
    return restartHub();
  },
  "session-expires-at-once": () => {
    writeFileSync(file("policy.json"), '{"session":{"idleTimeoutSeconds":15,"absoluteTimeoutSeconds":15}}');
    changeEnv({ AEGIS_POLICY: file("policy.json") });
    return restartHub();
  },
  "csrf-failing": () => {
    // As on a desk, behind a proxy that says nothing of how people came.
    changeEnv({ NODE_ENV: "development", PUBLIC_ORIGIN: undefined });
    door.proto = "none";
    return restartHub();
  },
  "database-unreachable": () => postgres.stop(),
  "health-check-failing": async () => hub?.stop(),
  "secret-missing": () => {
    changeEnv({ SECRET_KEY: undefined });
    return restartHub();
  },
  "secure-flag-locks-out": () => {
    changeEnv({ PUBLIC_ORIGIN: `http://127.0.0.1:${door.port}` });
    door.proto = "https";
    return restartHub();
  },
};

describe("aegis check", () => {
  it("finds nothing in a deployment that is right", async () => {
    expect(await restartHub(), hub?.output()).toBe(true);
    const { status, out, talk } = await check(TOPICS);
    expect(status, out + talk).toBe(0);
    expect(told(out).size).toBe(0);
  }, 90_000);

  it.each(knownCases)(
    "tells %s by its name, and what it prints mends it",
    async (name) => {
      await restartHub();
      await cases[name]();
      // Where the address itself is what is missing, it is said which one.
      const live = name === "csrf-failing" ? ` --live https://127.0.0.1:${door.port}` : "";
      const before = await check(TOPICS + live);
      expect([before.status, [...told(before.out).keys()]], before.out + before.talk).toEqual([
        1,
        expect.arrayContaining([name]),
      ]);
      await follow(told(before.out).get(name) ?? "");
      const after = await check(TOPICS + live);
      expect([...told(after.out).keys()], after.out + after.talk).not.toContain(name);
      expect(after.out, "it was looked at").toMatch(/✓ pass/);
      // What is left is the desk that the case was brought about on.
      if (name !== "csrf-failing") expect(after.status, after.out).toBe(0);
    },
    180_000,
  );
});
