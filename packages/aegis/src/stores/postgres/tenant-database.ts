/**
 * The one door to tables of tenants' rows. Threat: a query that forgets its condition, or a pooled connection that still
 * knows the last request's tenant. Rule: repositories are made of a handle that exists only within a transaction bound to
 * one tenant; the binding is local to that transaction, so that its end, however it comes, ends it; and PostgreSQL holds
 * every row against it (`aegis_protect_tenant_table`). References: ASVS 5.0 8.2.2, 8.4.1; requirement TEN-2.
 */
import type { SqlConnection, SqlPool, SqlResult } from "./client.ts";

/** SQL within one tenant. It ends with its transaction: what is kept of it, and used later, is refused. */
export interface TenantSql {
  readonly tenantId: string;
  query(text: string, values?: readonly unknown[]): Promise<SqlResult>;
}

export interface TenantDatabaseOptions {
  /**
   * Taken on for the length of each transaction: needed where the connection itself could pass row-level security, as
   * that of an embedded database does.
   */
  readonly role?: string;
}

export interface TenantDatabase<R> {
  /**
   * Does something with the repositories in one transaction of this tenant: all of it, or nothing. `signal`: where the
   * caller has gone away the connection is closed, so that nothing of it is written.
   * @throws TenantSqlError for an id that is none, and for SQL that would leave the tenant
   */
  inTenant<T>(tenantId: string, work: (repositories: R) => Promise<T>, signal?: AbortSignal): Promise<T>;
}

export class TenantSqlError extends Error {
  override readonly name = "TenantSqlError";
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const ROLE = /^[a-z_][a-z0-9_]{0,62}$/;
/** Ends the transaction, the tenant or the role before their time. `u&` can spell any of them in another way. */
const LEAVES =
  /^[\s;(]*(begin|start|commit|end|rollback|abort|savepoint|release|prepare|execute|deallocate|set|reset|discard|do|call|copy|listen|load|lock)\b|set_config|aegis\s*\.\s*tenant|u&["']/i;
const COMMENTS = /\/\*|--/;

export function tenantDatabase<R>(
  pool: SqlPool,
  repositories: (sql: TenantSql) => R,
  { role }: TenantDatabaseOptions = {},
): TenantDatabase<R> {
  if (role !== undefined && !ROLE.test(role)) throw new TenantSqlError("no such role can be taken on");
  return {
    async inTenant(tenantId, work, signal) {
      if (!UUID.test(tenantId)) throw new TenantSqlError("a tenant is named by its id");
      signal?.throwIfAborted();
      const connection = await pool.connect();
      let release = (destroy?: boolean): void => {
        release = () => undefined;
        connection.release(destroy);
      };
      const handle = openHandle(connection, tenantId);
      // A statement may be under way: only the end of the connection ends it, and with it the transaction.
      const onAbort = (): void => {
        handle.close();
        release(true);
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      try {
        signal?.throwIfAborted();
        await connection.query("begin isolation level read committed");
        if (role !== undefined) await connection.query(`set local role ${role}`);
        await connection.query("select set_config('aegis.tenant', $1, true)", [tenantId]);
        const result = await work(repositories(handle.sql));
        handle.close();
        signal?.throwIfAborted();
        handle.throwIfFailed(); // PostgreSQL would roll it back, and call that a commit
        await connection.query("commit");
        release();
        return result;
      } catch (error) {
        handle.close();
        await rollBack(connection, (destroy) => release(destroy));
        throw signal?.aborted === true ? signal.reason : error;
      } finally {
        signal?.removeEventListener("abort", onAbort);
        release(true); // by whatever way it came here, no connection stays out, and none goes back half used
      }
    },
  };
}

async function rollBack(connection: SqlConnection, release: (destroy?: boolean) => void): Promise<void> {
  try {
    await connection.query("rollback");
    release();
  } catch {
    release(true); // broken: nobody can say what it is in the middle of
  }
}

function openHandle(connection: SqlConnection, tenantId: string) {
  let isOpen = true;
  let failure: { readonly error: unknown } | undefined;
  const run = async (text: string, values: readonly unknown[]): Promise<SqlResult> => {
    try {
      return await connection.query(text, [...values]);
    } catch (error) {
      failure ??= { error };
      throw error;
    }
  };
  const sql: TenantSql = {
    tenantId,
    query(text, values = []) {
      if (!isOpen) return Promise.reject(new TenantSqlError("this tenant's transaction has ended"));
      const refusal = refusalOf(text, values);
      return refusal === undefined ? run(text, values) : Promise.reject(new TenantSqlError(refusal));
    },
  };
  return {
    sql,
    close: () => {
      isOpen = false;
    },
    throwIfFailed: () => {
      if (failure !== undefined) throw failure.error;
    },
  };
}

/**
 * Without values a text goes to the server as it is, and may hold several statements. One statement alone, and none that
 * changes whose rows are seen: a mistake must not do it, and what was injected into a text finds it harder.
 */
function refusalOf(text: string, values: readonly unknown[]): string | undefined {
  if (LEAVES.test(text)) return "a statement of a tenant may not change its transaction, tenant or role";
  if (COMMENTS.test(text))
    return "a statement of a tenant holds no comments: what they hide is not looked at";
  if (values.length === 0 && text.replace(/;\s*$/, "").includes(";"))
    return "one statement at a time, and texts as values";
  return undefined;
}
