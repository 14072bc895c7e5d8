/**
 * The migration runner: plain SQL files, each applied once, in order, in a transaction of its own, under a lock so
 * that two starting processes do not race. An applied file that was changed afterwards stops the run.
 */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import type { SqlClient, SqlConnection, SqlPool } from "./client.ts";
import { rowOf, text } from "./rows.ts";

/** A folder of `NNNN_name.up.sql` files, each with its `.down.sql`. */
export interface MigrationSource {
  readonly name: string;
  readonly directory: URL;
}

export interface Migration {
  /** "source/NNNN_name". */
  readonly id: string;
  readonly up: string;
  readonly down: string;
  readonly checksum: string;
}

export class MigrationError extends Error {
  override readonly name = "MigrationError";
}

const LOCK = 4_713_294_018; // any number that nobody else locks

/** Applies what is missing; the ids that it applied, in order. @throws MigrationError */
export async function migrate(
  pool: SqlPool,
  sources: readonly MigrationSource[],
): Promise<readonly string[]> {
  const migrations = await readMigrations(sources);
  return locked(pool, async (sql) => {
    const applied = await appliedIn(sql);
    demandUnchanged(migrations, applied);
    const missing = migrations.filter(({ id }) => !applied.has(id));
    for (const { id, up, checksum } of missing)
      await inTransaction(sql, id, async () => {
        await sql.query(up);
        await sql.query("insert into aegis_migrations (id, checksum) values ($1, $2)", [id, checksum]);
      });
    return missing.map(({ id }) => id);
  });
}

/** Takes the last `steps` migrations back, newest first; their ids. @throws MigrationError */
export async function rollBack(
  pool: SqlPool,
  sources: readonly MigrationSource[],
  steps: number,
): Promise<readonly string[]> {
  const migrations = await readMigrations(sources);
  return locked(pool, async (sql) => {
    const applied = await appliedIn(sql);
    const last = migrations.filter(({ id }) => applied.has(id)).toReversed();
    return takeBack(sql, last.slice(0, steps));
  });
}

/**
 * Takes back what is later in its source than `heads` (the last id of each source that stays), newest first; of a
 * source without a head everything. The ids that it took back. @throws MigrationError before anything is done, where
 * a head is unknown or not applied, or something is applied whose way back is not here
 */
export async function rollBackTo(
  pool: SqlPool,
  sources: readonly MigrationSource[],
  heads: readonly string[],
): Promise<readonly string[]> {
  const migrations = await readMigrations(sources);
  return locked(pool, async (sql) => {
    const applied = await appliedIn(sql);
    const known = new Set(migrations.map(({ id }) => id));
    for (const head of heads)
      if (!known.has(head) || !applied.has(head))
        throw new MigrationError(`There is no applied migration ${head} to go back to.`);
    const unknown = [...applied.keys()].filter((id) => !known.has(id));
    if (unknown.length > 0)
      throw new MigrationError(
        `The way back of ${unknown.join(", ")} is not in this release. Run it with the release that brought them.`,
      );
    const headOf = new Map(heads.map((head) => [sourceOf(head), head]));
    const later = migrations.filter(({ id }) => applied.has(id) && id > (headOf.get(sourceOf(id)) ?? ""));
    return takeBack(sql, later.toReversed());
  });
}

/** Ids that are applied, in the order of their names. A database that was never migrated has none. */
export async function appliedMigrations(sql: SqlClient): Promise<readonly string[]> {
  const { rows } = await sql.query("select to_regclass('aegis_migrations') is not null as made");
  if (rowOf(rows[0])["made"] !== true) return [];
  return [...(await appliedIn(sql)).keys()].toSorted((a, b) => (a < b ? -1 : 1));
}

/** Ids that are not applied yet; empty when the schema is current. */
export async function pendingMigrations(
  sql: SqlClient,
  sources: readonly MigrationSource[],
): Promise<readonly string[]> {
  const applied = await appliedIn(sql);
  return (await readMigrations(sources)).map(({ id }) => id).filter((id) => !applied.has(id));
}

export async function readMigrations(sources: readonly MigrationSource[]): Promise<readonly Migration[]> {
  const found = await Promise.all(
    sources.map(async ({ name, directory }) => {
      const files = (await readdir(directory)).filter((file) => file.endsWith(".up.sql")).toSorted();
      return Promise.all(
        files.map(async (file): Promise<Migration> => {
          const up = await readFile(new URL(file, directory), "utf8");
          const down = await readFile(new URL(file.replace(/\.up\.sql$/, ".down.sql"), directory), "utf8");
          const id = `${name}/${file.replace(/\.up\.sql$/, "")}`;
          return { id, up, down, checksum: createHash("sha256").update(up).digest("hex") };
        }),
      );
    }),
  );
  return found.flat();
}

async function locked<T>(pool: SqlPool, work: (sql: SqlConnection) => Promise<T>): Promise<T> {
  const sql = await pool.connect();
  try {
    await sql.query("select pg_advisory_lock($1)", [LOCK]);
    try {
      await sql.query(
        "create table if not exists aegis_migrations (id text primary key, checksum text not null, applied_at timestamptz not null default now())",
      );
      return await work(sql);
    } finally {
      await sql.query("select pg_advisory_unlock($1)", [LOCK]);
    }
  } finally {
    sql.release();
  }
}

const sourceOf = (id: string): string => id.slice(0, id.indexOf("/"));

async function takeBack(sql: SqlConnection, migrations: readonly Migration[]): Promise<readonly string[]> {
  for (const { id, down } of migrations)
    await inTransaction(sql, id, async () => {
      await sql.query(down);
      await sql.query("delete from aegis_migrations where id = $1", [id]);
    });
  return migrations.map(({ id }) => id);
}

async function appliedIn(sql: SqlClient): Promise<ReadonlyMap<string, string>> {
  const { rows } = await sql.query("select id, checksum from aegis_migrations");
  return new Map(rows.map((row) => [text(rowOf(row), "id"), text(rowOf(row), "checksum")]));
}

function demandUnchanged(migrations: readonly Migration[], applied: ReadonlyMap<string, string>): void {
  for (const { id, checksum } of migrations) {
    const known = applied.get(id);
    if (known !== undefined && known !== checksum)
      throw new MigrationError(
        `Migration ${id} was changed after it was applied. Put it back as it was, and write the change as a new migration.`,
      );
  }
}

async function inTransaction(sql: SqlClient, id: string, work: () => Promise<void>): Promise<void> {
  await sql.query("begin");
  try {
    await work();
    await sql.query("commit");
  } catch (error) {
    await sql.query("rollback");
    throw new MigrationError(
      `Migration ${id} failed: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
}
