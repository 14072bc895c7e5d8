/** Tenants at the level of SQL: what a pool of connections lets one see of another, whatever goes wrong meanwhile. */
import { randomUUID } from "node:crypto";
import {
  aegisMigrations,
  checkDatabase,
  migrate,
  type SqlClient,
  type SqlPool,
  tenantDatabase,
  type TenantSql,
  tryIsolation,
} from "aegis/stores/postgres";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openPglite } from "../apps/hub/server/database/pglite-pool.ts";
import { startPostgres, type TestPostgres } from "./support/postgres.ts";

/** The full count is 1,000,000: REQUESTS=1000000 npm test -- test/tenant-sql.test.ts */
const REQUESTS = Number(process.env["REQUESTS"] ?? "5000");
const [A, B, C] = [randomUUID(), randomUUID(), randomUUID()];
const TENANTS = [A, B, C];
const ROWS = 40;

/** As an application would write them: each statement names the tenant, and row-level security stands behind it. */
const repositories = (sql: TenantSql) => ({
  list: async () =>
    (await sql.query("select tenant_id, title from lessons where tenant_id = $1", [sql.tenantId])).rows,
  read: async (id: string) =>
    (await sql.query("select tenant_id from lessons where tenant_id = $1 and id = $2", [sql.tenantId, id]))
      .rows,
  add: (title: string) =>
    sql.query("insert into lessons (tenant_id, title) values ($1, $2)", [sql.tenantId, title]),
  rename: (id: string, title: string) =>
    sql.query("update lessons set title = $3 where tenant_id = $1 and id = $2", [sql.tenantId, id, title]),
  remove: (id: string) =>
    sql.query("delete from lessons where tenant_id = $1 and id = $2", [sql.tenantId, id]),
  count: async () =>
    (await sql.query("select count(*)::int as n, count(distinct tenant_id)::int as t from lessons")).rows[0],
  sleep: () => sql.query("select pg_sleep(0.02)"),
  raw: sql,
});
type Repositories = ReturnType<typeof repositories>;

async function prepare(sql: SqlPool): Promise<void> {
  await migrate(sql, [aegisMigrations]);
  await sql.query(`create table lessons (
    id uuid primary key default gen_random_uuid(), tenant_id uuid not null references aegis_tenants (id), title text not null)`);
  await sql.query(
    "create table notes (tenant_id uuid not null, lesson_id uuid references lessons (id), body text not null)",
  );
  await sql.query("create table countries (code text primary key)");
  for (const table of ["lessons", "notes"]) await sql.query(`select aegis_protect_tenant_table('${table}')`);
  for (const [place, id] of TENANTS.entries())
    await sql.query("insert into aegis_tenants (id, name, key, created_at) values ($1, $2, $2, now())", [
      id,
      `tenant ${place}`,
    ]);
}

async function fill(pool: SqlPool, role?: string): Promise<void> {
  const database = tenantDatabase(pool, repositories, role === undefined ? {} : { role });
  for (const tenant of TENANTS)
    await database.inTenant(tenant, async ({ add, raw }) => {
      for (let place = 0; place < ROWS; place++) await add(`lesson ${place}`);
      await raw.query("insert into notes (body) values ('mine')");
    });
}

const foreign = (rows: readonly unknown[], tenant: string): number =>
  rows.filter((row) => JSON.stringify(row).includes("tenant_id") && !JSON.stringify(row).includes(tenant))
    .length;

/** Connections that a test cuts on purpose: idle, or in use. */
const tolerant = (pool: pg.Pool): void => {
  pool.on("error", () => undefined);
  pool.on("connect", (client) => client.on("error", () => undefined));
};

let server: TestPostgres;
let owner: pg.Pool;
let app: pg.Pool;
beforeAll(async () => {
  server = await startPostgres();
  owner = new pg.Pool({ connectionString: server.url, max: 3 });
  await prepare(owner);
  app = new pg.Pool({ connectionString: server.appUrl, max: 10 });
  tolerant(app);
  await fill(app);
});
afterAll(async () => {
  await app?.end();
  await owner?.end();
  await server?.close();
});

/** A repeatable choice, so that a failure can be looked at again. */
function chooser(seed: number): (most: number) => number {
  let state = seed;
  return (most) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * most);
  };
}

/** The same statements with every condition on the tenant taken out, as a careless hand would leave them. */
const withoutConditions = (pool: SqlPool): SqlPool => {
  const strip = (text: string): string => text.replaceAll(/tenant_id = \$(\d)/g, "$$$1::uuid is not null");
  return {
    query: (text, values) => pool.query(strip(text), values),
    connect: async () => {
      const connection = await pool.connect();
      return {
        query: (text, values) => connection.query(strip(text), values),
        release: (destroy) => connection.release(destroy),
      };
    },
  };
};

