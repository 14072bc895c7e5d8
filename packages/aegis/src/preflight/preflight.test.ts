import { generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatKey } from "../api-key/format.ts";
import { historyReader, lockedPackages } from "../preflight.ts";
import { checkConfiguration, checkVariables } from "./configuration.ts";
import { checkDatabaseFacts, checkRedis } from "./data.ts";
import { checkFiles, checkGit } from "./files.ts";
import { type Deployment, knownCases, type PreflightFinding, seen, unseen } from "./finding.ts";
import { checkClock, checkDependencies, checkDisk, checkName, checkPorts, checkRuntime } from "./host.ts";
import { checkLive, type LiveAnswer, type LiveFacts, type LiveSignIn } from "./live.ts";
import { checkBackups, checkCertificates, checkRollback } from "./recovery.ts";
import { parsePreflightSettings } from "./settings.ts";

const where: Deployment = {
  envFile: "/etc/hub.env",
  policyFile: "/etc/policy.json",
  restart: "restart it",
  startDatabase: "start the database",
  startRedis: "start redis",
};
const outcomes = (findings: readonly PreflightFinding[]) => findings.map(({ outcome }) => outcome);
const failed = (findings: readonly PreflightFinding[]) => findings.find(({ outcome }) => outcome === "fail");

const policy = {
  fingerprint: "0",
  secureCookie: true,
  idleTimeoutSeconds: 900,
  absoluteTimeoutSeconds: 28_800,
};
const ok: LiveAnswer = { status: 200, code: undefined, said: "ok" };
const refusedBy = (code: string, status = 400): LiveAnswer => ({ status, code, said: undefined });
const signIn: LiveSignIn = {
  cookie: { name: "__Host-session", secure: true, maxAgeSeconds: undefined },
  alive: true,
  write: { browser: ok, older: ok },
  forged: refusedBy("AEGIS_CSRF_TOKEN_INVALID"),
};
const live: LiveFacts = { origin: "https://hub.example", health: ok, ready: ok, signIn };
const liveWith = (facts: Partial<LiveFacts>) => checkLive({ ...live, ...facts }, where);

describe("every check", () => {
  const nothing = unseen("it was not there");
  it("that could not look says unknown, never pass", () => {
    const all = [
      ...checkConfiguration(
        { nodeEnv: "production", publicOrigin: undefined, policy: { problem: "bad" } },
        where,
      ).slice(1),
      ...checkRuntime({ version: "24.0.0", engines: nothing }),
      ...checkRuntime({ version: "24.0.0", engines: seen(undefined) }),
      ...checkRuntime({ version: "24.0.0", engines: seen("the newest") }),
      ...checkDependencies({ wanted: nothing, installed: seen(new Map()) }),
      ...checkDependencies({ wanted: seen(new Map()), installed: nothing }),
      ...checkDisk([{ path: "/", minBytes: 1, freeBytes: nothing }]),
      ...checkPorts([]),
      ...checkPorts([{ port: 1, by: undefined, holder: nothing }]),
      ...checkPorts([{ port: 1, by: "hub", holder: seen({ pid: undefined, command: undefined }) }]),
      ...checkName(undefined),
      ...checkName({ host: "hub.example", wanted: [], addresses: nothing }),
      ...checkClock([], where),
      ...checkClock([{ reference: "x", toleranceSeconds: 2, ahead: nothing }], where),
      ...checkClock(
        [
          {
            reference: "x",
            toleranceSeconds: 2,
            ahead: seen({ seconds: Number.NaN, uncertaintySeconds: 0 }),
          },
        ],
        where,
      ),
      ...checkClock(
        [{ reference: "x", toleranceSeconds: 2, ahead: seen({ seconds: 0, uncertaintySeconds: 9 }) }],
        where,
      ),
      ...checkFiles([{ path: "/k", mode: nothing }]),
      ...checkGit(nothing),
      ...checkCertificates([], true),
      ...checkCertificates([{ file: "/c", found: nothing }], true),
      ...checkBackups(undefined),
      ...checkBackups({ directory: "/b", maxAgeSeconds: 60, now: 0, backups: nothing }),
      ...checkRollback(undefined, where),
      ...checkRollback({ directory: "/r", found: nothing, during: undefined }, where),
      ...checkLive("nobody said where", where),
    ];
    expect(all.length).toBeGreaterThan(30);
    for (const one of all) {
      expect([one.id, one.claim, one.outcome === "unknown" || one.outcome === "fail"]).toEqual([
        one.id,
        one.claim,
        true,
      ]);
      expect(one.advice?.fix.length, one.id).toBeGreaterThan(3);
    }
    expect(
      outcomes(
        checkDatabaseFacts(
          { address: undefined, reached: "unasked", pending: nothing, hardening: nothing },
          where,
        ),
      ),
    ).toEqual(["unknown", "unknown", "unknown"]);
    expect(
      outcomes(checkRedis({ address: "r:1", isNeeded: false, reached: "yes", problems: nothing }, where)),
    ).toEqual(["unknown"]);
  });

  it("tells what it looked at in one line, without signs that turn or hide it", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 2000 }), (text) => {
        const [one] = checkDisk([{ path: text, minBytes: 1, freeBytes: unseen(text) }]);
        const told = JSON.stringify(one);
        expect(told).not.toMatch(/\\n|\\r|\\u00[01]|\u202e|\u2066/);
        expect(told.length).toBeLessThan(8000);
      }),
    );
  });
});

