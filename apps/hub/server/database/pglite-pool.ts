/**
 * The embedded database behind the face of a `pg.Pool`, so that there is one code path. For development only: PGlite
 * does not fsync, and its one session is a superuser, so row-level security stops mistakes there, not injection.
 */
import { PGlite, types } from "@electric-sql/pglite";
import type { SqlConnection, SqlPool, SqlResult } from "aegis/stores/postgres";

/** int8 as text, as node-postgres gives it: beyond 2^53 a number would be wrong in silence. */
const parsers = { [types.INT8]: (value: string) => value };

export interface EmbeddedPool extends SqlPool {
  end(): Promise<void>;
}

/** `directory` undefined: in memory. */
export async function openPglite(directory?: string): Promise<EmbeddedPool> {
  const db = await PGlite.create({ ...(directory === undefined ? {} : { dataDir: directory }), parsers });
  let last: Promise<void> = Promise.resolve();

  const run = async (text: string, values?: unknown[]): Promise<SqlResult> => {
    if (values === undefined || values.length === 0) {
      const results = await db.exec(text, { parsers });
      const final = results.at(-1);
      return { rows: final?.rows ?? [], rowCount: final === undefined ? 0 : countOf(final) };
    }
    const result = await db.query(text, values, { parsers });
    return { rows: result.rows, rowCount: countOf(result) };
  };

  /** One session only: whoever connects waits until the one before has released. */
  const connect = async (): Promise<SqlConnection> => {
    const before = last;
    let done: () => void = () => undefined;
    last = new Promise((resolve) => {
      done = resolve;
    });
    await before;
    let released = false;
    const rolledBack = () => db.exec("rollback").catch(() => undefined); // where nothing had begun
    return {
      query(text, values) {
        if (released) throw new Error("this connection was given back");
        return run(text, values);
      },
      release(destroy) {
        if (released) return;
        released = true;
        // There is but one session: what another pool would close with the connection is rolled back here.
        if (destroy === undefined || destroy === false) done();
        else void rolledBack().finally(() => done());
      },
    };
  };

  return {
    connect,
    async query(text, values) {
      const connection = await connect();
      try {
        return await connection.query(text, values);
      } finally {
        connection.release();
      }
    },
    end: () => db.close(),
  };
}

/** node-postgres counts the rows of a select too; PGlite only those that changed. */
const countOf = (result: { rows: unknown[]; affectedRows?: number }): number =>
  result.rows.length > 0 ? result.rows.length : (result.affectedRows ?? 0);
