import pg from "pg";
import type { SqlClient } from "aegis/stores/postgres";
import { readSecrets } from "./secrets.ts";
import { UsageError } from "./talk.ts";

const CONNECT_WITHIN_MS = 5_000;

/** One connection to `--url` or the server's DATABASE_URL. The address may hold a password: it is not repeated. */
export async function withDatabase<T>(
  url: string | undefined,
  work: (sql: SqlClient, address: string) => Promise<T>,
): Promise<T> {
  const connectionString = url ?? (await readSecrets("DATABASE_URL"))["DATABASE_URL"];
  if (connectionString === undefined || !/^postgres(ql)?:\/\//.test(connectionString))
    throw new UsageError(
      "It is not said which database.",
      "Set DATABASE_URL=postgres://user@host/database, or --url (which other users of this machine can read).",
    );
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: CONNECT_WITHIN_MS });
  try {
    await client.connect();
  } catch (error) {
    throw new UsageError(
      `The database does not answer: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  try {
    return await work(client, connectionString);
  } finally {
    await client.end();
  }
}
