/** `aegis check db` as people call it, on a real server. */
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { aegisMigrations, migrate } from "aegis/stores/postgres";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startPostgres, type TestPostgres } from "../../../test/support/postgres.ts";
import { repository } from "../../../test/support/processes.ts";

const aegis = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  new Promise<{ status: number; out: string; talk: string }>((resolve) => {
    const child = execFile(
      process.execPath,
      ["--conditions=source", join(repository, "packages/aegis-cli/src/main.ts"), "check", "db", ...args],
      { cwd: repository, env: { PATH: process.env["PATH"], NO_COLOR: "1", ...env }, timeout: 30_000 },
      (_error, out, talk) => resolve({ status: child.exitCode ?? -1, out, talk }),
    );
  });

let server: TestPostgres;
let owner: pg.Pool;
beforeAll(async () => {
  server = await startPostgres();
  owner = new pg.Pool({ connectionString: server.url, max: 2 });
  await migrate(owner, [aegisMigrations]);
  await owner.query(
    `create table lessons (id int generated always as identity, tenant_id uuid not null, title text not null);
     select aegis_protect_tenant_table('lessons')`,
  );
  for (const id of [randomUUID(), randomUUID()]) {
    await owner.query("insert into aegis_tenants (id, name, key, created_at) values ($1, $2, $2, now())", [
      id,
      `t ${id}`,
    ]);
    await owner.query("insert into lessons (tenant_id, title) values ($1, 'one')", [id]);
  }
});
afterAll(async () => {
  await owner?.end();
  await server?.close();
});

describe("aegis check db", () => {
  it("tells what it tried, and ends with 0 where every tenant's rows are shut", async () => {
    const { status, out, talk } = await aegis([], { DATABASE_URL: server.appUrl });
    expect([status, talk]).toEqual([0, "0 findings; 0 leaks, 6 held, 0 not tried.\n"]);
    expect(out).toContain("role    hub_app");
    expect(out).toMatch(/public\.lessons +delete +held/);
    expect(out).toMatch(/pgcrypto +installed 1\.\d+\npgaudit +(missing|available|installed)/);
  });

  it("names the table and the command of a leak, and ends with 1", async () => {
    await owner.query("alter table lessons disable row level security");
    try {
      const { status, out } = await aegis(["--url", server.appUrl]);
      expect(status).toBe(1);
      expect(out).toContain("table_open: Row-level security is off on public.lessons.");
      expect(out).toMatch(/public\.lessons +select +LEAK +1 row of another tenant/);
      const json = JSON.parse((await aegis(["--url", server.appUrl, "--json"])).out);
      expect([json.ok, json.findings[0].kind]).toEqual([false, "table_open"]);
      // It took back what it tried.
      expect((await owner.query("select count(*)::int as n from lessons")).rows).toEqual([{ n: 2 }]);
    } finally {
      await owner.query("select aegis_protect_tenant_table('lessons')");
    }
  });

  it("names a foreign key whose index was dropped, and what to run, and ends with 1", async () => {
    await owner.query(
      `create table parts (lesson int, tenant_id uuid not null);
       alter table lessons add primary key (tenant_id, id);
       alter table parts add constraint parts_lesson foreign key (tenant_id, lesson) references lessons (tenant_id, id);
       select aegis_protect_tenant_table('parts'); create index parts_lessons on parts (lesson, tenant_id)`,
    );
    try {
      expect((await aegis(["--url", server.appUrl])).status).toBe(0);
      for (const sql of [
        "drop index parts_lessons",
        "create index partly on parts (tenant_id, lesson) where lesson > 0",
        "create index wrong on parts (tenant_id) include (lesson)",
      ]) {
        await owner.query(sql);
        const { status, out } = await aegis(["--url", server.appUrl]);
        expect([status, sql]).toEqual([1, sql]);
        expect(out).toContain(
          "foreign_key_without_index: The foreign key parts_lesson of public.parts has no index. Run: create index on public.parts (tenant_id, lesson).",
        );
      }
      await owner.query("drop index aegis_memberships_account");
      const json = JSON.parse((await aegis(["--url", server.appUrl, "--json"])).out);
      expect(json.findings.map(({ subject }: { subject: string }) => subject)).toEqual([
        "public.aegis_memberships (account_id)",
        "public.parts (tenant_id, lesson)",
      ]);
    } finally {
      await owner.query(
        "drop table parts; alter table lessons drop constraint lessons_pkey; create index aegis_memberships_account on aegis_memberships (account_id)",
      );
    }
  });

  it("refuses a role that nothing binds", async () => {
    const { status, out } = await aegis(["--url", server.url]);
    expect([status, out.includes("role_superuser")]).toEqual([1, true]);
  });

  it("ends with 2 and a hint where there is nothing to look at", async () => {
    expect(await aegis([])).toMatchObject({
      status: 2,
      talk: expect.stringContaining("hint: Set DATABASE_URL"),
    });
    const away = await aegis(["--url", "postgres://nobody:secret-word@127.0.0.1:1/none"]);
    expect([away.status, away.talk.includes("secret-word")]).toEqual([2, false]);
  });
});
