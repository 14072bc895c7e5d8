/** `aegis check` as people call it, on folders, repositories, ports, clocks and servers that are made for it. */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PreflightFinding } from "aegis/preflight";
import { aegisMigrations, migrate } from "aegis/stores/postgres";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startPostgres, type TestPostgres } from "../../../../test/support/postgres.ts";
import { repository, run } from "../../../../test/support/processes.ts";
import { startRedis, type TestRedis } from "../../../../test/support/redis.ts";

const SECRET = "q3JxTnP8Zk2vLw9sRb4YdHc7MgXe1UaF5oNiV6tKj0Q";
let folder: string;
const file = (name: string): string => join(folder, name);
const write = (name: string, text: string, mode = 0o600): void => {
  writeFileSync(file(name), text, { mode });
  chmodSync(file(name), mode);
};
const git = (...args: readonly string[]): string =>
  execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@t.example", ...args], {
    cwd: folder,
    encoding: "utf8",
    env: { PATH: process.env["PATH"], GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_SYSTEM: "/dev/null" },
  });

async function check(
  topics: string,
  {
    preflight = {},
    settings = [],
    env = {},
    args = [],
  }: {
    preflight?: object;
    settings?: readonly object[];
    env?: Readonly<Record<string, string>>;
    args?: readonly string[];
  } = {},
) {
  write("aegis.config.json", JSON.stringify({ preflight, settings }));
  const child = run(
    process.execPath,
    [join(repository, "packages/aegis-cli/bin/aegis.mjs"), "check", ...topics.split(" "), "--json", ...args],
    { NO_COLOR: "1", ...env },
    folder,
  );
  const status = await child.ended();
  const text = child.output();
  const findings: readonly PreflightFinding[] = text.startsWith("{") ? JSON.parse(text).findings : [];
  return { status, text, findings, outcomes: findings.map(({ id, outcome }) => `${id} ${outcome}`) };
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "aegis-check-"));
  git("init", "-q", "-b", "main");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("aegis check git", () => {
  it("finds an environment file and a secret in the history, after both were taken out again", async () => {
    write(".gitignore", ".env\n.env.*\n");
    git("add", ".");
    git("commit", "-qm", "one");
    expect((await check("git")).outcomes).toEqual(["git.env pass", "git.ignored pass", "git.history pass"]);
    write(".gitignore", "");
    write(".env.production", `SECRET_KEY=${SECRET}\n`);
    git("add", "-A");
    git("commit", "-qm", "two");
    const there = await check("git");
    expect([there.status, there.outcomes]).toEqual([
      1,
      ["git.env fail", "git.ignored fail", "git.history fail"],
    ]);
    git("rm", "-q", ".env.production");
    git("commit", "-qm", "three");
    const gone = await check("git");
    expect(gone.outcomes).toEqual(["git.env fail", "git.ignored fail", "git.history fail"]);
    expect(gone.text).not.toContain(SECRET);
    expect(gone.findings[0]?.observed).toBe("in the history: .env.production");
    // What the fix for .gitignore prints mends it.
    const [, command = ""] = /Run: `([^`]+)`/.exec(gone.findings[1]?.advice?.fix ?? "") ?? [];
    execFileSync("bash", ["-c", command], { cwd: folder });
    const [, mark = ""] = /mark ([\w-]{12})/.exec(gone.findings[2]?.observed ?? "") ?? [];
    expect((await check("git", { preflight: { git: { reviewed: [mark] } } })).outcomes).toEqual([
      "git.env fail",
      "git.ignored pass",
      "git.history pass",
    ]);
  }, 60_000);

  it("finds a secret that attributes tell git to keep to itself", async () => {
    const hidden = mkdtempSync(join(tmpdir(), "aegis-attributes-"));
    const inside = (...args: readonly string[]) => git("-C", hidden, ...args);
    try {
      inside("init", "-q");
      writeFileSync(join(hidden, ".gitignore"), ".env\n.env.*\n");
      writeFileSync(join(hidden, ".gitattributes"), "* -diff\n");
      writeFileSync(join(hidden, "settings.txt"), `SECRET_KEY=${SECRET}\n`);
      inside("add", "-A");
      inside("commit", "-qm", "one");
      inside("rm", "-q", "settings.txt");
      inside("commit", "-qm", "two");
      const child = run(
        process.execPath,
        [join(repository, "packages/aegis-cli/bin/aegis.mjs"), "check", "git", "--json"],
        {},
        hidden,
      );
      await child.ended();
      expect(child.output()).toMatch(/"id": "git.history",[^}]*"outcome": "fail"/);
    } finally {
      rmSync(hidden, { recursive: true });
    }
  }, 60_000);

  it("says unknown of a history that it did not look through", async () => {
    write("large.txt", "word ".repeat(100_000));
    git("add", "-A");
    git("commit", "-qm", "large");
    const { outcomes, findings } = await check("git", { preflight: { git: { maxBytes: 2048 } } });
    expect(outcomes.at(-1)).toBe("git.history unknown");
    expect(findings.at(-1)?.observed).toMatch(/2048 bytes were read/);
    const shallow = mkdtempSync(join(tmpdir(), "aegis-shallow-"));
    try {
      execFileSync("git", ["clone", "-q", "--depth", "1", `file://${folder}`, shallow]);
      const child = run(
        process.execPath,
        [join(repository, "packages/aegis-cli/bin/aegis.mjs"), "check", "git", "--json"],
        {},
        shallow,
      );
      await child.ended();
      expect(child.output()).toMatch(/"observed": "nothing in [^"]+shallow/);
    } finally {
      rmSync(shallow, { recursive: true });
    }
  }, 60_000);
});

