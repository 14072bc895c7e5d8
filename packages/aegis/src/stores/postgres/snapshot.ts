/** What a database holds, counted in one snapshot that `pg_dump` then uses too; and whether one is empty. */
import type { SqlClient } from "./client.ts";
import { count, optionalText, rowOf, text } from "./rows.ts";

export interface DatabaseSnapshot {
  /** For `pg_dump --snapshot`; null where it was not asked for. */
  readonly id: string | null;
  /** The database's name. */
  readonly database: string;
  readonly serverVersion: string;
  /** Rows by table, `schema.table` as SQL quotes it. */
  readonly tables: Readonly<Record<string, number>>;
  readonly roles: readonly string[];
  /** One that may log in. */
  readonly superuser: string | null;
  readonly preloadLibraries: readonly string[];
  /** The audit log's last entry; null where there is none, or no such log. */
  readonly audit: { readonly seq: number; readonly hash: string } | null;
}

const SYSTEM = "('pg_catalog', 'information_schema', 'pg_toast')";

/**
 * Runs `work` while the snapshot is held. `shared`: other connections may use it, which PGlite has none of.
 * @throws where row-level security hides rows from this role: a backup without them would look whole
 */
export async function withSnapshot<T>(
  sql: SqlClient,
  work: (snapshot: DatabaseSnapshot) => Promise<T>,
  { shared = true }: { readonly shared?: boolean } = {},
): Promise<T> {
  await sql.query("begin transaction isolation level repeatable read read only");
  try {
    await sql.query("set local row_security = off");
    await sql.query("set local statement_timeout = 0");
    await sql.query("set local idle_in_transaction_session_timeout = 0"); // a dump may take hours
    const id = shared ? text(await one(sql, "select pg_export_snapshot() as id"), "id") : null;
    return await work({ id, ...(await counted(sql)) });
  } finally {
    await sql.query("rollback");
  }
}

/** The same of a database that nobody else uses, without holding anything. */
export async function counted(sql: SqlClient): Promise<Omit<DatabaseSnapshot, "id">> {
  const names = await sql.query(
    `select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind = 'r' and c.relpersistence <> 't' and n.nspname not in ${SYSTEM} order by 1`,
  );
  const tables: Record<string, number> = {};
  for (const row of names.rows) {
    const name = text(rowOf(row), "name"); // quoted by the server
    tables[name] = count(await one(sql, `select count(*) as total from only ${name}`), "total");
  }
  const roles = await sql.query(
    `select distinct r.rolname as name from pg_roles r join pg_shdepend d on d.refclassid = 'pg_authid'::regclass and d.refobjid = r.oid
      where d.dbid = (select oid from pg_database where datname = current_database())
     union select r.rolname from pg_roles r join pg_database b on b.datdba = r.oid where b.datname = current_database()
     order by 1`,
  );
  const settings = await one(
    sql,
    `select current_database()::text as database, current_setting('server_version') as version, (select setting from pg_settings where name = 'shared_preload_libraries') as preload,
            (select rolname::text from pg_roles where rolsuper and rolcanlogin order by oid limit 1) as superuser`,
  );
  return {
    database: text(settings, "database"),
    serverVersion: text(settings, "version"),
    tables,
    roles: roles.rows.map((row) => text(rowOf(row), "name")),
    superuser: optionalText(settings, "superuser"),
    preloadLibraries: (optionalText(settings, "preload") ?? "") // hidden from who is not in pg_read_all_settings
      .split(",")
      .map((name) => name.trim())
      .filter((name) => name !== ""),
    audit: Object.hasOwn(tables, "public.aegis_audit") ? await lastEntry(sql) : null,
  };
}

async function lastEntry(sql: SqlClient): Promise<DatabaseSnapshot["audit"]> {
  const { rows } = await sql.query("select seq, hash from public.aegis_audit order by seq desc limit 1");
  if (rows[0] === undefined) return null;
  const row = rowOf(rows[0]);
  return { seq: count(row, "seq"), hash: text(row, "hash") };
}

/** Whether nobody made anything in it yet. */
export async function isEmptyDatabase(sql: SqlClient): Promise<boolean> {
  const row = await one(
    sql,
    `select (select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace
              where n.nspname not in ${SYSTEM} and n.nspname !~ '^pg_' and c.relkind in ('r', 'p', 'v', 'm', 'S', 'f'))
          + (select count(*) from pg_proc p join pg_namespace n on n.oid = p.pronamespace
              where n.nspname = 'public'
                and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e'))
          + (select count(*) from pg_namespace where nspname not in ('public', 'information_schema') and nspname !~ '^pg_') as total`,
  );
  return count(row, "total") === 0;
}

/** Roles that a restore will name and the server does not have. */
export async function missingRoles(sql: SqlClient, roles: readonly string[]): Promise<readonly string[]> {
  const { rows } = await sql.query("select rolname as name from pg_roles");
  const there = new Set(rows.map((row) => text(rowOf(row), "name")));
  return roles.filter((name) => !there.has(name));
}

export interface WalPlace {
  /** The segment that is being written. */
  readonly segment: string;
  readonly segmentBytes: number;
}

/** Where the log is now; asked before and after a base is made. */
export async function walPlace(sql: SqlClient): Promise<WalPlace> {
  const row = await one(
    sql,
    "select pg_walfile_name(pg_current_wal_lsn()) as segment, setting from pg_settings where name = 'wal_segment_size'",
  );
  return { segment: text(row, "segment"), segmentBytes: count(row, "setting") };
}

/** As SQL writes a name. */
export const quotedName = (name: string): string => `"${name.replaceAll('"', '""')}"`;

async function one(sql: SqlClient, query: string) {
  const { rows } = await sql.query(query);
  const row = rowOf(rows[0]);
  return row;
}