describe("the known cases", () => {
  it("each are told by name, with symptom, cause and a fix that can be followed", () => {
    const broken: readonly (readonly [string, readonly PreflightFinding[]])[] = [
      [
        "secure-flag-missing",
        checkConfiguration(
          {
            nodeEnv: "development",
            publicOrigin: "https://h.example",
            policy: { ...policy, secureCookie: false },
          },
          where,
        ),
      ],
      [
        "secure-flag-missing",
        liveWith({ signIn: { ...signIn, cookie: { name: "s", secure: false, maxAgeSeconds: undefined } } }),
      ],
      [
        "session-expires-at-once",
        checkConfiguration(
          {
            nodeEnv: "production",
            publicOrigin: "https://h.example",
            policy: { ...policy, idleTimeoutSeconds: 15 },
          },
          where,
        ),
      ],
      ["session-expires-at-once", liveWith({ signIn: { ...signIn, alive: false } })],
      [
        "session-expires-at-once",
        liveWith({ signIn: { ...signIn, cookie: { name: "s", secure: true, maxAgeSeconds: 15 } } }),
      ],
      [
        "csrf-failing",
        liveWith({
          signIn: { ...signIn, write: { browser: ok, older: refusedBy("AEGIS_CSRF_CROSS_SITE") } },
        }),
      ],
      [
        "csrf-failing",
        liveWith({
          signIn: { ...signIn, write: { browser: refusedBy("AEGIS_CSRF_TOKEN_INVALID"), older: ok } },
        }),
      ],
      ["csrf-failing", liveWith({ signIn: { ...signIn, forged: ok } })],
      ...["ECONNREFUSED", "ETIMEDOUT", "ENOTFOUND", "28P01", "3D000"].map(
        (code) =>
          [
            "database-unreachable",
            checkDatabaseFacts(
              {
                address: "h:5432/hub",
                reached: { code, reason: code },
                pending: unseen("x"),
                hardening: unseen("x"),
              },
              where,
            ),
          ] as const,
      ),
      ["health-check-failing", liveWith({ health: { fault: "refused", reason: "no connection" } })],
      ["health-check-failing", liveWith({ health: { status: 502, code: undefined, said: undefined } })],
      ["health-check-failing", liveWith({ health: { status: 404, code: undefined, said: undefined } })],
      ["health-check-failing", liveWith({ health: { ...ok, said: "down" } })],
      [
        "secret-missing",
        checkVariables(
          [
            {
              need: { name: "SECRET_KEY", secret: { kind: "key" } },
              isNeeded: true,
              inEnvironment: false,
              from: undefined,
              problem: undefined,
            },
          ],
          where,
        ),
      ],
      [
        "secure-flag-locks-out",
        checkConfiguration({ nodeEnv: "production", publicOrigin: "http://h.example", policy }, where),
      ],
      ["secure-flag-locks-out", liveWith({ origin: "http://hub.example" })],
      [
        "secure-flag-locks-out",
        liveWith({
          origin: "http://hub.example",
          signIn: { refused: refusedBy("AEGIS_TRANSPORT_INSECURE", 403) },
        }),
      ],
    ];
    for (const [name, findings] of broken) {
      const one = findings.find((finding) => finding.case === name && finding.outcome === "fail");
      expect([name, one?.case]).toEqual([name, name]);
      for (const text of [one?.advice?.symptom, one?.advice?.cause, one?.advice?.fix])
        expect(text?.length, name).toBeGreaterThan(15);
    }
    expect(new Set(broken.map(([name]) => name))).toEqual(new Set(knownCases));
  });

  it("are not told of what is right", () => {
    expect(outcomes(liveWith({}))).toEqual(Array.from({ length: 7 }, () => "pass"));
    expect(
      outcomes(
        checkConfiguration({ nodeEnv: "production", publicOrigin: "https://h.example", policy }, where),
      ),
    ).toEqual(Array.from({ length: 5 }, () => "pass"));
  });

  it("are not told of what says nothing: a certificate that is not trusted here, a limit, a broken line", () => {
    for (const fault of ["certificate", "limited", "network"])
      expect(
        failed(liveWith({ health: { fault, reason: fault }, signIn: "nothing answers" })),
      ).toBeUndefined();
    expect(failed(liveWith({ signIn: { refused: refusedBy("AEGIS_RATE_LIMITED", 429) } }))).toBeUndefined();
    expect(
      failed(
        liveWith({
          signIn: { ...signIn, write: { browser: refusedBy("AEGIS_STORE_UNAVAILABLE", 503), older: ok } },
        }),
      ),
    ).toBeUndefined();
  });
});