describe("aegis check, of a machine", () => {
  it("looks at files, room, packages, backups and releases", async () => {
    write("open.key", "x", 0o644);
    write("shut.key", "x");
    write("package.json", '{"engines":{"node":">=99"}}');
    const lock = (version: string): string =>
      JSON.stringify({ packages: { "": {}, "node_modules/a": { version, integrity: "sha512-a" } } });
    mkdirSync(file("node_modules"));
    write("package-lock.json", lock("1.0.0"));
    write("node_modules/.package-lock.json", lock("1.0.1"));
    mkdirSync(file("backups/20261121T000000Z-aaaaaaaa"), { recursive: true });
    mkdirSync(file("backups/.20261121T000000Z-bbbbbbbb.partial"));
    write(
      "backups/20261121T000000Z-aaaaaaaa/manifest.json",
      JSON.stringify({ body: { created_at: new Date().toISOString() }, kid: "", signature: "" }),
    );
    for (const id of ["1", "2"]) mkdirSync(file(`app/releases/${id}`), { recursive: true });
    symlinkSync("releases/2", file("app/current"));
    const preflight = {
      files: ["open.key", "shut.key", "none.key"],
      disks: [{ path: ".", minBytes: 1 }],
      backups: { directory: "backups", maxAgeSeconds: 3600 },
      releases: "app",
    };
    const first = await check("files runtime dependencies disk backup rollback", { preflight });
    expect([first.status, first.outcomes]).toEqual([
      1,
      [
        "files.private fail",
        "files.private pass",
        "files.private unknown",
        "runtime.node fail",
        "dependencies.installed fail",
        "disk.free pass",
        "backup.age pass",
        "rollback.target pass",
      ],
    ]);
    write("package.json", '{"engines":{"node":">=22"}}');
    write("node_modules/.package-lock.json", lock("1.0.0"));
    const second = await check("runtime dependencies disk", {
      preflight,
      args: ["--disk-bytes", "999999999999999"],
    });
    expect(second.outcomes).toEqual(["runtime.node pass", "dependencies.installed pass", "disk.free fail"]);
  }, 60_000);

  it("names who has the port, and compares the clock with an answer's Date", async () => {
    let date = new Date().toUTCString();
    const server = createServer((_request, answer) => answer.writeHead(200, { date }).end());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address: string | AddressInfo | null = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    try {
      const env = { PORT: String(port) };
      const args = ["--clock", `http://127.0.0.1:${port}`];
      const first = await check("ports", { env });
      expect([first.outcomes, first.findings[0]?.observed]).toEqual([
        ["ports.free fail"],
        expect.stringContaining(`process ${process.pid}`),
      ]);
      expect((await check("ports", { preflight: { ports: [{ port, by: "node" }] } })).outcomes).toEqual([
        "ports.free pass",
      ]);
      date = new Date(Date.now() - 3_600_000).toUTCString();
      expect((await check("clock", { args })).outcomes).toEqual(["clock.right fail"]);
      date = "";
      expect((await check("clock", { args })).outcomes).toEqual(["clock.right unknown"]);
    } finally {
      server.close();
    }
    expect((await check("ports", { env: { PORT: String(port) } })).outcomes).toEqual(["ports.free pass"]);
  }, 60_000);

  it("reads secrets where the policy says, out of an environment file and the files it names, and quotes none", async () => {
    const text = (name: string, more: object = {}) => ({
      name,
      about: "One.",
      secret: { kind: "text" },
      ...more,
    });
    const settings = [
      text("SECRET_KEY", { secret: { kind: "key" }, production: "needed" }),
      text("RING"),
      text("URL", { secret: { kind: "url" } }),
      text("NOWHERE"),
      { name: "NEEDED", about: "One.", production: { leaf: "session.cookie.secure", is: [true] } },
      { name: "NOT_NEEDED", about: "One.", production: { leaf: "session.cookie.secure", is: [false] } },
    ];
    write("ring.json", "a ring");
    const lines = `NODE_ENV=production\nSECRET_KEY=change-me-please\nRING_FILE=${file("ring.json")}\nURL=no address\n`;
    write("weak.env", lines, 0o640);
    const args = ["--env", file("weak.env")];
    const { outcomes, text: said, findings } = await check("secrets files", { settings, args });
    expect(outcomes).toEqual([
      "secrets.value fail",
      "secrets.value pass",
      "secrets.value fail",
      "secrets.value not-applicable",
      "configuration.variable fail",
      "configuration.variable not-applicable",
      "files.private fail",
      "files.private pass",
    ]);
    expect(said).not.toContain("change-me-please");
    expect(findings[0]?.observed).toMatch(/reads like an example value/);
    // A source that was meant and gives nothing hides what is in the others: nothing is known.
    write("weak.env", `${lines}OTHER=1\nNOWHERE_FILE=/nowhere/at/all\n`);
    const broken = await check("secrets", { settings, args });
    expect(broken.outcomes.slice(0, 4)).toEqual(Array.from({ length: 4 }, () => "secrets.value unknown"));
  }, 60_000);

  it("looks at the certificate: names, chain, days, key and who may read it", async () => {
    execFileSync(
      "openssl",
      [
        ..."req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 90 -subj /CN=hub".split(
          " ",
        ),
        "-addext",
        "subjectAltName=DNS:hub.example",
        "-keyout",
        file("tls.key"),
        "-out",
        file("tls.pem"),
      ],
      { stdio: "ignore" },
    );
    chmodSync(file("tls.key"), 0o600);
    const at = (host: string, ca: object = { ca: "tls.pem" }) =>
      check("certificate files", {
        preflight: { certificates: [{ file: "tls.pem", key: "tls.key", ...ca }] },
        env: { PUBLIC_ORIGIN: `https://${host}` },
      });
    const right = await at("hub.example");
    expect([right.status, right.outcomes.length], right.text).toEqual([0, 9]);
    expect((await at("other.example")).outcomes).toContain("certificate.names fail");
    expect((await at("hub.example", {})).outcomes).toContain("certificate.chain-complete fail");
    chmodSync(file("tls.key"), 0o644);
    const open = await at("hub.example");
    expect(open.outcomes).toEqual(
      expect.arrayContaining(["certificate.key-permissions fail", "files.private fail"]),
    );
    rmSync(file("tls.pem"));
    expect((await at("hub.example", {})).outcomes).toContain("certificate.read unknown");
  }, 60_000);

  it("refuses topics, files and settings that are none", async () => {
    expect(await check("sercets")).toMatchObject({
      status: 2,
      text: expect.stringMatching(/no topic "sercets"[\s\S]*Known: configuration/),
    });
    expect(await check("disk", { args: ["--env", "none.env"] })).toMatchObject({ status: 2 });
    expect(await check("disk", { preflight: { diks: 1 } })).toMatchObject({
      status: 2,
      text: expect.stringContaining("preflight"),
    });
    expect(await check("disk", { args: ["--disk-bytes", "10G"] })).toMatchObject({ status: 2 });
  }, 60_000);
});