describe("a pool of ten connections", () => {
  it(`gives ${REQUESTS} mixed requests, with errors and callers that go away, no row of another tenant`, async () => {
    const database = tenantDatabase(app, repositories);
    const ids = new Map<string, string[]>();
    for (const tenant of TENANTS)
      ids.set(
        tenant,
        (await owner.query("select id from lessons where tenant_id = $1", [tenant])).rows.map(({ id }) =>
          String(id),
        ),
      );
    const choose = chooser(5);
    const seen = { foreign: 0, answered: 0, failed: 0, aborted: 0 };
    const one = async (): Promise<void> => {
      const tenant = TENANTS[choose(3)] ?? A;
      const other = TENANTS[choose(3)] ?? A;
      const target = ids.get(other)?.[choose(ROWS)] ?? "";
      const kind = choose(12);
      const caller = new AbortController();
      const leavesAfter = kind === 11 ? choose(4) : undefined;
      const work = async (use: Repositories): Promise<void> => {
        if (leavesAfter !== undefined) setTimeout(() => caller.abort(), leavesAfter).unref();
        if (kind < 3) seen.foreign += foreign(await use.list(), tenant);
        else if (kind < 6) seen.foreign += foreign(await use.read(target), tenant);
        else if (kind === 6)
          seen.foreign += other === tenant ? 0 : ((await use.rename(target, "x")).rowCount ?? 0);
        else if (kind === 7) {
          const changed = (await use.remove(target)).rowCount ?? 0;
          if (other !== tenant) seen.foreign += changed;
          throw new Error("the handler failed after its work");
        } else if (kind === 8) await use.raw.query("select 1 / $1::int", [0]);
        else if (kind === 9)
          await use.raw.query("insert into lessons (tenant_id, title) values ($1, 'x')", [
            tenant === A ? B : A,
          ]);
        else if (kind === 10) seen.foreign += JSON.stringify(await use.count()).includes('"t":1') ? 0 : 1;
        else {
          await use.sleep();
          seen.foreign += foreign(await use.list(), tenant);
        }
        seen.answered += 1;
      };
      try {
        await database.inTenant(tenant, work, caller.signal);
      } catch {
        if (caller.signal.aborted) seen.aborted += 1;
        else seen.failed += 1;
      }
    };
    let left = REQUESTS;
    await Promise.all(
      Array.from({ length: 40 }, async () => {
        while (left > 0) {
          left -= 1;
          await one();
        }
      }),
    );
    expect(seen.foreign).toBe(0);
    expect(Math.min(seen.answered, seen.failed, seen.aborted)).toBeGreaterThan(REQUESTS / 100);
    process.stdout.write(`tenant-sql: ${REQUESTS} requests ${JSON.stringify(seen)}\n`);
    // What the requests left behind: each tenant's own rows, and connections that know no tenant.
    const { rows } = await owner.query("select count(*)::int as n from lessons");
    expect(rows[0]).toEqual({ n: 3 * ROWS });
  }, 3_600_000);

  it("takes no connection back that is in a transaction or knows a tenant", async () => {
    const single = new pg.Pool({ connectionString: server.appUrl, max: 1 });
    tolerant(single);
    const database = tenantDatabase(single, repositories);
    const state = async () =>
      (
        await single.query(
          "select current_setting('aegis.tenant', true) as tenant, count(*)::int as n, now() = statement_timestamp() as fresh from lessons",
        )
      ).rows[0];
    const clean = [
      { tenant: "", n: 0, fresh: true },
      { tenant: null, n: 0, fresh: true },
    ];
    const ways: readonly ((use: Repositories, caller: AbortController) => Promise<unknown>)[] = [
      (use) => use.list(),
      (use) => use.raw.query("select nonsense"),
      () => Promise.reject(new Error("the handler failed")),
      (use) => use.raw.query("select nonsense").catch(() => "swallowed"),
      (use, caller) => {
        setTimeout(() => caller.abort(), 5);
        return use.sleep();
      },
      (use) => use.raw.query("select pg_terminate_backend(pg_backend_pid())"),
      async (use) => void use.list(), // nobody waits for it
    ];
    for (const way of ways) {
      const caller = new AbortController();
      await database.inTenant(A, (use) => way(use, caller), caller.signal).catch(() => undefined);
      expect(clean).toContainEqual(await state());
    }
    await single.end();
  });

  it("calls nothing done that was rolled back because an error in it was swallowed", async () => {
    const database = tenantDatabase(app, repositories);
    const work = async ({ add, raw }: Repositories) => {
      await add("lost");
      await raw.query("select nonsense").catch(() => undefined);
    };
    await expect(database.inTenant(A, work)).rejects.toThrow(/nonsense/);
  });

  it("lets a caller go who has gone away, in the middle of a statement, and writes nothing of it", async () => {
    const database = tenantDatabase(app, repositories);
    const caller = new AbortController();
    const work = async ({ add, raw }: Repositories) => {
      await add("gone");
      setTimeout(() => caller.abort(), 20);
      await raw.query("select pg_sleep(2)");
      await add("gone");
    };
    const order: string[] = [];
    const asleep = owner
      .query("select pg_sleep(1.5)")
      .then(() => order.push("the statement would still run"));
    const gone = database.inTenant(A, work, caller.signal).catch(() => order.push("let go"));
    await Promise.all([asleep, gone]);
    expect(order[0]).toBe("let go");
    expect((await owner.query("select 1 from lessons where title = 'gone'")).rows).toEqual([]);
  });

  it("refuses statements that would leave the tenant, and a handle whose transaction is over", async () => {
    const database = tenantDatabase(app, repositories);
    for (const text of [
      "commit",
      " ; rollback",
      "(select set_config('aegis.tenant', '', true))",
      "select title from lessons where title = '' or SET_CONFIG('aegis.tenant', 'x', true) = ''",
      'select U&"set\\005fconfig"(1)',
      "set local role postgres",
      "RESET ROLE",
      "select 1; select 2",
      "select 1 /* ; */",
      "do $$ begin end $$",
    ])
      await expect(
        database.inTenant(A, ({ raw }) => raw.query(text)),
        text,
      ).rejects.toThrow(/tenant|one statement/);
    for (const nobody of ["", "' or 1=1", A.toUpperCase(), "*"])
      await expect(database.inTenant(nobody, ({ list }) => list())).rejects.toThrow(/named by its id/);
    const kept = await database.inTenant(A, async (use) => use);
    await expect(kept.list()).rejects.toThrow(/has ended/);
  });
});