describe("a machine", () => {
  it.each([
    ["22.18.0", ">=22.18", "pass"],
    ["22.17.9", ">=22.18", "fail"],
    ["24.1.0", "^22.18 || ^24", "pass"],
    ["23.1.0", "^22.18 || ^24", "fail"],
  ])("with Node.js %s for %s is a %s", (version, range, outcome) => {
    expect(outcomes(checkRuntime({ version, engines: seen(range) }))).toEqual([outcome]);
  });

  const lock = (packages: Readonly<Record<string, object | undefined>>) =>
    lockedPackages({ packages }) ?? new Map();
  const a = { version: "1.0.0", integrity: "sha512-a" };
  it.each([
    ["the same", { "node_modules/a": a }, "pass"],
    ["less what is for development", { "node_modules/a": a, "node_modules/d": undefined }, "pass"],
    ["another version", { "node_modules/a": { ...a, version: "1.0.1" } }, "fail"],
    ["other content", { "node_modules/a": { ...a, integrity: "sha512-b" } }, "fail"],
    ["nothing", {}, "fail"],
    ["something more", { "node_modules/a": a, "node_modules/b": a }, "fail"],
  ])("where the install is %s", (_what, installed, outcome) => {
    const there = Object.fromEntries(Object.entries(installed).filter(([, one]) => one !== undefined));
    const wanted = lock({ "": {}, "node_modules/a": a, "node_modules/d": { ...a, dev: true } });
    const findings = checkDependencies({ wanted: seen(wanted), installed: seen(lock(there)) });
    expect(outcomes(findings)).toEqual([outcome]);
  });

  it("has a port free, held by the release before, or by somebody else", () => {
    const port = (by: string | undefined, command: string | undefined) =>
      outcomes(checkPorts([{ port: 3000, by, holder: seen({ pid: 7, command }) }]))[0];
    expect(outcomes(checkPorts([{ port: 3000, by: undefined, holder: seen("nobody") }]))).toEqual(["pass"]);
    expect([port("serve.js", "node serve.js"), port("serve.js", "python3"), port(undefined, "node")]).toEqual(
      ["pass", "fail", "fail"],
    );
  });

  it("has a name that leads to it, and to nowhere else", () => {
    const name = (addresses: readonly string[], wanted: readonly string[]) =>
      outcomes(checkName({ host: "hub.example", wanted, addresses: seen(addresses) }))[0];
    expect(name(["192.0.2.1"], [])).toBe("pass");
    expect(name(["192.0.2.1"], ["192.0.2.1", "2001:db8::1"])).toBe("pass");
    expect(name(["192.0.2.1", "192.0.2.9"], ["192.0.2.1"])).toBe("fail");
    expect(name([], [])).toBe("fail");
    expect(outcomes(checkName({ host: "[::1]", wanted: [], addresses: seen([]) }))).toEqual([
      "not-applicable",
    ]);
  });

  it("has a clock that may be off by the tolerance, and by what the question took", () => {
    const ahead = (seconds: number, uncertaintySeconds: number) =>
      outcomes(
        checkClock(
          [{ reference: "x", toleranceSeconds: 2, ahead: seen({ seconds, uncertaintySeconds }) }],
          where,
        ),
      )[0];
    expect([ahead(1.9, 0), ahead(-1.9, 0), ahead(2.4, 0.5), ahead(2.6, 0.5), ahead(-90, 0.1)]).toEqual([
      "pass",
      "pass",
      "pass",
      "fail",
      "fail",
    ]);
  });

  it("has files that others can read, write, or put another in the place of", () => {
    const file = (bits: number, folderOpen = false) =>
      outcomes(checkFiles([{ path: "/k", mode: seen({ bits, folderOpen }) }]))[0];
    expect([file(0o600), file(0o400), file(0o640), file(0o604), file(0o620), file(0o600, true)]).toEqual([
      "pass",
      "pass",
      "fail",
      "fail",
      "fail",
      "fail",
    ]);
  });
});

