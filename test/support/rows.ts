/** Tenants' rows for a hub with stores in memory: the embedded database, opened when the first request asks for it. */
import type { SqlPool } from "aegis/stores/postgres";
import { migrate } from "aegis/stores/postgres";
import type { Catalogue } from "../../apps/hub/server/features/content/catalogue.ts";
import { syncCourseDocuments } from "../../apps/hub/server/features/search/course-documents.ts";
import { migrationSources } from "../../apps/hub/server/database/migrations.ts";
import { type EmbeddedPool, openPglite } from "../../apps/hub/server/database/pglite-pool.ts";
import type { TenantRows } from "../../apps/hub/server/database/tenant-rows.ts";

/** Tenants and accounts are in memory beside it: no row may refer to them. */
const LET_GO = `do $$ declare key record; begin
  for key in select conrelid::regclass as of, conname from pg_constraint
    where contype = 'f' and confrelid::regclass::text like 'aegis%' and conrelid::regclass::text not like 'aegis%'
  loop execute format('alter table %s drop constraint %I', key.of, key.conname); end loop;
end $$`;

export function rowsInMemory(catalogue: Catalogue): TenantRows & { close(): Promise<void> } {
  let opening: Promise<EmbeddedPool> | undefined;
  const open = (): Promise<EmbeddedPool> => (opening ??= prepare(catalogue));
  const pool: SqlPool = {
    connect: async () => (await open()).connect(),
    query: async (text, values) => (await open()).query(text, values),
  };
  return { pool, role: "aegis_app", close: async () => (await opening)?.end() };
}

async function prepare(catalogue: Catalogue): Promise<EmbeddedPool> {
  const pool = await openPglite();
  await migrate(pool, migrationSources);
  await pool.query(LET_GO);
  await syncCourseDocuments(pool, catalogue);
  return pool;
}