describe("with every condition taken out of the application's statements", () => {
  it("row-level security alone shows, changes and deletes no row of another tenant", async () => {
    const database = tenantDatabase(withoutConditions(app), repositories);
    const [foreignId] = (
      await owner.query("select id from lessons where tenant_id = $1 limit 1", [B])
    ).rows.map(({ id }) => String(id));
    expect(foreignId).toBeDefined();
    await database.inTenant(A, async (use) => {
      const rows = await use.list();
      expect([rows.length, foreign(rows, A)]).toEqual([ROWS, 0]);
      expect(await use.read(foreignId ?? "")).toEqual([]);
      expect((await use.rename(foreignId ?? "", "stolen")).rowCount).toBe(0);
      expect((await use.remove(foreignId ?? "")).rowCount).toBe(0);
    });
    // The same as somebody whom it does not bind sees them all: so the statements are as careless as they should be.
    const unbound = tenantDatabase(withoutConditions(owner), repositories);
    expect(foreign(await unbound.inTenant(A, ({ list }) => list()), A)).toBe(2 * ROWS);
  });

  it("refuses rows that name another tenant, and gives those that name none to its own", async () => {
    const database = tenantDatabase(app, repositories);
    await expect(
      database.inTenant(A, ({ raw }) =>
        raw.query("insert into lessons (tenant_id, title) values ($1, 'x')", [B]),
      ),
    ).rejects.toThrow(/row-level security/);
    await expect(
      database.inTenant(A, ({ raw }) => raw.query("update lessons set tenant_id = $1", [B])),
    ).rejects.toThrow(/row-level security/);
    const { rows } = await database.inTenant(A, ({ raw }) =>
      raw.query("insert into notes (body) values ('own') returning tenant_id"),
    );
    expect(rows).toEqual([{ tenant_id: A }]);
    expect((await app.query("select 1 from lessons")).rows).toEqual([]);
  });
});

