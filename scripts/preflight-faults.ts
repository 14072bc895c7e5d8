/**
 * Every judge of the preflight over facts that make it fail, and over none: what it then says is what
 * docs/troubleshooting.md has. Values are placeholders that people replace with theirs.
 */
import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { inspectCertificate } from "aegis/certs";
import {
  checkBackups,
  checkCertificates,
  checkClock,
  checkConfiguration,
  checkDatabaseFacts,
  checkDependencies,
  checkDisk,
  checkFiles,
  checkGit,
  checkLive,
  checkName,
  checkPorts,
  checkRedis,
  checkRollback,
  checkRuntime,
  checkVariables,
  type Deployment,
  type LiveAnswer,
  type LiveFacts,
  type LiveSignIn,
  type PreflightFinding,
  seen,
  unseen,
} from "aegis/preflight";

const where: Deployment = {
  envFile: "/etc/hub/environment",
  policyFile: "policy.json",
  restart: "systemctl restart hub@3000 hub@3001",
  startDatabase: "systemctl start postgresql",
  startRedis: "systemctl start redis-server",
};
const nothing = unseen("there was nothing to look at");

function configuration(): PreflightFinding[] {
  const policy = {
    fingerprint: "",
    secureCookie: true,
    idleTimeoutSeconds: 900,
    absoluteTimeoutSeconds: 28_800,
  };
  const of = (
    nodeEnv: string | undefined,
    publicOrigin: string | undefined,
    over: Partial<typeof policy> | { readonly problem: string },
  ) =>
    checkConfiguration(
      { nodeEnv, publicOrigin, policy: "problem" in over ? over : { ...policy, ...over } },
      where,
    );
  const key = { name: "SECRET_KEY", secret: { kind: "key" as const } };
  const plain = { name: "SMTP_URL", secret: { kind: "url" as const, how: "smtps://user:password@host" } };
  const base = { isNeeded: true, inEnvironment: true, from: undefined, problem: undefined };
  return [
    ...of("development", "https://hub.example", { secureCookie: false }),
    ...of("production", "https://hub.example", { secureCookie: false }),
    ...of("production", "https://hub.example", { idleTimeoutSeconds: 15, absoluteTimeoutSeconds: 15 }),
    ...of("production", "http://hub.example", {}),
    ...of("production", "hub.example", {}),
    ...of("production", undefined, {}),
    ...of("production", "https://hub.example", { problem: "what is wrong with the setting, by its name" }),
    ...checkVariables(
      [
        { ...base, need: key },
        { ...base, need: key, from: "the environment", problem: "it is an example" },
        { ...base, need: plain },
        { ...base, need: { name: "PUBLIC_ORIGIN" } },
        { ...base, need: key, unreadable: "the source that has it gives nothing" },
      ],
      where,
    ),
    ...checkVariables([{ ...base, need: key }], { ...where, envFile: undefined }),
  ];
}

function data(): PreflightFinding[] {
  const database = (code: string) =>
    checkDatabaseFacts(
      {
        address: "127.0.0.1:5432/hub",
        reached: { code, reason: code },
        pending: nothing,
        hardening: nothing,
      },
      where,
    );
  const reached = { address: "127.0.0.1:5432/hub", reached: "yes" } as const;
  const redis = { address: "127.0.0.1:6379", isNeeded: true, problems: seen([]) };
  return [
    ...["ECONNREFUSED", "ETIMEDOUT", "ENOTFOUND", "28P01", "3D000"].flatMap(database),
    ...checkDatabaseFacts(
      {
        ...reached,
        pending: seen(["0009_tenancy"]),
        hardening: seen({ role: "hub_app", faults: ["The role hub_app owns tables."] }),
      },
      where,
    ),
    ...checkDatabaseFacts({ ...reached, pending: nothing, hardening: nothing }, where),
    ...checkDatabaseFacts({ ...reached, address: undefined, pending: nothing, hardening: nothing }, where),
    ...checkRedis({ ...redis, reached: { reason: "no connection" } }, where),
    ...checkRedis(
      {
        ...redis,
        reached: "yes",
        problems: seen(["Redis throws data away when it is full. Set maxmemory-policy noeviction."]),
      },
      where,
    ),
    ...checkRedis({ ...redis, reached: "yes", problems: nothing }, where),
    ...checkRedis({ ...redis, address: undefined, reached: "unasked" }, where),
  ];
}

