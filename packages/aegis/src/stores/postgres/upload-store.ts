import type { Finished, Quota, Reservation, Upload, UploadQuery, UploadStore } from "../../upload/store.ts";
import { withQuotaLocked } from "./account-lock.ts";
import type { SqlPool } from "./client.ts";
import { at, count, optionalText, type Row, rowOf, text, time } from "./rows.ts";

/** What is known of files in PostgreSQL. `is not distinct from`: no tenant is a tenant of its own. */
export class PostgresUploadStore implements UploadStore {
  readonly #sql: SqlPool;

  constructor(sql: SqlPool) {
    this.#sql = sql;
  }

  /** Under the lock of the tenant, or of the account where there is none: parallel ones would not count each other. */
  reserve(one: Reservation, quota: Quota): Promise<"reserved" | "full" | "taken"> {
    return withQuotaLocked(this.#sql, one.tenantId ?? one.accountId, async (sql) => {
      const { rows } = await sql.query(
        `select coalesce(sum(size_bytes), 0) as tenant,
                coalesce(sum(size_bytes) filter (where account_id = $2), 0) as own,
                count(*) filter (where account_id = $2) as files
           from aegis_uploads
          where state <> 'ended' and tenant_id is not distinct from $1
            and ($1::uuid is not null or account_id = $2)`,
        [one.tenantId, one.accountId],
      );
      const used = rowOf(rows[0]);
      const isFull =
        count(used, "files") >= quota.accountFileLimit ||
        count(used, "own") + one.bytes > quota.accountBytes ||
        (one.tenantId !== null && count(used, "tenant") + one.bytes > quota.tenantBytes);
      if (isFull) return "full";
      const { rowCount } = await sql.query(
        `insert into aegis_uploads (id, tenant_id, account_id, state, size_bytes, created_at)
         values ($1, $2, $3, 'reserved', $4, $5) on conflict do nothing`,
        [one.id, one.tenantId, one.accountId, one.bytes, at(one.now)],
      );
      return rowCount === 1 ? "reserved" : "taken";
    });
  }

  async finish(tenantId: string | null, id: string, facts: Finished): Promise<Upload | undefined> {
    const { rows } = await this.#sql.query(
      `update aegis_uploads set state = 'kept', name = $3, kind = $4, size_bytes = $5, digest = $6, width = $7, height = $8
        where id = $2 and tenant_id is not distinct from $1 and state = 'reserved' and size_bytes >= $5
          and account_id is not null
       returning *`,
      [tenantId, id, facts.name, facts.kind, facts.size, facts.digest, facts.width, facts.height],
    );
    return rows[0] === undefined ? undefined : uploadFrom(rowOf(rows[0]));
  }

  async release(tenantId: string | null, id: string): Promise<boolean> {
    const { rowCount } = await this.#sql.query(
      "delete from aegis_uploads where id = $2 and tenant_id is not distinct from $1 and state = 'reserved'",
      [tenantId, id],
    );
    return rowCount === 1;
  }

  async find(tenantId: string | null, id: string): Promise<Upload | undefined> {
    const { rows } = await this.#sql.query(
      `select * from aegis_uploads
        where id = $2 and tenant_id is not distinct from $1 and state = 'kept' and account_id is not null`,
      [tenantId, id],
    );
    return rows[0] === undefined ? undefined : uploadFrom(rowOf(rows[0]));
  }

  async page(tenantId: string | null, accountId: string, { query, limit, offset }: UploadQuery) {
    if (query.includes("\0")) return { items: [], total: 0 };
    const found = `from aegis_uploads
      where account_id = $2 and tenant_id is not distinct from $1 and state = 'kept'
        and strpos(lower(name), lower($3)) > 0`;
    const values = [tenantId, accountId, query];
    const [page, counted] = await Promise.all([
      this.#sql.query(`select * ${found} order by created_at desc, id limit $4 offset $5`, [
        ...values,
        limit,
        offset,
      ]),
      this.#sql.query(`select count(*) as total ${found}`, values),
    ]);
    return {
      items: page.rows.map((row) => uploadFrom(rowOf(row))),
      total: count(rowOf(counted.rows[0]), "total"),
    };
  }

  async ofAccount(accountId: string, limit: number) {
    const { rows } = await this.#sql.query(
      `select *, count(*) over () as total from aegis_uploads
        where account_id = $1 and state = 'kept' order by created_at desc, id limit $2`,
      [accountId, limit],
    );
    return {
      items: rows.map((row) => uploadFrom(rowOf(row))),
      total: rows[0] === undefined ? 0 : count(rowOf(rows[0]), "total"),
    };
  }

  async used(tenantId: string | null, accountId: string) {
    const { rows } = await this.#sql.query(
      `select coalesce(sum(size_bytes), 0) as bytes, count(*) as files from aegis_uploads
        where account_id = $2 and tenant_id is not distinct from $1 and state <> 'ended'`,
      [tenantId, accountId],
    );
    const row = rowOf(rows[0]);
    return { bytes: count(row, "bytes"), files: count(row, "files") };
  }

  async end(tenantId: string | null, accountId: string, id: string): Promise<boolean> {
    const { rowCount } = await this.#sql.query(
      `update aegis_uploads set state = 'ended'
        where id = $3 and account_id = $2 and tenant_id is not distinct from $1 and state = 'kept'`,
      [tenantId, accountId, id],
    );
    return rowCount === 1;
  }

  async forget(id: string): Promise<void> {
    await this.#sql.query("delete from aegis_uploads where id = $1", [id]);
  }

  async leftovers(reservedBefore: number, limit: number): Promise<readonly string[]> {
    const { rows } = await this.#sql.query(
      `select id from aegis_uploads
        where (state <> 'kept' or account_id is null)
          and (state = 'ended' or account_id is null or created_at < $1)
        order by created_at limit $2`,
      [at(reservedBefore), limit],
    );
    return rows.map((row) => text(rowOf(row), "id"));
  }
}

function uploadFrom(row: Row): Upload {
  const side = (column: string): number | null => (row[column] === null ? null : count(row, column));
  return {
    id: text(row, "id"),
    tenantId: optionalText(row, "tenant_id"),
    accountId: text(row, "account_id"),
    name: text(row, "name"),
    kind: text(row, "kind"),
    size: count(row, "size_bytes"),
    digest: text(row, "digest"),
    width: side("width"),
    height: side("height"),
    createdAt: time(row, "created_at"),
  };
}
