/** The stores and migrations on a real PostgreSQL and on the embedded database: one contract, one code path. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { randomUUID } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { AegisStores } from "aegis/fastify";
import {
  aegisMigrations,
  appliedMigrations,
  migrate,
  pendingMigrations,
  postgresStores,
  rollBack,
  rollBackTo,
  type SqlPool,
} from "aegis/stores/postgres";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDatabase } from "../apps/hub/server/database/open.ts";
import { openPglite } from "../apps/hub/server/database/pglite-pool.ts";
import { describeAccountStore, sampleAccount } from "../packages/aegis/src/account/store.contract.ts";
import { describeApiKeyStore } from "../packages/aegis/src/api-key/store.contract.ts";
import { describeApprovalStore } from "../packages/aegis/src/approval/store.contract.ts";
import { describeAuditLogStore } from "../packages/aegis/src/audit-chain/store.contract.ts";
import { describeEventStore } from "../packages/aegis/src/audit/event-store.contract.ts";
import { describeCspReportStore } from "../packages/aegis/src/headers/csp-store.contract.ts";
import { describeDeviceStore } from "../packages/aegis/src/device/store.contract.ts";
import { describeFactorStore } from "../packages/aegis/src/mfa/store.contract.ts";
import { describeOneTimeStore } from "../packages/aegis/src/one-time/store.contract.ts";
import { describePasskeyStore } from "../packages/aegis/src/passkey/store.contract.ts";
import { describeRevocationLedger } from "../packages/aegis/src/revocation/ledger.contract.ts";
import { PostgresRevocationLedger } from "../packages/aegis/src/stores/postgres/revocation-ledger.ts";
import { describeSessionStore } from "../packages/aegis/src/session/store.contract.ts";
import { describeTenancyStore } from "../packages/aegis/src/tenancy/store.contract.ts";
import { describeThrottleStore } from "../packages/aegis/src/throttle/store.contract.ts";
import { PostgresUploadStore } from "../packages/aegis/src/stores/postgres/upload-store.ts";
import { describeUploadStore } from "../packages/aegis/src/upload/store.contract.ts";
import { describeRefreshStore, describeTokenDenylist } from "../packages/aegis/src/token/store.contract.ts";
import { startPostgres, type TestPostgres } from "./support/postgres.ts";

let server: TestPostgres;
let embedded: Awaited<ReturnType<typeof openPglite>>;
beforeAll(async () => {
  server = await startPostgres();
  embedded = await openPglite();
  await migrate(embedded, [aegisMigrations]);
});
afterAll(async () => {
  await embedded?.end();
  await server?.close();
});

/** A pool of twenty real connections on a migrated database. */
async function openPool(): Promise<pg.Pool> {
  const pool = new pg.Pool({ connectionString: server.url, max: 20 });
  await migrate(pool, [aegisMigrations]);
  return pool;
}

for (const [name, open] of [
  [
    "PostgreSQL",
    async () => {
      const pool = await openPool();
      return { sql: pool, stores: postgresStores(pool), close: () => pool.end() };
    },
  ],
  [
    "the embedded database",
    async () => ({ sql: embedded, stores: postgresStores(embedded), close: async () => undefined }),
  ],
] as const) {
  const opened =
    <K extends keyof AegisStores>(key: K) =>
    async () => {
      const { stores, close } = await open();
      const newAccount = async (): Promise<string> => {
        const account = sampleAccount();
        await stores.accounts.create(account, false);
        return account.id;
      };
      return { store: stores[key], newAccount, close };
    };
  describeAuditLogStore(name, opened("auditLog"));
  describeSessionStore(name, opened("sessions"));
  describeAccountStore(name, opened("accounts"));
  describeThrottleStore(name, opened("throttle"));
  describeOneTimeStore(name, opened("oneTime"));
  describeDeviceStore(name, opened("devices"));
  describeFactorStore(name, opened("factors"));
  describePasskeyStore(name, opened("passkeys"));
  describeApprovalStore(name, opened("approvals"));
  describeEventStore(name, opened("events"));
  describeRevocationLedger(name, async () => {
    const { sql, close } = await open();
    return { store: new PostgresRevocationLedger(sql), close };
  });
  describeRefreshStore(name, opened("refreshTokens"));
  describeTokenDenylist(name, opened("tokenDenylist"));
  describeApiKeyStore(name, opened("apiKeys"));
  describeTenancyStore(name, opened("tenancy"));
  describeUploadStore(name, opened("uploads"));
  describeCspReportStore(name, opened("cspReports"));
}

describe("files of an account that is erased", () => {
  it("are found by nobody from then on, and left to the sweep", async () => {
    const store = new PostgresUploadStore(embedded);
    const [account, tenant, id] = [randomUUID(), randomUUID(), randomUUID()];
    await embedded.query(
      "insert into aegis_accounts (id, username, password_hash, password_changed_at, created_at) values ($1, $2, '', now(), now())",
      [account, account.slice(0, 8)],
    );
    const quota = { tenantBytes: 1e12, accountBytes: 1e12, accountFileLimit: 1e6 };
    await store.reserve({ id, tenantId: tenant, accountId: account, bytes: 9, now: Date.now() }, quota);
    const facts = { name: "a.png", kind: "png", size: 9, digest: "d", width: 1, height: 1 };
    expect(await store.finish(tenant, id, facts)).toBeDefined();
    expect(await store.leftovers(Date.now() - 60_000, 1000)).not.toContain(id);
    await embedded.query("delete from aegis_accounts where id = $1", [account]);
    expect(await store.find(tenant, id)).toBeUndefined();
    expect(await store.leftovers(Date.now() - 60_000, 1000)).toContain(id);
  });
});

