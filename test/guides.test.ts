/** The guides for people from another system and for incidents, followed to the letter: every command, in its order. */
import { createHash } from "node:crypto";
import {
  createWriteStream,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import {
  definePolicy,
  derivedDataKeys,
  liveDataKeys,
  newDataKeyRing,
  newKeyRing,
  openDataKeys,
  parseDataKeyRing,
  systemRandom,
} from "aegis";
import { fileBlobs } from "aegis/stores/files";
import { migrate, postgresStores, sealedAccounts } from "aegis/stores/postgres";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { textFile } from "../packages/aegis/src/verify/wire/files.ts";
import { migrationSources } from "../apps/hub/server/database/migrations.ts";
import { totpCode } from "./support/authenticator.ts";
import { backupDesk, SECRET } from "./support/backup.ts";
import { PASSWORD, Visitor } from "./support/browser-like.ts";
import { aegisPrograms, blocksOf } from "./support/guides.ts";
import { cheapHash, startHub } from "./support/hub.ts";
import { startPostgres, type TestPostgres } from "./support/postgres.ts";
import { repository, run } from "./support/processes.ts";
import { roomyLimits } from "./support/roomy-limits.ts";
import { named, upload } from "./support/upload.ts";

const desk = backupDesk();
const { at } = desk;
let server: TestPostgres;
let sql: pg.Pool;

beforeAll(async () => {
  server = await startPostgres();
  sql = new pg.Pool({ connectionString: server.url, max: 4 });
  await migrate(sql, migrationSources);
  aegisPrograms(at("bin"));
  mkdirSync(at("uploads"));
  // In a project that knows how to end sessions.
  const config = join(repository, "aegis.config.ts");
  writeFileSync(
    at("aegis.config.mjs"),
    `import hub from ${JSON.stringify(config)};\nexport default { policy: hub.policy, endSessions: hub.endSessions };\n`,
  );
}, 120_000);
afterAll(async () => {
  await sql?.end();
  await server?.close();
  desk.close();
});

async function follow(block: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
  const child = run(
    "sh",
    ["-ec", block],
    {
      ...desk.settings,
      PATH: `${at("bin")}:${process.env["PATH"] ?? ""}`,
      NODE_ENV: "test",
      DATABASE_URL: server.appUrl,
      DATABASE_OWNER_URL: server.url,
      OWNER_URL: server.url,
      BACKUP_DATABASE_URL: server.url,
      MAINTENANCE_FILE: at("maintenance.json"),
      AEGIS_DIRECTORY: at(".aegis"),
      UPLOADS_DIRECTORY: at("uploads"),
      ...env,
    },
    desk.at("."),
  );
  const status = await child.ended();
  expect([block, status, child.output()]).toEqual([block, 0, expect.any(String)]);
  return child.output();
}
const firstRow = async (text: string): Promise<Record<string, unknown>> =>
  (await sql.query<Record<string, unknown>>(text)).rows[0] ?? {};

describe("the guide for people from another system", () => {
  it("works, command by command", { timeout: 240_000 }, async () => {
    await sql.query("create database old");
    const oldUrl = server.url.replace(/postgres$/, "old");
    const old = new pg.Client({ connectionString: oldUrl });
    await old.connect();
    await old.query(
      "create table users (id serial, username text, email text, password_hash text, is_verified boolean, is_active boolean, created_at timestamptz default now())",
    );
    await old.query(
      "insert into users (username, email, password_hash, is_verified, is_active) select 'old-' || n, 'old-' || n || '@example.com', $1, true, n < 3 from generate_series(1, 3) n",
      [`pbkdf2:sha256:1000$salt$${"ab".repeat(32)}`],
    );
    await old.end();
    mkdirSync(at("web/src"), { recursive: true });
    writeFileSync(
      at("web/src/api.js"),
      'export const a = () => fetch("/api/a", { headers: { "X-User-ID": "1" } });\n',
    );
    const said: string[] = [];
    for (const block of blocksOf("user-migration.md")) {
      said.push(await follow(block, { OLD_URL: oldUrl }));
      if (existsSync(at("people.csv"))) expect(statSync(at("people.csv")).mode & 0o077).toBe(0);
    }
    const all = said.join("\n");
    expect(said.length).toBeGreaterThanOrEqual(8);
    expect(all).toMatch(/would be made +3\n/);
    expect(all).toMatch(/\bmade +3\n  pbkdf2 +3\n  suspended +1\n/);
    expect(all).toMatch(/^ended \d+ sessions$/m);
    expect(all).toMatch(/^0 taken away/m);
    expect(existsSync(at("people.csv"))).toBe(false);
    expect(readFileSync(at("web/src/api.js"), "utf8")).not.toContain("X-User-ID");
    expect(
      await firstRow("select count(*)::int as n from aegis_accounts where username like 'old-%'"),
    ).toEqual({
      n: 3,
    });
    // What the guide says of one that is retired: no password fits, and the log says so.
    const retired = await follow("npx aegis users hashes --retire");
    expect(retired).toMatch(/^3 taken away[\s\S]*^argon2id +3$/m);
    expect(
      await firstRow("select count(*)::int as n from aegis_audit where record like '%hash_retired%'"),
    ).toEqual({ n: 3 });
  });
});

describe("the guide for incidents", () => {
  it("works, command by command", { timeout: 600_000 }, async () => {
    writeFileSync(at("SECRET_KEY"), `${SECRET}\n`, { mode: 0o600 });
    writeFileSync(at("token-keys.json"), JSON.stringify(newKeyRing("EdDSA", 0)), { mode: 0o600 });
    writeFileSync(at("data-keys.json"), JSON.stringify(newDataKeyRing(systemRandom, Date.now())), {
      mode: 0o600,
    });
    writeFileSync(at("backup-keys.json"), JSON.stringify(newKeyRing("EdDSA", 0)), { mode: 0o600 });
    const log = createWriteStream(at("server.log"));
    const stores = postgresStores(sql);
    /** As a server that watches its ring. */
    const keys = liveDataKeys(() =>
      openDataKeys(
        parseDataKeyRing(JSON.parse(readFileSync(at("data-keys.json"), "utf8"))),
        derivedDataKeys([Buffer.from(SECRET, "base64url")]),
      ),
    );
    const hub = await startHub(
      definePolicy({ preset: "education", environment: "test", password: { argon2: cheapHash } }),
      {
        ...stores,
        accounts: sealedAccounts(stores.accounts, keys),
        limits: roomyLimits(),
        secretKey: Buffer.from(SECRET, "base64url"),
        blobs: fileBlobs(at("uploads")),
        audit: undefined,
        logger: { level: "info", stream: log },
      },
    );
    try {
      const ada = new Visitor(hub.app);
      const { id: adminId } = await hub.app.aegis.createAccount({
        username: ada.username,
        password: PASSWORD,
        roles: ["user", "admin"],
      });
      await ada.send("POST", "/api/login", { json: { username: ada.username, password: PASSWORD } });
      const post = async (url: string, json: unknown) =>
        ada.send("POST", url, { json, headers: { "x-csrftoken": await ada.token() } });
      const secret = String((await post("/api/auth/mfa/setup", {})).json().secret);
      const set = await post("/api/auth/mfa/verify-setup", { code: totpCode(secret, hub.clock.now()) });
      expect(set.statusCode).toBe(200);
      const bob = await new Visitor(hub.app).enter();
      const bad = textFile();
      writeFileSync(at("bad.txt"), bad.bytes);
      const sent = await upload(bob, named(bad, "bad.txt"));
      expect(sent.statusCode).toBe(201);
      await hub.settled();
      const file = await firstRow("select id::text, digest, account_id::text as owner from aegis_uploads");

      const blocks = blocksOf("incident-response.md");
      const signIn = blocks.find((block) => block.includes("/api/auth/mfa/verify")) ?? "";
      const env = {
        HUB: hub.origin,
        ADMIN: ada.username,
        ADMIN_ID: adminId,
        NAME: bob.username,
        ACCOUNT: String(file["owner"]),
        UPLOAD: String(file["id"]),
        FILE: at("bad.txt"),
        DATA_KEYS_FILE: at("data-keys.json"),
        BACKUP_DIRECTORY: at("backups-of-incidents"), // in the other are those that the desk has signed
        BACKUP_KEYS_FILE: at("backup-keys.json"),
        BACKUP_RECIPIENTS_FILE: at("backup-recipients.txt"),
        BACKUP_PUBLIC_KEY_FILE: at("backup-key.json"),
      };
      let password = PASSWORD;
      /** As an administrator does on the page who is asked for a new password. */
      const renew = async (): Promise<void> => {
        hub.clock.advance(31);
        const page = new Visitor(hub.app);
        const json = { username: ada.username, password };
        await page.send("POST", "/api/login", { json });
        const send = async (url: string, body: object) =>
          page.send("POST", url, { json: body, headers: { "x-csrftoken": await page.token() } });
        await send("/api/auth/mfa/verify", { code: totpCode(secret, hub.clock.now()) });
        const next = `${PASSWORD}, and one more`;
        const { statusCode } = await send("/api/auth/password/change", {
          current_password: password,
          new_password: next,
        });
        expect(statusCode).toBe(200);
        password = next;
      };
      /** A code works once, and the guide says to sign in again where everybody was signed out. */
      const enter = async (): Promise<void> => {
        hub.clock.advance(31);
        await follow(signIn, { ...env, ADMIN_PASSWORD: password, CODE: totpCode(secret, hub.clock.now()) });
      };
      const said: string[] = [];
      for (const block of blocks) {
        if (block === signIn || block.includes("./admin.sh")) await enter();
        if (block === signIn) continue;
        said.push(await follow(block, env));
        await hub.settled();
        if (block.includes("must_change_password")) await renew();
        if (block.includes("/suspend")) {
          expect((await bob.send("GET", "/api/profile")).statusCode).toBe(401);
          expect(
            await firstRow(
              "select count(*)::int as n from aegis_accounts where disabled_at is not null and username like 'v%'",
            ),
          ).toEqual({ n: 1 });
        }
        if (block.includes("/restore"))
          expect(
            await firstRow(
              `select disabled_at, must_change_password from aegis_accounts where id = '${env.ACCOUNT}'`,
            ),
          ).toEqual({ disabled_at: null, must_change_password: true });
        if (block.includes("state = 'ended'"))
          expect(await firstRow("select state from aegis_uploads")).toEqual({ state: "ended" });
      }
      const all = said.join("\n");
      expect(said.length).toBeGreaterThanOrEqual(10);
      expect(all).toMatch(/aegis_accounts\.display_name .* 0 left/);
      expect(all).toMatch(/^ended \d+ sessions$/m);
      expect(all).toMatch(/signed heads hold[\s\S]*^whole$/m);
      expect(all).toMatch(/^closed since/m);
      expect(existsSync(at("maintenance.json"))).toBe(false);
      const sums = readFileSync(at("evidence.sha256"), "utf8");
      for (const name of [
        "account.json",
        "account-audit.json",
        "audit.jsonl",
        "overview.json",
        "bans.json",
        "uploads.txt",
        "server.log",
      ])
        expect(sums).toContain(
          `${createHash("sha256")
            .update(readFileSync(at(`evidence/${name}`)))
            .digest("hex")}  ${name}`,
        );
      expect(readFileSync(at("evidence/account.json"), "utf8")).toContain(bob.username);
      expect(statSync(at("evidence.tar.age")).size).toBeGreaterThan(1000);
    } finally {
      await hub.close();
      log.end();
    }
  });
});

describe("the guide to a deployment", () => {
  it("gives commands the settings of the service", { timeout: 120_000 }, async () => {
    const block = blocksOf("deployment.md").find((one) => one.includes("hub-node")) ?? "";
    for (const folder of ["etc/hub/keys", "var/lib/hub", "sbin"]) mkdirSync(at(folder), { recursive: true });
    for (const [name, ring] of [
      ["token-keys", newKeyRing("EdDSA", 0)],
      ["audit-keys", newKeyRing("EdDSA", 0)],
      ["data-keys", newDataKeyRing(systemRandom, Date.now())],
    ] as const)
      writeFileSync(at(`etc/hub/keys/${name}.json`), JSON.stringify(ring), { mode: 0o600 });
    await sql.query("create database hub");
    const url = (user: string, password: string): string =>
      server.url.replace("//hub@", `//${user}:${password}@`).replace(/postgres$/, "hub");
    const [owner, app] = [systemRandom.token(16), systemRandom.token(16)];
    writeFileSync(
      at("etc/hub/environment"),
      [
        "# as the guide says",
        `SECRET_KEY=${SECRET}`,
        `DATABASE_URL=${url("hub_app", app)}`,
        `DATABASE_OWNER_URL=${url("hub", owner)}`,
        `SMTP_URL=smtps://hub:${systemRandom.token(16)}@mail.example`,
        "WORKERS=1",
      ].join("\n"),
      { mode: 0o600 },
    );
    const here = block
      .replaceAll("/opt/hub/current", repository.replace(/\/$/, ""))
      .replaceAll("/usr/local/sbin", at("sbin"))
      .replaceAll(/\/(etc|var\/lib)\/hub\b/g, (place) => at(place.slice(1)));
    const said = await follow(`PATH=${at("sbin")}:$PATH\n${here}`, { NODE_ENV: "" });
    expect(said).toMatch(/^Administrator ada, password \(shown once[^)]*\): \S{20,}$/m);
    expect(said).toMatch(/^open$/m);
    const close = await follow(`${at("sbin/hub-node")} node_modules/.bin/aegis maintenance on`, {
      NODE_ENV: "",
    });
    expect(close).toContain(at("var/lib/hub/maintenance.json"));
  });
});

