/**
 * Encrypted columns on a real PostgreSQL: what a dump holds, and a rotation that is killed again and again.
 * REWRAP_ROWS=100000 REWRAP_KILLS=10 for the full count.
 */
import { execFileSync } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  derivedDataKeys,
  encryptedColumn,
  newDataKeyRing,
  openDataKeys,
  parseDataKeyRing,
  SealError,
  systemRandom,
} from "aegis";
import {
  aegisMigrations,
  migrate,
  PostgresAccountStore,
  rewrapColumn,
  sealedAccountColumns,
  sealedAccounts,
  serverProtection,
} from "aegis/stores/postgres";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openPglite } from "../apps/hub/server/database/pglite-pool.ts";
import { sealWhatIsPlain } from "../apps/hub/server/data-keys.ts";
import { sampleAccount } from "../packages/aegis/src/account/store.contract.ts";
import { binaries, startPostgres, type TestPostgres } from "./support/postgres.ts";
import { repository, run } from "./support/processes.ts";

const ROWS = Number(process.env["REWRAP_ROWS"] ?? 3000);
const KILLS = Number(process.env["REWRAP_KILLS"] ?? 3);
const BATCH = Math.floor(ROWS / (KILLS * 6));

let server: TestPostgres;
let sql: pg.Pool;
let folder: string;
let embedded: Awaited<ReturnType<typeof openPglite>>;
const ring = newDataKeyRing(systemRandom, 0);
const keys = openDataKeys(ring);
const letters = encryptedColumn(
  { table: "letters", column: "address", search: "caseless" },
  keys,
  systemRandom,
);