describe("migrations", () => {
  const withSource = async (
    files: Readonly<Record<string, string>>,
    work: (source: { name: string; directory: URL }, folder: string) => Promise<void>,
  ) => {
    const folder = mkdtempSync(join(tmpdir(), "aegis-migrations-"));
    for (const [name, sql] of Object.entries(files)) writeFileSync(join(folder, name), sql);
    try {
      await work(
        { name: folder.split("-").at(-1) ?? "test", directory: pathToFileURL(`${folder}/`) },
        folder,
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  };
  let pool: pg.Pool;
  beforeAll(async () => {
    pool = await openPool();
  });
  afterAll(() => pool.end());

  const tableExists = async (sql: SqlPool, name: string): Promise<boolean> =>
    (await sql.query("select 1 from information_schema.tables where table_name = $1", [name])).rows.length ===
    1;

  it("go forward once, even when four processes start at the same moment, and back again", async () => {
    await withSource(
      { "0001_a.up.sql": "create table t_forward (id int)", "0001_a.down.sql": "drop table t_forward" },
      async (source) => {
        expect(await pendingMigrations(pool, [source])).toHaveLength(1);
        const applied = await Promise.all(Array.from({ length: 4 }, () => migrate(pool, [source])));
        expect(applied.flat()).toEqual([`${source.name}/0001_a`]);
        expect(await tableExists(pool, "t_forward")).toBe(true);
        expect(await rollBack(pool, [source], 1)).toEqual([`${source.name}/0001_a`]);
        expect(await tableExists(pool, "t_forward")).toBe(false);
      },
    );
  });

  it("go back to a place in each source, newest first, and nowhere that is unknown", async () => {
    const files = (table: string) => ({
      "0001_a.up.sql": `create table ${table} (id int)`,
      "0001_a.down.sql": `drop table ${table}`,
      "0002_b.up.sql": `alter table ${table} add column b int`,
      "0002_b.down.sql": `alter table ${table} drop column b`,
      "0003_c.up.sql": `create index ${table}_b on ${table} (b)`,
      "0003_c.down.sql": `drop index ${table}_b`,
    });
    const fresh = new pg.Pool({ connectionString: server.url.replace(/[^/]+$/, "heads") });
    await pool.query("create database heads");
    try {
      await withSource(files("t_one"), (one) =>
        withSource(files("t_two"), async (two) => {
          const sources = [
            { ...one, name: "one" },
            { ...two, name: "two" },
          ];
          expect(await appliedMigrations(fresh)).toEqual([]);
          await migrate(fresh, sources);
          expect(await appliedMigrations(fresh)).toHaveLength(6);
          await expect(rollBackTo(fresh, sources, ["one/0002_b", "two/0004_d"])).rejects.toThrow(
            "no applied migration two/0004_d",
          );
          // An older release knows no way back of what it has never seen.
          await expect(rollBackTo(fresh, sources.slice(0, 1), ["one/0001_a"])).rejects.toThrow(
            "The way back of two/0001_a, two/0002_b, two/0003_c is not in this release",
          );
          expect(await appliedMigrations(fresh)).toHaveLength(6);
          expect(await rollBackTo(fresh, sources, ["one/0001_a", "two/0002_b"])).toEqual([
            "two/0003_c",
            "one/0003_c",
            "one/0002_b",
          ]);
          expect(await rollBackTo(fresh, sources, ["one/0001_a", "two/0002_b"])).toEqual([]);
        }),
      );
    } finally {
      await fresh.end();
    }
  });

  it("leave nothing of a migration that fails half way", async () => {
    await withSource(
      { "0001_b.up.sql": "create table t_half (id int); select 1/0", "0001_b.down.sql": "drop table t_half" },
      async (source) => {
        await expect(migrate(pool, [source])).rejects.toThrow(/0001_b failed: division by zero/);
        expect(await tableExists(pool, "t_half")).toBe(false);
      },
    );
  });

  it("stop when an applied file was changed afterwards", async () => {
    await withSource(
      { "0001_c.up.sql": "create table t_changed (id int)", "0001_c.down.sql": "drop table t_changed" },
      async (source, folder) => {
        await migrate(pool, [source]);
        writeFileSync(join(folder, "0001_c.up.sql"), "create table t_changed (id bigint)");
        await expect(migrate(pool, [source])).rejects.toThrow(/was changed after it was applied/);
      },
    );
  });
});

describe("the embedded database", () => {
  it("is refused in production", async () => {
    await expect(
      openDatabase({ databaseUrl: undefined, dataDirectory: "unused", environment: "production" }),
    ).rejects.toThrow(/DATABASE_URL is missing/);
  });

  it("is opened by one process at a time, and taken over from one that was killed", async () => {
    const folder = mkdtempSync(join(tmpdir(), "aegis-lock-"));
    const options = { databaseUrl: undefined, dataDirectory: folder, environment: "development" } as const;
    const first = await openDatabase(options);
    await expect(openDatabase(options)).rejects.toThrow(/in use by process/);
    await first.close();
    writeFileSync(join(folder, "hub.pid"), "999999999");
    await (await openDatabase(options)).close();
    rmSync(folder, { recursive: true });
  });
});
