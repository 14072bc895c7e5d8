/** Accounts whose time runs faster: what they show of time-outs, and how little else they can do. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { definePolicy, type Policy, type PolicyInput, systemRandom } from "aegis";
import { parseProbeAccounts, type ProbeAccountSet } from "aegis/probe-accounts";
import { aegisMigrations, migrate, postgresStores } from "aegis/stores/postgres";
import { verify } from "aegis/verify";
import pg from "pg";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { createProbeAccounts } from "../packages/aegis/src/probe-account/create.ts";
import { Visitor } from "./support/browser-like.ts";
import { cheapHash, startHub } from "./support/hub.ts";
import { startPostgres } from "./support/postgres.ts";
import { repository, run } from "./support/processes.ts";
import { roomyLimits } from "./support/roomy-limits.ts";
import { hubTarget } from "./support/target.ts";

type Hub = Awaited<ReturnType<typeof startHub>>;
const folder = mkdtempSync(join(tmpdir(), "aegis-probes-"));
const hubs: Hub[] = [];
afterEach(async () => {
  for (const hub of hubs.splice(0)) await hub.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const policyOf = (changes: PolicyInput = {}): Policy =>
  definePolicy({
    environment: "test",
    password: { argon2: cheapHash },
    session: { rememberMe: { enabled: true } },
    mfa: { requiredForRoles: ["admin", "user", "probe"] },
    ...changes,
  });
const usual = policyOf();

async function open(policy: Policy, parts: Parameters<typeof startHub>[1] = {}): Promise<Hub> {
  const hub = await startHub(policy, parts);
  hubs.push(hub);
  return hub;
}

const probesIn = (hub: Hub, declared: Policy, seconds = 600): Promise<ProbeAccountSet> =>
  createProbeAccounts(
    {
      policy: declared,
      create: (account) => hub.app.aegis.createAccount(account),
      clock: hub.stores.clock ?? hub.clock,
      random: systemRandom,
    },
    seconds,
  );

const TIMED = new Set([
  "session.idle-timeout",
  "session.absolute-timeout",
  "session.rotation",
  "session.remember-me-idle",
  "session.remember-me-absolute",
  "throttle.longest-wait",
  "throttle.lockout",
  "throttle.failures-remembered",
]);

/** Nobody moves a clock: the hub lives by the time of day. */
async function proven(enforced: Policy, declared: Policy): Promise<Record<string, string>> {
  const hub = await open(enforced, { clock: { now: () => Date.now() } });
  const { accounts } = await probesIn(hub, declared);
  const { findings, accountsCreated } = await verify({
    origin: hub.origin,
    policy: declared,
    target: hubTarget,
    probeAccounts: accounts,
    only: ({ id }) => TIMED.has(id),
  });
  expect(accountsCreated).toEqual([]);
  for (const { observed, outcome } of findings)
    if (outcome !== "not-applicable") expect(observed).toMatch(/on a probe account whose time runs faster: /);
  expect(JSON.stringify(findings)).not.toContain(accounts[0]?.password);
  return Object.fromEntries(findings.map(({ id, outcome }) => [id, outcome]));
}

describe("time-outs of a live system", () => {
  const lockout = policyOf({ throttle: { mode: "lockout" } });
  const outcomes = (of: string, inBackOff: string, inLockout: string) => ({
    "session.idle-timeout": of,
    "session.absolute-timeout": of,
    "session.rotation": of,
    "session.remember-me-idle": of,
    "session.remember-me-absolute": of,
    "throttle.longest-wait": inBackOff,
    "throttle.lockout": inLockout,
    "throttle.failures-remembered": of,
  });

  it("are seen to happen within seconds, and where they differ from the policy each is named", async () => {
    const longer: PolicyInput = {
      session: {
        idleTimeoutSeconds: 1800,
        absoluteTimeoutSeconds: 86_400,
        rotateEverySeconds: 900,
        rememberMe: { enabled: true, idleTimeoutSeconds: 7 * 86_400, absoluteTimeoutSeconds: 30 * 86_400 },
      },
    };
    const short = { longestDelaySeconds: 60, forgetAfterSeconds: 3600 };
    const [good, locks, bad, opens] = await Promise.all([
      proven(usual, usual),
      proven(lockout, lockout),
      proven(policyOf({ ...longer, throttle: short }), usual),
      proven(policyOf({ throttle: { mode: "lockout", lockoutSeconds: 60 } }), lockout),
    ]);
    expect(good).toEqual(outcomes("pass", "pass", "not-applicable"));
    expect(locks).toEqual(outcomes("pass", "not-applicable", "pass"));
    expect(bad).toEqual(outcomes("fail", "fail", "not-applicable"));
    expect(opens["throttle.lockout"]).toBe("fail");
  }, 120_000);
});