beforeAll(async () => {
  server = await startPostgres();
  sql = new pg.Pool({ connectionString: server.url, max: 5 });
  folder = mkdtempSync(join(tmpdir(), "aegis-keys-"));
  embedded = await openPglite();
  for (const pool of [sql, embedded]) await migrate(pool, [aegisMigrations]);
  await sql.query(`create table letters (
    id bigint generated always as identity primary key, tenant uuid not null,
    address text, address_index text, unique (tenant, address_index))`);
});
afterAll(async () => {
  await embedded?.end();
  await sql?.end();
  await server?.close();
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

const dump = (): string =>
  execFileSync(`${binaries()}/pg_dump`, ["--inserts", server.url], {
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
const forms = (text: string): string[] => [
  text,
  Buffer.from(text).toString("hex"),
  Buffer.from(text).toString("base64").slice(0, -4),
];

/** A letter to somebody, as an application keeps it: the row first, for its id is what the address is bound to. */
async function post(tenant: string, address: string): Promise<string> {
  const { rows }: pg.QueryResult<{ id: string }> = await sql.query(
    "insert into letters (tenant) values ($1) returning id",
    [tenant],
  );
  const id = rows[0]?.id ?? "";
  await sql.query("update letters set address = $2, address_index = $3 where id = $1", [
    id,
    letters.seal(address, { row: id, tenant }),
    letters.blindIndex(address, tenant),
  ]);
  return id;
}

describe("a dump", () => {
  it("holds none of a thousand planted texts, and would hold one that was not sealed", async () => {
    const accounts = sealedAccounts(new PostgresAccountStore(sql), keys);
    const tenant = randomUUID();
    const planted = Array.from({ length: 1000 }, (_, n) => `Planted ${n} ${randomBytes(9).toString("hex")}`);
    for (const [n, text] of planted.entries()) {
      if (n % 3 === 0) await post(tenant, text);
      else if (n % 3 === 1) await accounts.create({ ...sampleAccount(), aboutMe: text }, false);
      else {
        const account = sampleAccount();
        await accounts.create(account, false);
        await accounts.updateProfile(account.id, { displayName: text, aboutMe: "" });
      }
    }
    const found = (texts: readonly string[]): string[] => {
      const all = dump().toLowerCase();
      return texts.filter((text) => forms(text).some((form) => all.includes(form.toLowerCase())));
    };
    expect(found(planted)).toEqual([]);
    const open = sampleAccount();
    await new PostgresAccountStore(sql).create({ ...open, aboutMe: "Planted in the open" }, false);
    expect(found([...planted, "Planted in the open"])).toEqual(["Planted in the open"]);
    await sql.query("delete from aegis_accounts where id = $1", [open.id]);
  });
});

describe("a blind index", () => {
  it("finds a row and keeps it alone in its tenant, with nothing readable beside it", async () => {
    const [acme, other] = [randomUUID(), randomUUID()];
    const id = await post(acme, "Ada@example.com");
    await expect(post(acme, "ada@EXAMPLE.com ")).rejects.toMatchObject({ code: "23505" });
    await post(other, "ada@example.com");
    const { rows }: pg.QueryResult<{ id: string; address: string }> = await sql.query(
      "select id, address from letters where tenant = $1 and address_index = $2",
      [acme, letters.blindIndex("ada@example.com", acme)],
    );
    expect(rows.map((row) => [row.id, letters.open(row.address, { row: row.id, tenant: acme })])).toEqual([
      [id, "Ada@example.com"],
    ]);
  });
});

describe("an account", () => {
  it("does not open with the words of another in its row", async () => {
    const accounts = sealedAccounts(new PostgresAccountStore(sql), keys);
    const [ada, eve] = [sampleAccount(), sampleAccount()];
    await accounts.create({ ...ada, aboutMe: "Private" }, false);
    await accounts.create(eve, false);
    await sql.query(
      "update aegis_accounts set about_me = (select about_me from aegis_accounts where id = $1) where id = $2",
      [ada.id, eve.id],
    );
    await expect(accounts.findById(eve.id)).rejects.toThrow(SealError);
    await sql.query("update aegis_accounts set about_me = '' where id = $1", [eve.id]);
    expect((await accounts.findById(ada.id))?.aboutMe).toBe("Private");
  });
});

for (const [name, database] of [
  ["PostgreSQL", () => sql],
  ["the embedded database", () => embedded],
] as const)
  describe(name, () => {
    it("has what was written before sealed at the start, the empty left alone, and none of it twice", async () => {
      const pool = database();
      const plain = new PostgresAccountStore(pool);
      const before = [
        { ...sampleAccount(), displayName: "Ada", aboutMe: "e1.looks like it" },
        sampleAccount(),
      ] as const;
      for (const account of before) await plain.create(account, false);
      const derived = derivedDataKeys([new Uint8Array(32).fill(1)]);
      await sealWhatIsPlain(pool, derived);
      const sealed = await plain.findById(before[0].id);
      expect(sealed?.aboutMe).toMatch(/^e1\.[\w-]{8}\./);
      await sealWhatIsPlain(pool, derived);
      expect(await plain.findById(before[0].id)).toEqual(sealed);
      for (const account of before)
        expect(await sealedAccounts(plain, derived).findById(account.id)).toEqual(account);
      for (const { id } of before) await pool.query("delete from aegis_accounts where id = $1", [id]);
    });

    it("says which extensions it has, instead of going without them in silence", async () => {
      const pool = database();
      const found = await serverProtection(pool);
      expect(found.map(({ name: extension }) => extension)).toEqual(["pgcrypto", "pgaudit"]);
      const { rows } = await pool.query("select extname from pg_extension");
      for (const { name: extension, state } of found)
        expect(JSON.stringify(rows).includes(extension)).toBe(state === "installed");
      if (name === "PostgreSQL") expect(found[0]?.state).toBe("installed"); // Debian's server brings it
    });
  });

describe("a server with pgaudit", () => {
  it("has it switched on by the migration where it is loaded, and told as available where it is not", async () => {
    expect((await serverProtection(sql))[1]).toMatchObject({
      name: "pgaudit",
      state: "available",
      logs: null,
    });
    const loaded = await startPostgres(["shared_preload_libraries=pgaudit", "pgaudit.log=ddl,role"]);
    const pool = new pg.Pool({ connectionString: loaded.url, max: 2 });
    await migrate(pool, [aegisMigrations]);
    expect((await serverProtection(pool))[1]).toMatchObject({
      name: "pgaudit",
      state: "installed",
      version: expect.stringMatching(/^\d/),
      logs: "ddl,role",
    });
    await pool.end();
    await loaded.close();
  });

  it("takes the migration too from a role that may switch nothing on", async () => {
    await sql.query("create role plain login");
    await sql.query("create database plain owner plain");
    const pool = new pg.Pool({
      connectionString: server.url.replace("hub@", "plain@").replace(/postgres$/, "plain"),
      max: 2,
    });
    await migrate(pool, [aegisMigrations]);
    expect((await serverProtection(pool)).map(({ state }) => state)).toEqual(["installed", "available"]); // pgcrypto is trusted
    await pool.end();
  });
});

describe("a rotation", () => {
  const aegis = (args: readonly string[]) =>
    run(
      process.execPath,
      ["--conditions=source", join(repository, "packages/aegis-cli/src/main.ts"), ...args],
      { NO_COLOR: "1", DATABASE_URL: server.url, DATA_KEYS_FILE: join(folder, "ring.json") },
      folder,
    );
  const rewrap = () =>
    aegis(["keys", "rewrap", "--column", "letters.address:id:tenant", "--batch", String(BATCH)]);

  it(
    "killed again and again ends with nothing unreadable and nothing under the old key",
    { timeout: 600_000 },
    async () => {
      writeFileSync(join(folder, "ring.json"), JSON.stringify(ring), { mode: 0o600 });
      const tenant = randomUUID();
      const { rows: made }: pg.QueryResult<{ id: string }> = await sql.query(
        "insert into letters (tenant) select $1 from generate_series(1, $2::int) returning id",
        [tenant, ROWS],
      );
      const ids = made.map(({ id }) => id);
      await sql.query(
        "update letters as t set address = v.a from unnest($1::bigint[], $2::text[]) as v (id, a) where t.id = v.id",
        [ids, ids.map((id) => letters.seal(`Letter ${id}`, { row: id, tenant }))],
      );
      const rotated = aegis(["keys", "rotate", "ring.json"]);
      expect([await rotated.ended(), rotated.output()]).toEqual([
        0,
        expect.stringMatching(/active {8}[\w-]{8}/),
      ]);

      for (let kill = 0; kill < KILLS; kill++) {
        const going = rewrap();
        await going.until(/letters\.address: \d+/);
        going.child.kill("SIGKILL");
        expect(await going.ended()).toBeNull();
      }
      const last = rewrap();
      expect([await last.ended(), last.output()]).toEqual([
        0,
        expect.stringMatching(/letters\.address {2}\d+ rewrapped {2}0 unreadable {2}0 left/),
      ]);

      const now = openDataKeys(parseDataKeyRing(JSON.parse(readFileSync(join(folder, "ring.json"), "utf8"))));
      const fresh = encryptedColumn({ table: "letters", column: "address" }, now, systemRandom);
      const alone = { ...now, byKid: new Map([[now.active.kid, now.active]]) };
      const { rows }: pg.QueryResult<{ id: string; tenant: string; address: string }> = await sql.query(
        "select id, tenant, address from letters where address is not null",
      );
      const withoutTheOld = encryptedColumn({ table: "letters", column: "address" }, alone, systemRandom);
      expect(rows.filter(({ address }) => fresh.isOld(address))).toEqual([]);
      for (const row of rows.filter((one) => one.tenant === tenant))
        expect(withoutTheOld.open(row.address, { row: row.id, tenant })).toBe(`Letter ${row.id}`);
      expect(rows.length).toBeGreaterThanOrEqual(ROWS);

      const dropped = aegis(["keys", "drop", "ring.json", ring.data_keys[0]?.kid ?? ""]);
      expect(await dropped.ended()).toBe(0);
    },
  );

  it("leaves what does not open as it is and names it; what was written meanwhile stays", async () => {
    await sql.query("delete from letters"); // those are under the ring of the rotation
    const other = openDataKeys(newDataKeyRing(systemRandom, 0));
    const tenant = randomUUID();
    const [lost, busy] = [await post(tenant, "lost"), await post(tenant, "busy")];
    await sql.query("update letters set address = $2 where id = $1", [
      lost,
      `e1.AAAAAAAA.${"A".repeat(118)}`,
    ]);
    const target = { table: "letters", column: "address", rowColumn: "id", tenantColumn: "tenant" };
    const meanwhile = encryptedColumn(target, other, systemRandom);
    const both = { ...other, byKid: new Map([...keys.byKid, ...other.byKid]) };
    const racing = {
      query: async (text: string, values?: unknown[]) => {
        if (text.startsWith("update"))
          await sql.query("update letters set address = $2 where id = $1", [
            busy,
            meanwhile.seal("newer", { row: busy, tenant }),
          ]);
        return sql.query(text, values);
      },
    };
    const result = await rewrapColumn(racing, target, both);
    expect(result.unreadable).toContain(lost);
    const { rows }: pg.QueryResult<{ id: string; address: string }> = await sql.query(
      "select id, address from letters where id = any ($1)",
      [[lost, busy]],
    );
    const now = new Map(rows.map(({ id, address }) => [id, address]));
    expect(now.get(lost)).toBe(`e1.AAAAAAAA.${"A".repeat(118)}`);
    expect(meanwhile.open(now.get(busy) ?? "", { row: busy, tenant })).toBe("newer");
  });

  it("does not say that nothing is left where row-level security hides rows", async () => {
    await sql.query(
      "create role reader; grant all on letters to reader; alter table letters enable row level security",
    );
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    await client.query("set role reader");
    const target = { table: "letters", column: "address", rowColumn: "id" };
    await expect(rewrapColumn(client, target, keys)).rejects.toThrow(/BYPASSRLS/);
    await client.end();
    expect(sealedAccountColumns.length).toBe(2);
  });
});
