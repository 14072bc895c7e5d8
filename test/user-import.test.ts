/** People of another system brought over into a real database, and through the hub's front door afterwards. */
import { pbkdf2Sync, randomBytes, scryptSync } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hash as bcryptHash } from "@node-rs/bcrypt";
import { definePolicy, derivedDataKeys } from "aegis";
import { migrate, postgresStores, sealedAccounts } from "aegis/stores/postgres";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { migrationSources } from "../apps/hub/server/database/migrations.ts";
import { SECRET } from "./support/backup.ts";
import { PASSWORD, Visitor } from "./support/browser-like.ts";
import { cheapHash, startHub } from "./support/hub.ts";
import { codeIn } from "./support/letters.ts";
import { roomyLimits } from "./support/roomy-limits.ts";
import { startPostgres, type TestPostgres } from "./support/postgres.ts";
import { repository, run } from "./support/processes.ts";

let server: TestPostgres;
let sql: pg.Pool;
let folder: string;
const keys = derivedDataKeys([Buffer.from(SECRET, "base64url")]);
const policy = definePolicy({ preset: "education", environment: "test", password: { argon2: cheapHash } });

const werkzeugScrypt = (password: string): string => {
  const salt = randomBytes(8).toString("hex");
  return `scrypt:32768:8:1$${salt}$${scryptSync(password, salt, 64, { N: 32_768, r: 8, p: 1, maxmem: 2 ** 26 }).toString("hex")}`;
};
const werkzeugPbkdf2 = (password: string): string =>
  `pbkdf2:sha256:1000$salt$${pbkdf2Sync(password, "salt", 1000, 32, "sha256").toString("hex")}`;