const enter = async (hub: Hub, { accounts: [first] }: ProbeAccountSet) => {
  const visitor = new Visitor(hub.app);
  const json = { username: first?.username ?? "", password: first?.password ?? "" };
  return { visitor, answer: await visitor.send("POST", "/api/login", { json }) };
};

describe("a probe account", () => {
  it("has no rights: of all routes it may call those that show and end its own session", async () => {
    const hub = await open(policyOf({ tenancy: { enabled: true } }));
    const { visitor, answer } = await enter(hub, await probesIn(hub, usual));
    expect([answer.statusCode, answer.json().step]).toEqual([200, "complete"]); // and no second factor is asked of it
    const allowed: string[] = [];
    for (const { method, url, access } of hub.app.aegis.routes) {
      if (usual.access.openGroups.some((group) => access === `group:${group}`)) continue; // anybody may
      if (access === "public" || method === "HEAD" || method === "OPTIONS" || url === "*") continue;
      const token = await visitor.token();
      const path = url.replaceAll(/:\w+/g, "0191d5a0-0000-7000-8000-000000000000").replaceAll("*", "x");
      const { statusCode } = await visitor.send(method === "GET" ? "GET" : "POST", path, {
        headers: { "x-csrftoken": token },
        ...(method === "GET" ? {} : { json: {} }),
      });
      if (statusCode < 400) allowed.push(`${method} ${url}`);
    }
    expect(allowed).toEqual(["GET /api/profile", "POST /api/session/refresh"]);
  });

  it("is over at its end, with the session that it began, whatever it did before", async () => {
    const hub = await open(usual);
    const set = await probesIn(hub, usual, 60);
    const last = { ...set, accounts: set.accounts.slice(-1) }; // nothing of its sessions is hastened
    hub.clock.advance(50);
    const { visitor, answer } = await enter(hub, last);
    expect(answer.json()).toMatchObject({ step: "complete", deletion_cancelled: false });
    hub.clock.advance(11);
    expect((await visitor.send("GET", "/api/check_session")).statusCode).toBe(401);
    expect((await enter(hub, last)).answer.statusCode).toBe(401);
  });

  it("lives for a day at most", async () => {
    const hub = await open(usual);
    await expect(probesIn(hub, usual, 86_401)).rejects.toThrow(RangeError);
  });
});
describe("aegis probe-accounts", () => {
  const aegis = (args: readonly string[], env: Record<string, string> = {}) =>
    run(
      process.execPath,
      ["--conditions=source", join(repository, "packages/aegis-cli/src/main.ts"), ...args],
      { NO_COLOR: "1", ...env },
      folder,
    );

  it("makes them in the database of a running system, in a file of the caller's alone, for aegis verify", async () => {
    const server = await startPostgres();
    const pool = new pg.Pool({ connectionString: server.url, max: 4 });
    try {
      await migrate(pool, [aegisMigrations]);
      const hub = await open(usual, {
        ...postgresStores(pool),
        limits: roomyLimits(),
        clock: { now: () => Date.now() },
      });
      const make = () =>
        aegis(["probe-accounts", "--for", "10m", "--out", "probes.json"], { DATABASE_URL: server.url });
      const made = make();
      expect([await made.ended(), made.output()]).toEqual([0, expect.stringMatching(/^8 accounts until /)]);
      const file = join(folder, "probes.json");
      expect(statSync(file).mode & 0o777).toBe(0o600);
      const set = parseProbeAccounts(JSON.parse(readFileSync(file, "utf8")));
      expect(set?.accounts).toHaveLength(8);
      const again = make();
      expect([await again.ended(), again.output()]).toEqual([2, expect.stringMatching(/there already/)]);

      writeFileSync(
        join(folder, "policy.json"),
        JSON.stringify({ session: { rememberMe: { enabled: true } } }),
      );
      writeFileSync(join(folder, "target.json"), JSON.stringify(hubTarget));
      const args = ["verify", hub.origin, "--policy", "policy.json", "--target", "target.json"];
      const verified = aegis([
        ...args,
        "--environment",
        "test",
        "--only",
        "session",
        "--probe-accounts",
        "probes.json",
        "--save",
        "run.json",
      ]);
      await verified.ended();
      const report = JSON.parse(readFileSync(join(folder, "run.json"), "utf8"));
      const found = new Map(report.findings.map(({ id, outcome }: Record<string, string>) => [id, outcome]));
      for (const id of TIMED)
        if (id.startsWith("session.")) expect([id, found.get(id)]).toEqual([id, "pass"]);

      writeFileSync(file, JSON.stringify({ ...set, until: "2026-01-01T00:00:00Z" }));
      const late = aegis([...args, "--probe-accounts", "probes.json"]);
      expect([await late.ended(), late.output()]).toEqual([2, expect.stringMatching(/ended at 2026-01-01/)]);
    } finally {
      for (const hub of hubs.splice(0)) await hub.close();
      await pool.end();
      await server.close();
    }
  }, 120_000);
});