function machine(): PreflightFinding[] {
  const wanted = new Map([["node_modules/a", { version: "1", integrity: "a", mayBeMissing: false }]]);
  const port = { port: 3000, by: undefined };
  const name = { host: "hub.example", wanted: ["192.0.2.10"] };
  const clock = { reference: "the database", toleranceSeconds: 2 };
  const git = {
    envTracked: [],
    envInHistory: [],
    notIgnored: [],
    history: { hits: [], commits: 100, cutBy: undefined },
  };
  const hit = { kind: "a private key", path: "keys.pem", commit: "0123456789ab", mark: "pwqqkiqoKlc_" };
  return [
    ...checkFiles([
      { path: "/etc/hub/environment", mode: seen({ bits: 0o644, folderOpen: false }) },
      { path: "/etc/hub/environment", mode: seen({ bits: 0o600, folderOpen: true }) },
      { path: "/etc/hub/environment", mode: nothing },
    ]),
    ...checkGit(
      seen({ ...git, envTracked: [".env"], notIgnored: [".env"], history: { ...git.history, hits: [hit] } }),
    ),
    ...checkGit(seen({ ...git, envInHistory: [".env"], history: { ...git.history, cutBy: "time was up" } })),
    ...checkGit(nothing),
    ...checkRuntime({ version: "20.11.0", engines: seen(">=22.18") }),
    ...checkRuntime({ version: "24.0.0", engines: nothing }),
    ...checkRuntime({ version: "24.0.0", engines: seen(undefined) }),
    ...checkRuntime({ version: "24.0.0", engines: seen("the newest") }),
    ...checkDependencies({ wanted: seen(wanted), installed: seen(new Map()) }),
    ...checkDependencies({ wanted: nothing, installed: nothing }),
    ...checkDisk([
      { path: "/var/lib/hub", minBytes: 1e10, freeBytes: seen(1e9) },
      { path: "/var/lib/hub", minBytes: 1e10, freeBytes: nothing },
    ]),
    ...checkPorts([
      { ...port, holder: seen({ pid: 4711, command: "python3" }) },
      { ...port, by: "serve.js", holder: seen({ pid: undefined, command: undefined }) },
      { ...port, holder: nothing },
    ]),
    ...checkPorts([]),
    ...[seen([]), seen(["192.0.2.99"]), nothing].flatMap((addresses) => checkName({ ...name, addresses })),
    ...checkName(undefined),
    ...checkClock(
      [
        { ...clock, ahead: seen({ seconds: 90, uncertaintySeconds: 0.1 }) },
        { ...clock, ahead: seen({ seconds: 0, uncertaintySeconds: 9 }) },
        { ...clock, ahead: nothing },
      ],
      where,
    ),
    ...checkClock([], where),
  ];
}

/** Weak, by nobody known, and over by the time that is said; the second has nothing to do with the first. */
const CHAIN = [
  "MIIBTzCCAQygAwIBAgIUIFeJKGQL7PnV6COA38yE4JBuP/gwCgYIKoZIzj0EAwIwFjEUMBIGA1UEAwwLb2xkLmV4YW1wbGUwHhcNMjYxMTIxMTkzMDE0WhcNMjcwMjE5MTkzMDE0WjAWMRQwEgYDVQQDDAtvbGQuZXhhbXBsZTA+MBAGByqGSM49AgEGBSuBBAAIAyoABMa1u2O9U2U3X6ldYtrem60DuQJNtjOHxN/byEMir5inYWm/CUqECkKjUzBRMB0GA1UdDgQWBBQBtOEwu77sO7C5eUIEtghRM10K9jAfBgNVHSMEGDAWgBQBtOEwu77sO7C5eUIEtghRM10K9jAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCAzEAMC4CFQCYMz5L4HqdTUyGfYqwCpX7c9kD3QIVAPCEPtHSFBd1ZBQDktVPGQBSlkQ7",
  "MIIBhDCCASugAwIBAgIUJ0JE4GifCPqoKwLw1ARGTf1bOWYwCgYIKoZIzj0EAwIwGDEWMBQGA1UEAwwNb3RoZXIuZXhhbXBsZTAeFw0yNjExMjExOTMxMjBaFw0yNzAyMTkxOTMxMjBaMBgxFjAUBgNVBAMMDW90aGVyLmV4YW1wbGUwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQl9ej9qF8agh1vL6DTr9SmuvF2rtwfRxl1fR1CQdsLB07cZXND1M/wOAWvSMntqARBGZ2r/4Lc0u6+/svLPhoRo1MwUTAdBgNVHQ4EFgQUPAvT17cgOMHT87UVvaF1+NrixdEwHwYDVR0jBBgwFoAUPAvT17cgOMHT87UVvaF1+NrixdEwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNHADBEAiAUrSuWE9OgX2Wg560o0LIxzCxLwi6IgOAGqUYP/QEkaQIgf0BOTSbgoLZKEMyTxUYO+OGyiLkrAZBUfz1ZtJQgH4w=",
].map((der) => new X509Certificate(Buffer.from(der, "base64")));

