import type {
  ApiKey,
  ApiKeyQuery,
  ApiKeyStore,
  NewApiKey,
  QuotaTake,
  Rotation,
} from "../../api-key/store.ts";
import { withAccountLocked } from "./account-lock.ts";
import type { SqlPool } from "./client.ts";
import {
  at,
  count,
  flag,
  optionalAt,
  optionalText,
  optionalTime,
  type Row,
  rowOf,
  text,
  texts,
  time,
} from "./rows.ts";

/** Keys in PostgreSQL. Every method is one atomic step. */
export class PostgresApiKeyStore implements ApiKeyStore {
  readonly #sql: SqlPool;

  constructor(sql: SqlPool) {
    this.#sql = sql;
  }

  /** Under the account's lock: parallel ones would not count each other. */
  create(key: NewApiKey, limit: number): Promise<"created" | "full" | "taken"> {
    return withAccountLocked(this.#sql, key.accountId, async (sql) => {
      const { rows } = await sql.query("select count(*) as total from aegis_api_keys where account_id = $1", [
        key.accountId,
      ]);
      if (count(rowOf(rows[0]), "total") >= limit) return "full";
      const { rowCount } = await sql.query(
        `insert into aegis_api_keys (id, account_id, name, scopes, tier, created_at, expires_at, secret_hash, tenant_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict do nothing`,
        [
          key.id,
          key.accountId,
          key.name,
          [...key.scopes],
          key.tier,
          at(key.createdAt),
          optionalAt(key.expiresAt),
          key.secretHash,
          key.tenantId,
        ],
      );
      return rowCount === 1 ? "created" : "taken";
    });
  }

  findByHash(hash: string): Promise<ApiKey | undefined> {
    return this.#one("select * from aegis_api_keys where secret_hash = $1 or previous_hash = $1", [hash]);
  }

  find(id: string): Promise<ApiKey | undefined> {
    return this.#one("select * from aegis_api_keys where id = $1", [id]);
  }

  async listByAccount(accountId: string): Promise<readonly ApiKey[]> {
    const { rows } = await this.#sql.query(
      'select * from aegis_api_keys where account_id = $1 order by created_at desc, id collate "C"',
      [accountId],
    );
    return rows.map((row) => keyFrom(rowOf(row)));
  }

  async page({ query, accountIds, unusedSince, limit, offset }: ApiKeyQuery) {
    if (query.includes("\0")) return { items: [], total: 0 };
    const found = `from aegis_api_keys
      where (strpos(lower(name), lower($1)) > 0 or strpos(lower(id), lower($1)) > 0 or account_id = any ($2::uuid[]))
        and ($3::timestamptz is null or coalesce(last_used_at, created_at) <= $3)`;
    const values = [query, [...accountIds], optionalAt(unusedSince ?? null)];
    const [page, counted] = await Promise.all([
      this.#sql.query(
        `select * ${found} order by coalesce(last_used_at, created_at), id collate "C" limit $4 offset $5`,
        [...values, limit, offset],
      ),
      this.#sql.query(`select count(*) as total ${found}`, values),
    ]);
    return {
      items: page.rows.map((row) => keyFrom(rowOf(row))),
      total: count(rowOf(counted.rows[0]), "total"),
    };
  }

  async rotate(accountId: string, id: string, rotation: Rotation): Promise<boolean> {
    const { from, to, now, previousUntil, expiresAt, evenInOverlap } = rotation;
    const { rowCount } = await this.#sql.query(
      `update aegis_api_keys set secret_hash = $4, rotated_at = $5, expires_at = $7,
         previous_hash = case when $6::timestamptz > $5 then secret_hash end,
         previous_until = case when $6::timestamptz > $5 then $6::timestamptz end
        where account_id = $1 and id = $2 and secret_hash = $3
          and ($8 or previous_until is null or previous_until <= $5)`,
      [accountId, id, from, to, at(now), at(previousUntil), optionalAt(expiresAt), evenInOverlap],
    );
    return rowCount === 1;
  }

  async setTier(id: string, tier: string): Promise<boolean> {
    const { rowCount } = await this.#sql.query(
      "update aegis_api_keys set tier = $2, quota_start = 'epoch', quota_used = 0 where id = $1",
      [id, tier],
    );
    return rowCount === 1;
  }

  async revoke(accountId: string, id: string): Promise<boolean> {
    const { rowCount } = await this.#sql.query(
      "delete from aegis_api_keys where account_id = $1 and id = $2",
      [accountId, id],
    );
    return rowCount === 1;
  }

  async revokeAll(accountId: string): Promise<number> {
    const { rowCount } = await this.#sql.query("delete from aegis_api_keys where account_id = $1", [
      accountId,
    ]);
    return rowCount ?? 0;
  }

  /**
   * One statement. The row's lock makes parallel calls wait for each other, and the condition is read again under it,
   * so that the quota cannot be passed. No index holds what is written, so the row stays on its page.
   */
  async take(id: string, take: QuotaTake): Promise<number | "spent" | "gone"> {
    const { rows } = await this.#sql.query(
      `with taken as (
         update aegis_api_keys set
           quota_used = case when quota_start < $2 then 1 else quota_used + 1 end,
           quota_start = greatest(quota_start, $2),
           last_used_at = case when last_used_at is null or last_used_at <= $5 then $6 else last_used_at end
          where id = $1 and (quota_start < $2 or quota_used < $3)
         returning quota_used
       ), counted as (
         insert into aegis_api_key_usage as u (key_id, day, requests)
         select $1, $4::date, 1 from taken
         on conflict (key_id, day) do update set requests = u.requests + 1
       )
       select (select quota_used from taken) as used, exists (select 1 from aegis_api_keys where id = $1) as there`,
      [id, at(take.windowStart), take.limit, take.day, at(take.touchBefore), at(take.now)],
    );
    const row = rowOf(rows[0]);
    if (row["used"] !== null) return count(row, "used");
    return flag(row, "there") ? "spent" : "gone";
  }

  async usage(id: string, sinceDay: string) {
    const { rows } = await this.#sql.query(
      `select to_char(day, 'YYYY-MM-DD') as day, requests from aegis_api_key_usage
        where key_id = $1 and day >= $2::date order by aegis_api_key_usage.day`,
      [id, sinceDay],
    );
    return rows.map((row) => ({ day: text(rowOf(row), "day"), requests: count(rowOf(row), "requests") }));
  }

  async removeExpired(before: number, usageBeforeDay: string): Promise<number> {
    await this.#sql.query("delete from aegis_api_key_usage where day < $1::date", [usageBeforeDay]);
    const { rowCount } = await this.#sql.query("delete from aegis_api_keys where expires_at < $1", [
      at(before),
    ]);
    return rowCount ?? 0;
  }

  async #one(statement: string, values: unknown[]): Promise<ApiKey | undefined> {
    const { rows } = await this.#sql.query(statement, values);
    return rows[0] === undefined ? undefined : keyFrom(rowOf(rows[0]));
  }
}

function keyFrom(row: Row): ApiKey {
  const hash = optionalText(row, "previous_hash");
  const until = optionalTime(row, "previous_until");
  return {
    id: text(row, "id"),
    accountId: text(row, "account_id"),
    tenantId: optionalText(row, "tenant_id"),
    name: text(row, "name"),
    scopes: texts(row, "scopes"),
    tier: text(row, "tier"),
    createdAt: time(row, "created_at"),
    expiresAt: optionalTime(row, "expires_at"),
    lastUsedAt: optionalTime(row, "last_used_at"),
    secretHash: text(row, "secret_hash"),
    rotatedAt: optionalTime(row, "rotated_at"),
    previous: hash === null || until === null ? null : { hash, until },
    quotaStart: time(row, "quota_start"),
    quotaUsed: count(row, "quota_used"),
  };
}