type Looked = { lived?: readonly string[]; back?: string; underWay?: string; during?: string };

describe("the way back", () => {
  const backups = (made: readonly { id: string; at: number }[], now = 1e12) =>
    outcomes(
      checkBackups({ directory: "/b", maxAgeSeconds: 3600, now, backups: seen({ made, broken: 0 }) }),
    )[0];
  it("is a backup that is young", () => {
    expect(backups([{ id: "a", at: 1e12 - 3_599_000 }])).toBe("pass");
    expect(backups([{ id: "a", at: 1e12 - 3_601_000 }])).toBe("fail");
    expect(backups([])).toBe("fail");
    expect(backups([{ id: "a", at: 1e12 + 3_600_000 }])).toBe("unknown");
  });

  const looked = (
    names: readonly string[],
    current: string | undefined,
    { lived, back, underWay, during }: Looked = {},
  ) => {
    const history = lived === undefined ? undefined : { lived, back };
    const found = seen({ releases: names, current, history, underWay });
    return checkRollback({ directory: "/r", found, during }, where)[0];
  };
  const releases = (...args: Parameters<typeof looked>) => looked(...args)?.outcome;
  it("is a release before the one that runs", () => {
    expect(releases(["1", "2"], "2")).toBe("pass");
    expect(releases(["2"], "2")).toBe("fail");
    expect(releases(["1"], "2")).toBe("fail");
    expect(releases(["1"], "")).toBe("fail");
    expect(releases(["1"], undefined)).toBe("fail");
    expect(releases([], undefined)).toBe("not-applicable");
  });

  it("is where a rollback would go, and no folder of a release that did not hold", () => {
    expect(looked(["1", "2", "3"], "2", { lived: ["1", "2"], back: "1" })?.observed).toBe(
      "2 runs; back to 1",
    );
    expect(releases(["2", "3"], "2", { lived: ["2"] })).toBe("fail");
    expect(releases(["1", "2"], "1", { lived: ["1", "2"] })).toBe("fail"); // after a rollback 2 is not before 1
    expect(releases(["1"], undefined, { lived: [] })).toBe("not-applicable"); // the first did not hold
    expect(releases(["1"], undefined, { lived: ["1"] })).toBe("fail");
  });

  it("is what runs, for the release that is under way", () => {
    const during = { lived: ["1"], underWay: "2", during: "2" };
    expect(looked(["1", "2"], "1", during)?.observed).toBe("1 runs; back to it when 2 does not hold");
    expect(releases(["1", "2"], "1", { lived: ["1"], underWay: "2" })).toBe("unknown");
    expect(releases(["1"], undefined, { lived: [], underWay: "1", during: "1" })).toBe("not-applicable");
  });

  it("is nothing before the first release", () => {
    const facts = { directory: "/b", maxAgeSeconds: 60, now: 0 };
    const none = seen({ made: [], broken: 0 });
    expect(outcomes(checkBackups({ ...facts, backups: none, isFirst: true }))).toEqual(["not-applicable"]);
    const broken = seen({ made: [], broken: 1 });
    expect(outcomes(checkBackups({ ...facts, backups: broken, isFirst: true }))).toEqual(["fail"]);
    const first = checkLive({ nothingYet: "nothing" }, where).map(({ id, outcome }) => [id, outcome]);
    expect(first).toEqual(liveWith({}).map(({ id }) => [id, "not-applicable"]));
  });
});

