/**
 * Tries it: as the application's role, bound to one tenant, every command on the rows of another, on every table of
 * tenants' rows. In one transaction that is rolled back. What could not be tried says so; it does not pass.
 */
import { TENANT_TABLES } from "./check-database.ts";
import type { SqlClient, SqlPool } from "./client.ts";
import { rowOf, text } from "./rows.ts";

export const TRIED_COMMANDS = ["select", "insert", "update", "delete", "move", "no tenant"] as const;
export type TriedCommand = (typeof TRIED_COMMANDS)[number];

export interface IsolationTrial {
  readonly table: string;
  /** "move": one's own row given to the other tenant. "no tenant": a select where nobody said a tenant. */
  readonly command: TriedCommand;
  readonly outcome: "held" | "leak" | "untried";
  /** One line for a person. */
  readonly observed: string;
}

const NOBODY = "00000000-0000-4000-8000-000000000000";
const MOST_TENANTS = 1000;

/** `role`: taken on for the trial, where the connection's own passes row-level security. */
export async function tryIsolation(
  pool: SqlPool,
  { role }: { readonly role?: string } = {},
): Promise<readonly IsolationTrial[]> {
  const sql = await pool.connect();
  let broken = true;
  try {
    await sql.query("begin");
    try {
      await sql.query("set local statement_timeout = '10s'");
      if (role !== undefined) {
        if (!/^[a-z_][a-z0-9_]{0,62}$/.test(role)) throw new TypeError("no such role can be taken on");
        await sql.query(`set local role ${role}`);
      }
      const names = await sql.query("select id from aegis_tenants order by created_at, id limit $1", [
        MOST_TENANTS,
      ]);
      const tenants = names.rows.map((row) => text(rowOf(row), "id"));
      const tables = (await sql.query(TENANT_TABLES)).rows.map((row) => text(rowOf(row), "name"));
      const trials: IsolationTrial[] = [];
      for (const table of tables) trials.push(...(await tryTable(sql, table, tenants)));
      return trials;
    } finally {
      await sql.query("rollback");
      broken = false;
    }
  } finally {
    sql.release(broken);
  }
}

async function tryTable(
  sql: SqlClient,
  table: string,
  tenants: readonly string[],
): Promise<readonly IsolationTrial[]> {
  const all = (outcome: "untried", observed: string) =>
    TRIED_COMMANDS.map((command) => ({ table, command, outcome, observed }));
  const having: string[] = [];
  for (const tenant of tenants) {
    await enter(sql, tenant);
    const seen = await attempt(sql, `select 1 from ${table} where tenant_id = $1 limit 1`, [tenant]);
    if ("code" in seen) return all("untried", `the role may not read it at all (${seen.code})`);
    if (seen.rows > 0) having.push(tenant);
    if (having.length === 2) break;
  }
  const [other, own] = having;
  if (other === undefined) return all("untried", "no tenant has a row here");

  const trials: IsolationTrial[] = [];
  const note = (command: TriedCommand, outcome: IsolationTrial["outcome"], observed: string): void =>
    void trials.push({ table, command, outcome, observed });
  /** A row that was found is a leak, also where something else stopped what was to be done with it. */
  const mustFindNothing = async (command: TriedCommand, query: string, values: unknown[]): Promise<void> => {
    const done = await attempt(sql, query, values);
    if ("code" in done)
      note(
        command,
        done.isDenied ? "held" : "leak",
        done.isDenied ? "refused" : `only stopped by ${done.code}`,
      );
    else if (done.rows > 0) note(command, "leak", `${done.rows} row of another tenant`);
    else note(command, "held", "0 rows");
  };
  const one = `ctid = any (array(select ctid from ${table} where tenant_id = $1 limit 1))`;
  const self = own ?? tenants.find((tenant) => tenant !== other) ?? NOBODY;

  await enter(sql, self);
  await mustFindNothing("select", `select 1 from ${table} where tenant_id = $1 limit 1`, [other]);
  // Row-level security is asked before any constraint: an error of a constraint means that it said nothing.
  await mustBeRefused(sql, note, "insert", `insert into ${table} (tenant_id) values ($1)`, [other]);
  await mustFindNothing("update", `update ${table} set tenant_id = tenant_id where ${one}`, [other]);
  await mustFindNothing("delete", `delete from ${table} where ${one}`, [other]);
  if (own === undefined) note("move", "untried", "only one tenant has rows here");
  else
    await mustBeRefused(sql, note, "move", `update ${table} set tenant_id = $2 where ${one}`, [own, other]);
  await enter(sql, "");
  await mustFindNothing("no tenant", `select 1 from ${table} where tenant_id = $1 limit 1`, [other]);
  return trials;
}

const enter = (sql: SqlClient, tenant: string) =>
  sql.query("select set_config('aegis.tenant', $1, true)", [tenant]);

async function mustBeRefused(
  sql: SqlClient,
  note: (command: TriedCommand, outcome: IsolationTrial["outcome"], observed: string) => void,
  command: TriedCommand,
  query: string,
  values: unknown[],
): Promise<void> {
  const done = await attempt(sql, query, values);
  if (!("code" in done)) note(command, "leak", "accepted");
  else
    note(
      command,
      done.isDenied ? "held" : "leak",
      done.isDenied ? "refused" : `only stopped by ${done.code}`,
    );
}

/** Insufficient privilege: what row-level security answers, and what a missing grant does. */
const DENIED = "42501";

/** Within a savepoint: nothing of it stays, and the transaction goes on. */
async function attempt(
  sql: SqlClient,
  query: string,
  values: unknown[],
): Promise<{ readonly rows: number } | { readonly code: string; readonly isDenied: boolean }> {
  await sql.query("savepoint attempt");
  try {
    return { rows: (await sql.query(query, values)).rowCount ?? 0 };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "an error";
    return { code, isDenied: code === DENIED };
  } finally {
    await sql.query("rollback to savepoint attempt");
  }
}
