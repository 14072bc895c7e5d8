import type { Environment } from "aegis";
import type { SqlPool } from "aegis/stores/postgres";
import pg from "pg";
import { ConfigError } from "../config-error.ts";
import { lockDirectory } from "./directory-lock.ts";

export interface DatabaseOptions {
  /** PostgreSQL; undefined: the embedded database. */
  readonly databaseUrl: string | undefined;
  readonly dataDirectory: string;
  readonly environment: Environment;
  /** Told of connections that break while nobody uses them. */
  readonly onIdleError?: (error: Error) => void;
}

export interface Database {
  readonly kind: "postgresql" | "embedded";
  readonly pool: SqlPool;
  /** Connections in use; undefined where there is one alone. */
  readonly poolState?: () => { readonly used: number; readonly limit: number; readonly waiting: number };
  close(): Promise<void>;
}

const MOST_CONNECTIONS = 10;
const CONNECT_WITHIN_MS = 3_000; // a request must not wait longer for a database that is away
const STATEMENT_WITHIN_MS = 10_000;

/** @throws ConfigError when production asks for the embedded database, or another process has it. */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  if (options.databaseUrl !== undefined) return openPostgres(options.databaseUrl, options.onIdleError);
  if (options.environment === "production")
    throw new ConfigError(
      "DATABASE_URL is missing: production needs PostgreSQL; the embedded database is for development only.",
    );
  const unlock = lockDirectory(options.dataDirectory);
  try {
    const { openPglite } = await import("./pglite-pool.ts"); // production never loads it
    const pool = await openPglite(`${options.dataDirectory}/pglite`);
    return {
      kind: "embedded",
      pool,
      close: async () => {
        await pool.end();
        unlock();
      },
    };
  } catch (error) {
    unlock();
    throw error;
  }
}

export function openPostgres(
  connectionString: string,
  onIdleError: (error: Error) => void = () => undefined,
): Database {
  const pool = new pg.Pool({
    connectionString,
    max: MOST_CONNECTIONS,
    connectionTimeoutMillis: CONNECT_WITHIN_MS,
    statement_timeout: STATEMENT_WITHIN_MS,
    query_timeout: STATEMENT_WITHIN_MS + 1_000,
    application_name: "hub",
  });
  // Without a listener a connection that breaks would end the process: idle, or in the middle of a transaction.
  pool.on("error", onIdleError);
  pool.on("connect", (client) => client.on("error", onIdleError));
  return {
    kind: "postgresql",
    pool,
    poolState: () => ({
      used: pool.totalCount - pool.idleCount,
      limit: MOST_CONNECTIONS,
      waiting: pool.waitingCount,
    }),
    close: () => pool.end(),
  };
}