describe("the history of a repository", () => {
  const pem = generateKeyPairSync("ed25519").privateKey.export({ format: "pem", type: "pkcs8" }).toString();
  const apiKey = formatKey({
    mode: "live",
    id: "Ab12Cd34",
    secret: "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg",
  });
  const hits = (lines: readonly string[], reviewed: readonly string[] = []) => {
    const reader = historyReader(new Set(reviewed));
    for (const line of [
      `commit ${"a".repeat(40)}`,
      "diff --git a/x b/x",
      "--- a/x",
      "+++ b/x",
      "@@ -0,0 +1 @@",
      ...lines,
    ])
      reader.take(line);
    return [...reader.hits.values()];
  };
  const named = (name: string, value: string): string => `+${name}=${value}`;
  const strong = "q3JxTnP8Zk2vLw9sRb4YdHc7MgXe1UaF5oNiV6tKj0Q";

  it.each([
    ["a private key in one line", `+key: "${pem.replaceAll("\n", "\\n")}"`],
    ["an API key", `+const key = "${apiKey}";`],
    ["a key of AWS", `+aws: ${["AKIA", "ABCDEFGH12345678"].join("")}`],
    ["a token of GitHub", `+ghp_${"a1B2".repeat(9)}`],
    ["a strong secret", named("SECRET_KEY", strong)],
    ["a strong secret in JSON", `+  "API_TOKEN": "${strong}"`],
    ["a private JWK", `+{"kty":"OKP","d":"${strong}"}`],
    ["an address with a password", "+DATABASE_URL=postgres://hub_app:x9Kq2LmZt7@db.corp.internal:5432/hub"],
  ])("gives away %s", (_what, line) => {
    const found = hits([line]);
    expect(found).toMatchObject([{ commit: "a".repeat(12), path: "x" }]);
    // What is told of it is no part of it.
    expect(JSON.stringify(found)).not.toContain(line.slice(-12));
    expect(
      hits(
        [line],
        found.map(({ mark }) => mark),
      ),
    ).toEqual([]);
    expect(hits([line.replace("+", "-")])).toEqual([]);
    expect(hits([line.replace("+", " ")])).toEqual([]);
  });

  it.each([
    ["a mistyped API key", `+${apiKey.slice(0, -1)}${apiKey.endsWith("A") ? "B" : "A"}`],
    ["an example", named("SECRET_KEY", "change-me-to-something-random-please-now-ok")],
    ["an address of this machine", "+postgres://hub:x9Kq2LmZt7@127.0.0.1:5432/hub"],
    ["an address in a manual", "+postgres://role:password@host:5432/name"],
    ["a public key", "+-----BEGIN PUBLIC KEY-----"],
    ["a digest of a lock file", `+      "integrity": "sha512-${"Ab1/".repeat(22)}=="`],
  ])("gives nothing away with %s", (_what, line) => {
    expect(hits([line])).toEqual([]);
  });

  it("gives away a private key over lines, and the words that begin one give nothing away", () => {
    const lines = pem.split("\n").map((line) => `+${line}`);
    const found = hits(lines);
    expect(found).toMatchObject([{ kind: "a private key (PEM)", path: "x" }]);
    // Its mark is its own: another key is still found.
    const other = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const text = other.privateKey.export({ format: "pem", type: "pkcs1" }).toString();
    const marks = found.map(({ mark }) => mark);
    expect([
      hits(lines, marks).length,
      hits(
        text.split("\n").map((line) => `+${line}`),
        marks,
      ).length,
    ]).toEqual([0, 1]);
    expect(
      hits(["+expect(text).toContain('-----BEGIN PRIVATE KEY-----');", "+const something = 1;"]),
    ).toEqual([]);
  });

  it("is not misled by a file that looks like a commit", () => {
    expect(
      hits(["+commit bbbb", "+diff --git a/y b/y", "++++ b/y", named("SECRET_KEY", strong)]),
    ).toMatchObject([{ commit: "a".repeat(12), path: "x" }]);
  });

  it("is unknown where it was not looked through, unless something was found", () => {
    const git = (cutBy: string | undefined, count: number) =>
      outcomes(
        checkGit(
          seen({
            envTracked: [],
            envInHistory: [],
            notIgnored: [],
            history: { hits: hits([named("SECRET_KEY", strong)]).slice(0, count), commits: 3, cutBy },
          }),
        ),
      ).at(-1);
    expect([git(undefined, 0), git("time", 0), git("time", 1), git(undefined, 1)]).toEqual([
      "pass",
      "unknown",
      "fail",
      "fail",
    ]);
  });
});

describe("settings", () => {
  it("name the key that is wrong", () => {
    expect(() => parsePreflightSettings({ disk: [] })).toThrow(/preflight/);
    expect(() => parsePreflightSettings({ ports: [{ port: "80" }] })).toThrow(/preflight\.ports\.0/);
    expect(parsePreflightSettings({ ports: [{ port: 80 }] })).toEqual({ ports: [{ port: 80 }] });
  });
});
