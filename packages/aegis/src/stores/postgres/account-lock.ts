import type { SqlClient, SqlPool } from "./client.ts";

/**
 * Does something that looks first and writes then, one after the other per account: a condition on several rows is not
 * safe in one statement, because parallel ones do not see what each other adds. The lock leaves readers and rows that
 * refer to the account alone; without the account there is nothing to wait for.
 */
export const withAccountLocked = <T>(
  pool: SqlPool,
  accountId: string,
  work: (sql: SqlClient) => Promise<T>,
): Promise<T> =>
  withLock(pool, "select 1 from aegis_accounts where id = $1 for no key update", [accountId], work);

/** The same for everybody with a role, where the account has it: in one order, or two such would wait for each other. */
export const withRoleLocked = <T>(
  pool: SqlPool,
  accountId: string,
  role: string,
  work: (sql: SqlClient) => Promise<T>,
): Promise<T> =>
  withLock(
    pool,
    `select 1 from aegis_accounts where $2 = any (roles)
        and exists (select 1 from aegis_accounts where id = $1 and $2 = any (roles))
      order by id for no key update`,
    [accountId, role],
    work,
  );

/** The same for what one tenant's members and invitations are counted by. */
export const withTenantLocked = <T>(
  pool: SqlPool,
  tenantId: string,
  work: (sql: SqlClient) => Promise<T>,
): Promise<T> =>
  withLock(pool, "select 1 from aegis_tenants where id = $1 for no key update", [tenantId], work);

/** The same for what belongs to a user of whom there may be no account here. */
export const withUserLocked = <T>(
  pool: SqlPool,
  userId: string,
  work: (sql: SqlClient) => Promise<T>,
): Promise<T> =>
  withLock(pool, "select pg_advisory_xact_lock(hashtextextended('aegis user ' || $1, 0))", [userId], work);

/** The same for what a tenant, or an account without one, has a share of. */
export const withQuotaLocked = <T>(
  pool: SqlPool,
  ownerId: string,
  work: (sql: SqlClient) => Promise<T>,
): Promise<T> =>
  withLock(pool, "select pg_advisory_xact_lock(hashtextextended('aegis quota ' || $1, 0))", [ownerId], work);

async function withLock<T>(
  pool: SqlPool,
  lock: string,
  values: readonly string[],
  work: (sql: SqlClient) => Promise<T>,
): Promise<T> {
  const sql = await pool.connect();
  let broken = true;
  try {
    await sql.query("begin isolation level read committed"); // what waited must see what it waited for
    try {
      await sql.query(lock, [...values]);
      const result = await work(sql);
      await sql.query("commit");
      broken = false;
      return result;
    } catch (error) {
      await sql.query("rollback");
      broken = false;
      throw error;
    }
  } finally {
    sql.release(broken);
  }
}