function start(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return run(
    process.execPath,
    ["--conditions=source", join(repository, "packages/aegis-cli/src/main.ts"), "users", ...args],
    { NO_COLOR: "1", NODE_ENV: "test", DATABASE_URL: server.appUrl, SECRET_KEY: SECRET, ...env },
  );
}
async function aegis(...args: readonly string[]) {
  const child = start(args);
  return { status: await child.ended(), text: child.output() };
}
function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  chmodSync(path, 0o600);
  return path;
}
const lines = (rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
const count = async (text: string, values: unknown[] = []): Promise<number> =>
  Number((await sql.query<{ count: string }>(text, values)).rows[0]?.count);

async function openHub(rules = policy) {
  const stores = postgresStores(sql);
  return startHub(rules, {
    ...stores,
    accounts: sealedAccounts(stores.accounts, keys),
    secretKey: Buffer.from(SECRET, "base64url"),
    limits: roomyLimits(),
  });
}
const signIn = async (hub: Awaited<ReturnType<typeof openHub>>, username: string, password: string) => {
  const visitor = new Visitor(hub.app);
  const { statusCode } = await visitor.send("POST", "/api/login", { json: { username, password } });
  return { statusCode, visitor };
};
const hashOf = async (username: string): Promise<string> =>
  (
    await sql.query<{ password_hash: string }>(
      "select password_hash from aegis_accounts where username = $1",
      [username],
    )
  ).rows[0]?.password_hash ?? "";

beforeAll(async () => {
  server = await startPostgres();
  sql = new pg.Pool({ connectionString: server.url, max: 4 });
  await migrate(sql, migrationSources);
  folder = mkdtempSync(join(tmpdir(), "aegis-import-"));
}, 120_000);
afterAll(async () => {
  await sql?.end();
  await server?.close();
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

describe("people of another system", () => {
  it(
    "sign in with the password that they had, and are kept as Argon2id from then on",
    { timeout: 120_000 },
    async () => {
      const hashes = {
        "old-bcrypt": await bcryptHash(PASSWORD, { cost: 6 }),
        "old-scrypt": werkzeugScrypt(PASSWORD),
        "old-pbkdf2": werkzeugPbkdf2(PASSWORD),
      };
      const path = file(
        "old.csv",
        [
          "\uFEFFusername,email,password_hash,roles,display_name,about_me,email_verified,created_at,disabled",
          ...Object.entries(hashes).map(
            ([name, hash]) =>
              `${name},${name}@example.com,${hash},user,"Ada ""${name}"", once","two\nlines",t,2019-03-02 10:00:00+01,f`,
          ),
          "no-hash,no-hash@example.com,,,,,true,,",
          "shut-out,,,,,,,,yes",
        ].join("\r\n"),
      );
      const looked = await aegis("import", path);
      expect(looked).toMatchObject({ status: 0, text: expect.stringMatching(/would be made +5\n/) });
      expect(await count("select count(*) from aegis_accounts")).toBe(0);
      const applied = await aegis("import", path, "--apply");
      expect(applied).toMatchObject({ status: 0, text: expect.stringMatching(/made +5\n/) });
      for (const hash of Object.values(hashes))
        expect(looked.text + applied.text).not.toContain(hash.slice(-20));

      const hub = await openHub();
      try {
        for (const name of Object.keys(hashes)) {
          expect((await signIn(hub, name, "Another meadow, 12 forks")).statusCode).toBe(401);
          expect(await hashOf(name)).not.toMatch(/^\$argon2id/);
          const { statusCode, visitor } = await signIn(hub, `${name.toUpperCase()}@example.com`, PASSWORD);
          expect([name, statusCode]).toEqual([name, 200]);
          expect((await visitor.send("GET", "/api/profile")).json()).toMatchObject({
            username: name,
            display_name: `Ada "${name}", once`,
            about_me: "two\nlines",
          });
          expect(await hashOf(name)).toMatch(/^\$argon2id/);
          expect((await signIn(hub, name, PASSWORD)).statusCode).toBe(200);
        }
        expect((await signIn(hub, "no-hash", "")).statusCode).toBeGreaterThanOrEqual(400);
        expect((await signIn(hub, "no-hash", PASSWORD)).statusCode).toBe(401);
        // Whoever has no password asks for one: the address was verified there.
        const before = hub.mail.sent.length;
        await new Visitor(hub.app).send("POST", "/api/auth/password/forgot", {
          json: { email: "no-hash@example.com" },
        });
        await hub.settled();
        expect(hub.mail.sent.slice(before).map(({ to }) => to)).toEqual(["no-hash@example.com"]);
      } finally {
        await hub.close();
      }
      const { rows } = await sql.query<{ display_name: string; created_at: Date }>(
        "select display_name, created_at from aegis_accounts where username = 'old-scrypt'",
      );
      expect(rows[0]?.display_name).toMatch(/^e1\./);
      expect(rows[0]?.created_at.toISOString()).toBe("2019-03-02T09:00:00.000Z");
      expect(await count("select count(*) from aegis_accounts where disabled_at is not null")).toBe(1);
      expect(await count("select count(*) from aegis_audit where record like '%account.imported%'")).toBe(5);
    },
  );

  it("prove their address first where the policy asks for that", { timeout: 60_000 }, async () => {
    const person = { username: "unproven", email: "unproven@example.com" };
    const path = file("unproven.jsonl", lines([{ ...person, password_hash: werkzeugPbkdf2(PASSWORD) }]));
    expect((await aegis("import", path, "--apply")).status).toBe(0);
    const hub = await openHub(
      definePolicy({
        preset: "education",
        environment: "test",
        account: { emailVerification: "required", emailRequired: true },
        password: { argon2: cheapHash },
      }),
    );
    try {
      const refused = await signIn(hub, "unproven", PASSWORD);
      expect(refused.visitor.cookies.has("session")).toBe(false);
      expect(refused.statusCode).toBe(403);
      await refused.visitor.send("POST", "/api/register/resend", { json: person });
      await hub.settled();
      const json = { ...person, code: codeIn(hub.mail.sent.at(-1)) };
      expect((await refused.visitor.send("POST", "/api/register/verify", { json })).statusCode).toBe(200);
      expect((await signIn(hub, person.email, PASSWORD)).statusCode).toBe(200);
    } finally {
      await hub.close();
    }
  });

  it("that are there already are left alone, and told as such", { timeout: 60_000 }, async () => {
    const path = file(
      "again.jsonl",
      lines([
        { username: "OLD-bcrypt", email: "old-BCRYPT@example.com", password_hash: werkzeugPbkdf2("other") },
      ]),
    );
    const before = await hashOf("old-bcrypt");
    const { status, text } = await aegis("import", path, "--apply");
    expect([status, text]).toEqual([0, expect.stringMatching(/there already, left alone +1\n/)]);
    expect(await hashOf("old-bcrypt")).toBe(before);
  });

  it(
    "are refused row by row, by line and column, and then none is written",
    { timeout: 60_000 },
    async () => {
      const hash = werkzeugScrypt(PASSWORD);
      const path = file(
        "bad.jsonl",
        [
          JSON.stringify({ username: "fine-one", password_hash: hash, roles: ["user"] }),
          JSON.stringify({ username: "x", email: "nobody", password_hash: hash }),
          JSON.stringify({ username: "md5-person", password_hash: "5f4dcc3b5aa765d61d8327deb882cf99" }),
          JSON.stringify({ username: "the-boss", roles: ["admin"] }),
          JSON.stringify({ username: "role-less", roles: "wizard" }),
          JSON.stringify({ username: "FINE-one" }),
          JSON.stringify({ username: "old-bcrypt", email: "another@example.com" }),
          JSON.stringify({ username: "thief", email: "old-scrypt@example.com", email_verified: true }),
          JSON.stringify({ username: "later", created_at: "2999-01-01", disabled: "maybe" }),
          JSON.stringify({ username: "february", created_at: "2024-02-30" }),
          `{"username": "${hash}`,
          `{"username": "twice", "username": "twice-two"}`,
          JSON.stringify({ username: "shifted", hash }),
          JSON.stringify({ username: hash, password_hash: "shifted" }),
          JSON.stringify({ username: "costly", password_hash: hash.replace("32768", "1073741824") }),
          JSON.stringify({ username: "pеter" }), // a Cyrillic letter
        ].join("\n"),
      );
      const { status, text } = await aegis("import", path, "--apply");
      expect(status).toBe(2);
      const told = [...text.matchAll(/^line (\d+)  (\S+)  /gm)].map(
        ([, line, column]) => `${line} ${column}`,
      );
      expect([...new Set(told)].toSorted()).toEqual(
        [
          "2 username",
          "2 email",
          "3 password_hash",
          "4 roles",
          "5 roles",
          "6 username",
          "7 username",
          "8 email",
          "9 created_at",
          "9 disabled",
          "10 created_at",
          "11 row",
          "12 row",
          "13 row",
          "14 password_hash",
          "14 username",
          "15 password_hash",
          "16 username",
        ].toSorted(),
      );
      expect(text).toContain("error: 15 rows are refused; nothing was written.");
      expect(text).not.toContain(hash.slice(-20));
      expect(await hashOf("fine-one")).toBe("");
      const skipped = await aegis("import", path, "--apply", "--skip-refused");
      expect([skipped.status, skipped.text]).toEqual([1, expect.stringMatching(/made +1\n/)]);
      expect(await hashOf("fine-one")).toBe(hash);
    },
  );

  it("become administrators only where somebody says so", { timeout: 60_000 }, async () => {
    const path = file("boss.jsonl", lines([{ username: "the-boss", roles: ["admin"] }]));
    expect((await aegis("import", path, "--apply")).status).toBe(2);
    expect((await aegis("import", path, "--apply", "--allow-admin")).status).toBe(0);
    expect(await count("select count(*) from aegis_accounts where roles = '{user,admin}'")).toBe(1);
    const { status, text } = await aegis("import", path, "--tenant", "Any", "--role", "owner");
    expect([status, text]).toEqual([2, expect.stringContaining("--allow-admin")]);
  });

  it("join a tenant as what is said, as far as it has room", { timeout: 60_000 }, async () => {
    await sql.query(
      "insert into aegis_tenants (id, name, key, created_at) values (gen_random_uuid(), 'New School', 'new school', now())",
    );
    const path = file("class.jsonl", lines(["p-one", "p-two", "p-three"].map((username) => ({ username }))));
    const tight = file("tight.json", JSON.stringify({ preset: "education", tenancy: { membersLimit: 2 } }));
    const args = ["import", path, "--tenant", "new  SCHOOL", "--role", "author"];
    const looked = await aegis(...args, "--policy", tight);
    expect([looked.status, looked.text]).toEqual([
      1,
      expect.stringMatching(/line 3  row  has no place in the tenant/),
    ]);
    const made = await aegis(...args, "--apply");
    expect([made.status, made.text]).toEqual([0, expect.stringMatching(/made +3\n/)]);
    expect(await count("select count(*) from aegis_memberships where role = 'author'")).toBe(3);
    expect((await aegis("import", path, "--tenant", "No School")).text).toContain("There is no open tenant");
  });

  it(
    "are not written beside what is encrypted under other keys, or not at all",
    { timeout: 60_000 },
    async () => {
      const path = file("one.jsonl", lines([{ username: "one-more" }]));
      const other = start(["import", path, "--apply"], { SECRET_KEY: randomBytes(32).toString("base64url") });
      expect([await other.ended(), other.output()]).toEqual([2, expect.stringContaining("under other keys")]);
      const plain = await aegis("import", path, "--apply", "--plain");
      expect([plain.status, plain.text]).toEqual([2, expect.stringContaining("Leave --plain out")]);
      expect(await hashOf("one-more")).toBe("");
    },
  );
});

describe("ten thousand of them", () => {
  const rows = 10_000;
  /** As text and as rows, all of it together is more than the process may hold. */
  const about = "ж".repeat(2000);
  const hash = werkzeugPbkdf2("one password for all of them");
  const big = (): string =>
    file(
      "big.jsonl",
      lines(
        Array.from({ length: rows }, (_, n) => ({
          username: `person-${n}`,
          email: `person-${n}@example.com`,
          email_verified: true,
          password_hash: hash,
          about_me: about,
        })),
      ),
    );

  it(
    "are brought over once, also where the first run was killed, in little memory",
    { timeout: 400_000 },
    async () => {
      const path = big();
      const before = await count("select count(*) from aegis_accounts");
      const env = { NODE_OPTIONS: "--max-old-space-size=128" };
      const first = start(["import", path, "--apply"], env);
      await first.until(/^1000 rows$/m, 200);
      first.child.kill("SIGKILL");
      await first.ended();
      const left = (await count("select count(*) from aegis_accounts")) - before;
      expect(left).toBeGreaterThanOrEqual(1000);
      expect(left).toBeLessThan(rows);
      expect(left % 200).toBe(0);

      const second = start(["import", path, "--apply"], env);
      expect([await second.ended(), second.output().slice(-600)]).toEqual([0, expect.anything()]);
      expect(second.output()).toMatch(new RegExp(`made +${rows - left}\n`));
      expect(second.output()).toMatch(new RegExp(`there already, left alone +${left}\n`));
      expect(await count("select count(*) from aegis_accounts")).toBe(before + rows);
      expect(await count("select count(*) from aegis_logins where key like 'person-%'")).toBe(2 * rows);
      expect(
        await count(
          "select count(*) from aegis_audit a join aegis_accounts p on p.id::text = a.record::json ->> 'user_id' where p.username like 'person-%'",
        ),
      ).toBe(rows);
      const audit = run(
        process.execPath,
        [
          "--conditions=source",
          join(repository, "packages/aegis-cli/src/main.ts"),
          "audit",
          "verify",
          "--url",
          "--unsigned",
        ],
        { NO_COLOR: "1", NODE_ENV: "test", DATABASE_URL: server.appUrl, SECRET_KEY: SECRET },
      );
      expect([await audit.ended(), audit.output()]).toEqual([0, expect.stringMatching(/^whole$/m)]);
    },
  );
});