describe("the check of the database", () => {
  /** As an owner changes it; put back afterwards. */
  const changed = async (sql: string, work: () => Promise<void>): Promise<void> => {
    await owner.query(sql);
    try {
      await work();
    } finally {
      await owner.query(
        `drop view if exists all_lessons; drop function if exists see_all(); drop policy if exists public_lessons on lessons;
         alter table lessons alter tenant_id set not null; revoke truncate on lessons from aegis_app;
         alter role hub_app nobypassrls nocreaterole; alter table countries owner to hub; revoke hub from hub_app;
         select aegis_protect_tenant_table('lessons')`,
      );
    }
  };
  const kinds = async (sql: SqlClient = app): Promise<string[]> =>
    (await checkDatabase(sql)).findings.map(({ kind, subject }) => `${kind} ${subject}`);
  const leaks = async (): Promise<string[]> =>
    (await tryIsolation(app))
      .filter(({ outcome }) => outcome === "leak")
      .map(({ table, command }) => `${table} ${command}`);

  it("finds nothing against the application's role, and has tried every command on every table", async () => {
    const { role, tables, findings } = await checkDatabase(app);
    expect([role, tables, findings]).toEqual(["hub_app", ["public.lessons", "public.notes"], []]);
    const trials = await tryIsolation(app);
    expect(trials).toHaveLength(12);
    expect(trials.filter(({ outcome }) => outcome !== "held")).toEqual([]);
  });

  it.each([
    [
      "alter table lessons disable row level security",
      "table_open public.lessons",
      ["select", "insert", "update", "delete", "move", "no tenant"],
    ],
    ["alter table lessons no force row level security", "table_not_forced public.lessons", []],
    ["drop policy aegis_tenant_rows on lessons", "policy_missing public.lessons", []],
    [
      "create policy public_lessons on lessons for select using (title like 'lesson%')",
      "policy_other public.lessons public_lessons",
      ["select", "no tenant"],
    ],
    [
      "alter policy aegis_tenant_rows on lessons with check (true)",
      "policy_missing public.lessons",
      ["insert"],
    ],
    [
      "alter policy aegis_tenant_rows on lessons using (true)",
      "policy_missing public.lessons",
      ["select", "update", "delete", "no tenant"],
    ],
    ["alter table lessons alter tenant_id drop not null", "tenant_nullable public.lessons", []],
    ["grant truncate on lessons to aegis_app", "may_truncate public.lessons", []],
    [
      "create view all_lessons as select * from lessons; grant select on all_lessons to aegis_app",
      "view_passes_rls all_lessons",
      [],
    ],
    [
      "create function see_all() returns bigint language sql security definer as 'select count(*) from lessons'",
      "function_passes_rls see_all()",
      [],
    ],
    [
      "alter role hub_app bypassrls",
      "role_bypasses_rls hub_app",
      ["select", "insert", "update", "delete", "move", "no tenant"],
    ],
    ["alter role hub_app createrole", "role_administers hub_app", []],
    ["alter table countries owner to hub_app", "role_owns table countries", []],
    ["grant hub to hub_app", "role_superuser hub", []],
  ])("names what is wrong after: %s", async (sql, finding, leaking) => {
    await changed(sql, async () => {
      expect(await kinds()).toContain(finding);
      const found = (await leaks()).filter((one) => one.startsWith("public.lessons"));
      if (finding.startsWith("policy_missing") && leaking.includes("select"))
        expect(found).toEqual(expect.arrayContaining(["public.lessons select"]));
      else expect(found.toSorted()).toEqual(leaking.map((command) => `public.lessons ${command}`).toSorted());
    });
    expect(await kinds()).toEqual([]);
  });

  it("names a superuser as one, and nothing that follows of it", async () => {
    expect(await kinds(owner)).toEqual(["role_superuser hub"]);
  });
});

describe("the embedded database", () => {
  it("holds the same within a role that it takes on, although its connection is a superuser", async () => {
    const embedded = await openPglite();
    try {
      await prepare(embedded);
      await fill(embedded, "aegis_app");
      const database = tenantDatabase(withoutConditions(embedded), repositories, { role: "aegis_app" });
      for (const tenant of [A, B]) {
        const rows = await database.inTenant(tenant, ({ list }) => list());
        expect([rows.length, foreign(rows, tenant)]).toEqual([ROWS, 0]);
      }
      await expect(database.inTenant(A, ({ raw }) => raw.query("select nonsense"))).rejects.toThrow();
      const caller = new AbortController();
      const gone = database.inTenant(
        A,
        async (use) => {
          caller.abort();
          return use.list();
        },
        caller.signal,
      );
      await expect(gone).rejects.toThrow(/aborted|given back|has ended/);
      // Given back, the connection is who it was.
      expect(
        (
          await embedded.query(
            "select current_user::text as who, current_setting('aegis.tenant', true) as tenant",
          )
        ).rows,
      ).toEqual([{ who: "postgres", tenant: "" }]);
      const trials = await tryIsolation(embedded, { role: "aegis_app" });
      expect(trials.filter(({ outcome }) => outcome !== "held")).toEqual([]);
      expect(trials).toHaveLength(12);
      expect(
        (await tryIsolation(embedded)).filter(({ outcome }) => outcome === "leak").length,
      ).toBeGreaterThan(5);
    } finally {
      await embedded.end();
    }
  });
});
