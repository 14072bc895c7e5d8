/** The hub in production, two instances on PostgreSQL and Redis, behind nginx, all as `aegis render` and `aegis certs` have it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startPostgres, type TestPostgres } from "./support/postgres.ts";
import { repository, type Running, run } from "./support/processes.ts";
import { asker, prepareProxy, startProxy, type TestProxy } from "./support/proxy.ts";
import { startRedis, type TestRedis } from "./support/redis.ts";

const SECRET = "q3JxTnP8Zk2vLw9sRb4YdHc7MgXe1UaF5oNiV6tKj0Q";
const PROBE_KEY = "Vd2rT9mKx4QwPz7LhNc8YbGs5JfAe1RuV3nZ0yWq6tE";
const PASSWORD = "Harbour violet, 11 spoons";

let folder: string;
let postgres: TestPostgres;
let redis: TestRedis;
let proxy: TestProxy;
let hubs: readonly Running[];
let ask: ReturnType<typeof asker>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "aegis-behind-"));
  [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  const prepared = await prepareProxy(2);
  const ports = prepared.upstreamPorts;
  proxy = await startProxy(prepared, {
    upstreams: ports.map((port) => `127.0.0.1:${port}`),
    // One file for all three: the hub, nginx and the verifier. A second's wait is over before a busy machine has answered.
    overrides: { preset: "education", throttle: { firstDelaySeconds: 60 } },
    deployment: { streams: ["/api/admin/security/stream"], uploads: ["/api/uploads"] },
  });
  ask = asker(proxy);
  const start = (port: number): Running =>
    run(process.execPath, ["apps/hub/dist/server/serve.js"], {
      NODE_ENV: "production",
      AEGIS_POLICY: proxy.policyFile,
      PUBLIC_ORIGIN: proxy.origin,
      PORT: String(port),
      WORKERS: "1",
      SECRET_KEY: SECRET,
      PROBE_KEY,
      DATABASE_URL: postgres.appUrl,
      DATABASE_OWNER_URL: postgres.url,
      REDIS_URL: redis.url,
      SMTP_URL: "smtps://hub:nothing-is-sent@127.0.0.1:9", // nothing is sent in these tests
      AEGIS_DIRECTORY: join(folder, "state"),
    });
  hubs = ports.map(start);
  for (const hub of hubs) await hub.until(/1 processes/, 100);
}, 240_000);
afterAll(async () => {
  for (const hub of hubs ?? []) await hub.stop();
  await proxy?.close();
  await postgres?.close();
  await redis?.close();
  rmSync(folder, { recursive: true, force: true });
});

const json = { "content-type": "application/json" };

describe("the hub behind nginx", () => {
  it("sends HTTP to HTTPS, and signs in with a cookie that no other host and no script gets", async () => {
    const moved = await ask("/login", { plainPort: proxy.plainPort });
    expect([moved.status, moved.headers.location]).toEqual([301, `${proxy.origin}/login`]);
    const body = JSON.stringify({ username: "ada", password: PASSWORD });
    expect((await ask("/api/register", { method: "POST", headers: json, body })).status).toBe(201);
    const login = await ask("/api/login", { method: "POST", headers: json, body });
    expect(login.headers["set-cookie"]?.[0]).toMatch(
      /^__Host-session=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    );
    // Once, from the application: nginx adds none.
    expect(login.headers["strict-transport-security"]).toBe("max-age=31536000; includeSubDomains");
    const cookie = login.headers["set-cookie"]?.[0]?.split(";")[0] ?? "";
    // By either instance.
    for (let round = 0; round < 6; round++)
      expect((await ask("/api/check_session", { headers: { cookie } })).status).toBe(200);
    expect((await ask("/health")).body).toContain('"ok"');
  });

  it("believes nginx, and not the client, about the address", async () => {
    const body = JSON.stringify({ username: "nobody", password: "wrong horse, 12 spoons" });
    const liar = { ...json, "x-forwarded-for": "203.0.113.77" };
    expect((await ask("/api/login", { method: "POST", headers: liar, body })).status).toBe(401);
    const said = hubs.map((hub) => hub.output()).join("");
    expect(said).toContain("127.0.0.1");
    expect(said).not.toContain("203.0.113.77");
  });

  it("passes aegis verify through nginx, trusted by the local authority", async () => {
    const keyFile = join(folder, "probe-key");
    const findings = join(folder, "findings.json");
    writeFileSync(keyFile, PROBE_KEY, { mode: 0o600 });
    const verify = run(
      process.execPath,
      [
        [join(repository, "packages/aegis-cli/bin/aegis.mjs")],
        ["verify", proxy.origin, "--ca", proxy.caFile, "--policy", proxy.policyFile],
        ["--probe-key-file", keyFile, "--target", "apps/hub/target.json", "--save", findings],
      ].flat(),
      { NO_COLOR: "1" },
    );
    const status = await verify.ended();
    const report = JSON.parse(readFileSync(findings, "utf8"));
    const wrong = report.findings.filter(({ outcome }: { outcome: string }) => /fail|error/.test(outcome));
    expect(wrong).toEqual([]);
    expect([status, report.environment]).toEqual([0, "production"]);
    expect(report.counts.pass).toBeGreaterThan(100);
    const outcomes = Object.fromEntries(
      report.findings.map(({ id, outcome }: { id: string; outcome: string }) => [id, outcome]),
    );
    expect(outcomes).toMatchObject({
      "headers.hsts": "pass",
      "session.cookie-secure": "pass",
      "transport.host-checked": "pass",
      "transport.slow-header-cut": "pass",
      "transport.slow-body-cut": "pass",
      "transport.idle-connection-closed": "pass",
      "upload.large-files-refused": "pass",
    });
  }, 300_000);

  it("is found without fault by aegis certs inspect", async () => {
    const inspect = run(
      process.execPath,
      [
        [join(repository, "packages/aegis-cli/bin/aegis.mjs"), "certs", "inspect", proxy.origin],
        ["--ca", proxy.caFile, "--key", join(proxy.folder, "privkey.pem")],
      ].flat(),
    );
    expect([await inspect.ended(), inspect.output()]).toEqual([
      0,
      expect.stringMatching(/protocols +TLSv1\.2, TLSv1\.3/),
    ]);
  });

  it("loses no request while its instances are stopped one after the other", async () => {
    const [first] = hubs;
    const headers = { "aegis-probe-key": PROBE_KEY }; // the verification before has used up what an address may ask
    const state = { on: true };
    const statuses: number[] = [];
    const visitor = (async () => {
      while (state.on) statuses.push((await ask("/health", { headers })).status);
    })();
    expect(await first?.stop()).toBe(0);
    const before = statuses.length;
    while (statuses.length < before + 20) await new Promise((resolve) => setTimeout(resolve, 20));
    state.on = false;
    await visitor;
    expect(new Set(statuses)).toEqual(new Set([200]));
  });
});
