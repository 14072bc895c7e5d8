/** Where tenants' rows are: a pool, and the role that is taken on within each tenant's transaction. */
import type { SqlPool } from "aegis/stores/postgres";

export interface TenantRows {
  readonly pool: SqlPool;
  readonly role?: string;
}

/**
 * In development the connection is often a superuser, whom row-level security does not bind: there each transaction takes
 * on the application's role. In production the hub has refused to start as one.
 */
export async function tenantRows(pool: SqlPool): Promise<TenantRows> {
  const { rows } = await pool.query(
    "select 1 from pg_roles where rolname = current_user and (rolsuper or rolbypassrls)",
  );
  return rows.length === 0 ? { pool } : { pool, role: "aegis_app" };
}