describe("every guide with commands", () => {
  it("is named in a test, which calls them", () => {
    const tests = ["test", "packages/aegis-cli/src"]
      .flatMap((folder) => globSync(`${folder}/**/*.test.ts`, { cwd: repository }))
      .map((file) => readFileSync(join(repository, file), "utf8"))
      .join("\n");
    for (const name of readdirSync(join(repository, "docs")).filter((file) => file.endsWith(".md")))
      if (blocksOf(name).length > 0) expect([name, tests.includes(`${name}"`)]).toEqual([name, true]);
  });
});

describe("the index of guides", () => {
  it("has each of them", () => {
    const index = readFileSync(join(repository, "docs/README.md"), "utf8");
    for (const name of readdirSync(join(repository, "docs")).filter((one) => /(?<!README)\.md$/.test(one)))
      expect([name, index.includes(`(${name})`)]).toEqual([name, true]);
  });
});

describe("both guides", () => {
  it("name no route that the hub has not", () => {
    const routes = readFileSync(join(repository, "apps/hub/target.json"), "utf8");
    for (const guide of ["docs/user-migration.md", "docs/incident-response.md"])
      for (const [, path = ""] of readFileSync(join(repository, guide), "utf8").matchAll(
        /(\/(?:api|admin)\/[A-Za-z0-9/$_-]+)/g,
      )) {
        const route = path
          .replaceAll(/\/(\$?[A-Z]+)(?=\/|$)/g, "/:id")
          .replace("/bans/:id", "/bans/:key")
          .replace(/\/$/, "");
        expect([guide, path, routes.includes(`"${route}"`)]).toEqual([guide, path, true]);
      }
  });
});
