/** The embedded database (PGlite) of development: nobody else may have it open while it is copied. */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { counted, type DatabaseSnapshot, type SqlConnection, type SqlPool } from "aegis/stores/postgres";
import { UsageError } from "../talk.ts";

export interface OpenEmbedded {
  readonly pool: SqlPool;
  readonly close: () => Promise<void>;
}

/** PGlite belongs to the application, which has it installed or uses PostgreSQL. */
export async function openEmbedded(directory: string): Promise<OpenEmbedded> {
  const { PGlite } = await import("@electric-sql/pglite").catch(() => {
    throw new UsageError(
      "The embedded database cannot be opened: @electric-sql/pglite is not installed here.",
    );
  });
  const db = await PGlite.create({ dataDir: directory });
  const query = async (text: string, values?: unknown[]) => {
    const { rows, affectedRows } = await db.query(text, values ?? []);
    return { rows, rowCount: affectedRows ?? rows.length };
  };
  const connection: SqlConnection = { query, release: () => undefined };
  return { pool: { query, connect: async () => connection }, close: () => db.close() };
}

/**
 * `work` with what the database in `folder` holds and where its files lie, while the lock of the hub is held.
 * PGlite has none of its own: a server that starts meanwhile refuses, as this does while one runs.
 */
export async function countedEmbedded<T>(
  folder: string,
  work: (found: Omit<DatabaseSnapshot, "id">, data: string) => Promise<T>,
): Promise<T> {
  const lock = join(folder, "hub.pid");
  const data = join(folder, "pglite");
  // PGlite would make one where there is none.
  if (!existsSync(join(data, "PG_VERSION")))
    throw new UsageError(`There is no embedded database in ${folder}.`);
  try {
    writeFileSync(lock, String(process.pid), { flag: "wx", mode: 0o600 });
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    throw new UsageError(
      `The database in ${folder} is in use by process ${readFileSync(lock, "utf8").slice(0, 10)}.`,
      `Stop it first. If it was killed: rm ${lock}`,
    );
  }
  try {
    return await work(await countedIn(data), data); // closed again: its files lie still
  } finally {
    rmSync(lock, { force: true });
  }
}

async function countedIn(data: string): Promise<Omit<DatabaseSnapshot, "id">> {
  const { pool, close } = await openEmbedded(data);
  try {
    return await counted(pool);
  } finally {
    await close();
  }
}