function recovery(): PreflightFinding[] {
  const key = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  const inspected = (now: string, chain: readonly X509Certificate[]) =>
    checkCertificates(
      [
        {
          file: "/etc/hub/tls/fullchain.pem",
          found: seen(
            inspectCertificate({
              chain,
              authorities: [],
              names: ["hub.example"],
              now: Date.parse(now),
              key: { key, mode: 0o644 },
            }),
          ),
        },
      ],
      true,
    );
  const backups = { directory: "/var/backups/hub", maxAgeSeconds: 93_600, now: Date.parse("2027-01-03") };
  const made = (at: string) => seen({ made: [{ id: "20270101T000000Z", at: Date.parse(at) }], broken: 0 });
  const releases = (names: readonly string[], current: string | undefined, underWay?: string) =>
    checkRollback(
      {
        directory: "/opt/hub",
        found: seen({ releases: names, current, history: undefined, underWay }),
        during: undefined,
      },
      where,
    );
  return [
    ...inspected("2027-06-01", CHAIN),
    ...inspected("2026-01-01", CHAIN.slice(1)),
    ...checkCertificates([{ file: "/etc/hub/tls/fullchain.pem", found: nothing }], true),
    ...checkCertificates([], true),
    ...checkBackups({ ...backups, backups: seen({ made: [], broken: 0 }) }),
    ...checkBackups({ ...backups, backups: made("2027-01-01") }),
    ...checkBackups({ ...backups, backups: made("2028-01-01") }),
    ...checkBackups({ ...backups, backups: nothing }),
    ...checkBackups(undefined),
    ...releases(["1", "2"], undefined),
    ...releases(["1", "2"], "3"),
    ...releases(["2"], "2"),
    ...releases(["1", "2"], "1", "2"),
    ...checkRollback({ directory: "/opt/hub", found: nothing, during: undefined }, where),
    ...checkRollback(undefined, where),
  ];
}

function live(): PreflightFinding[] {
  const ok: LiveAnswer = { status: 200, code: undefined, said: "ok" };
  const by = (code: string | undefined, status: number): LiveAnswer => ({ status, code, said: undefined });
  const signIn: LiveSignIn = {
    cookie: { name: "__Host-session", secure: true, maxAgeSeconds: undefined },
    alive: true,
    write: { browser: ok, older: ok },
    forged: by("AEGIS_CSRF_TOKEN_INVALID", 400),
  };
  const whole: LiveFacts = { origin: "https://hub.example", health: ok, ready: ok, signIn };
  const cookie = { name: "__Host-session", secure: true, maxAgeSeconds: undefined };
  const faults: readonly Partial<LiveFacts>[] = [
    { health: { fault: "refused", reason: "no connection" } },
    { health: by(undefined, 502) },
    { health: by(undefined, 404) },
    { health: { fault: "certificate", reason: "the certificate is not trusted" } },
    { health: { fault: "network", reason: "the connection broke" } },
    { ready: by(undefined, 503) },
    { ready: by(undefined, 404) },
    { origin: "http://hub.example" },
    { origin: "http://hub.example", signIn: { refused: by("AEGIS_TRANSPORT_INSECURE", 403) } },
    { signIn: { refused: by("AEGIS_TRANSPORT_INSECURE", 403) } },
    { signIn: { refused: by("AEGIS_TRANSPORT_HOST", 421) } },
    { signIn: { refused: by("AEGIS_RATE_LIMITED", 429) } },
    { signIn: { refused: by("AEGIS_SIGN_IN_REFUSED", 401) } },
    { signIn: "no sign-in is described" },
    { signIn: { ...signIn, cookie: { ...cookie, secure: false } } },
    { signIn: { ...signIn, cookie: undefined } },
    { signIn: { ...signIn, cookie: { ...cookie, maxAgeSeconds: 15 } } },
    { signIn: { ...signIn, alive: false } },
    { signIn: { ...signIn, alive: undefined } },
    { signIn: { ...signIn, write: undefined } },
    { signIn: { ...signIn, forged: ok } },
    { signIn: { ...signIn, write: { browser: ok, older: by("AEGIS_CSRF_CROSS_SITE", 400) } } },
    { signIn: { ...signIn, write: { browser: by("AEGIS_CSRF_CROSS_SITE", 400), older: ok } } },
    { signIn: { ...signIn, write: { browser: by("AEGIS_CSRF_TOKEN_INVALID", 400), older: ok } } },
    { signIn: { ...signIn, write: { browser: by(undefined, 500), older: ok } } },
  ];
  return [
    ...faults.flatMap((fault) => checkLive({ ...whole, ...fault }, where)),
    ...checkLive("it is not said where it answers", where),
  ];
}

/** What can be said, each text once. */
export function plantedFindings(): readonly PreflightFinding[] {
  const all = [...configuration(), ...data(), ...machine(), ...recovery(), ...live()];
  const texts = new Map(
    all
      .filter(({ outcome }) => outcome === "fail" || outcome === "unknown")
      .map((one) => [JSON.stringify([one.id, one.outcome, one.advice]), one]),
  );
  return [...texts.values()];
}