describe("aegis check, of servers", () => {
  let postgres: TestPostgres;
  let redis: TestRedis;
  beforeAll(async () => {
    [postgres, redis] = await Promise.all([startPostgres(), startRedis(["--appendonly", "no"])]);
  });
  afterAll(async () => {
    await postgres?.close();
    await redis?.close();
  });

  it("finds migrations that are missing, then a role that is bound by nothing, then nothing", async () => {
    const database = (url: string) => check("database clock", { env: { DATABASE_URL: url } });
    const empty = await database(postgres.appUrl);
    expect([empty.status, empty.outcomes.slice(0, 2)]).toEqual([
      1,
      ["database.reachable pass", "database.migrations fail"],
    ]);
    const owner = new pg.Pool({ connectionString: postgres.url, max: 1 });
    await migrate(owner, [aegisMigrations]);
    await owner.end();
    expect((await database(postgres.url)).outcomes).toContain("database.hardening fail");
    const right = await database(postgres.appUrl);
    expect([right.status, right.outcomes]).toEqual([
      0,
      ["database.reachable pass", "database.migrations pass", "database.hardening pass", "clock.right pass"],
    ]);
    const away = await database("postgres://nobody:secret-word@127.0.0.1:1/none");
    expect([away.status, away.text.includes("secret-word"), away.outcomes.at(-1)]).toEqual([
      1,
      false,
      "clock.right unknown",
    ]);
  }, 90_000);

  it("finds a Redis that forgets, and what it prints mends it", async () => {
    const env = { REDIS_URL: redis.url };
    const { status, findings } = await check("redis", { env });
    expect([status, findings[0]?.observed]).toEqual([
      1,
      expect.stringMatching(/keeps nothing over a restart/),
    ]);
    const commands = [...(findings[0]?.advice?.fix ?? "").matchAll(/Run: `redis-cli (CONFIG SET [^`]+)`/g)];
    expect(commands.length).toBe(1);
    for (const [, words = ""] of commands)
      execFileSync("redis-cli", ["-p", String(redis.port), ...words.split(" ")]);
    expect((await check("redis", { env })).outcomes).toEqual(["redis.settings pass"]);
    expect(
      (await check("redis", { env: { REDIS_URL: "redis://u:pass-word@127.0.0.1:1" } })).outcomes,
    ).toEqual(["redis.settings fail"]);
    expect((await check("redis")).outcomes).toEqual(["redis.settings not-applicable"]);
  }, 60_000);
});
