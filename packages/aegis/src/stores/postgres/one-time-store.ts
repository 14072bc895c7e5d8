import { isRecord } from "../../lib/freeze.ts";
import {
  type IssueLimits,
  KEPT_FOR_MS,
  type OneTimePurpose,
  type OneTimeRecord,
  type OneTimeStore,
} from "../../one-time/store.ts";
import type { SqlClient } from "./client.ts";
import { at, flag, type Row, rowOf, text } from "./rows.ts";

/** One-time codes and tokens in PostgreSQL. Every method is one statement, and so one atomic step. */
export class PostgresOneTimeStore implements OneTimeStore {
  readonly #sql: SqlClient;

  constructor(sql: SqlClient) {
    this.#sql = sql;
  }

  async issue(record: OneTimeRecord, limits: IssueLimits): Promise<boolean> {
    const now = record.createdAt;
    const { rowCount } = await this.#sql.query(
      `insert into aegis_one_time as o
         (purpose, subject, secret_hash, data, created_at, expires_at, attempts_left, counted_since)
       values ($1, $2, $3, $4, $5, $6, $7, $5)
       on conflict (purpose, subject) do update set
         secret_hash = excluded.secret_hash, data = excluded.data, created_at = excluded.created_at,
         expires_at = excluded.expires_at, attempts_left = excluded.attempts_left, consumed = false,
         counted_since = case when o.counted_since > $9 then o.counted_since else excluded.created_at end,
         issued = case when o.counted_since > $9 then o.issued + 1 else 1 end
       where o.created_at <= $8 and (o.counted_since <= $9 or o.issued < $10)`,
      [
        record.purpose,
        record.subject,
        record.secretHash,
        JSON.stringify(record.data),
        at(now),
        at(record.expiresAt),
        record.attemptsLeft,
        at(now - limits.everySeconds * 1000),
        at(now - KEPT_FOR_MS),
        limits.perDay,
      ],
    );
    return rowCount === 1;
  }

  /** Of parallel calls one sees the row unconsumed: the others wait for its lock and read it again. */
  async consume(purpose: OneTimePurpose, subject: string, secretHash: string, now: number) {
    const { rows } = await this.#sql.query(
      `update aegis_one_time set attempts_left = attempts_left - 1, consumed = (secret_hash = $3)
        where purpose = $1 and subject = $2 and not consumed and attempts_left > 0 and expires_at > $4
        returning consumed, data`,
      [purpose, subject, secretHash, at(now)],
    );
    if (rows[0] === undefined) return undefined;
    const row = rowOf(rows[0]);
    return flag(row, "consumed") ? dataFrom(row) : undefined;
  }

  async attempt(purpose: OneTimePurpose, secretHash: string, now: number): Promise<boolean> {
    const { rowCount } = await this.#sql.query(
      `update aegis_one_time set attempts_left = attempts_left - 1
        where purpose = $1 and secret_hash = $2 and not consumed and attempts_left > 1 and expires_at > $3`,
      [purpose, secretHash, at(now)],
    );
    return rowCount === 1;
  }

  async find(purpose: OneTimePurpose, secretHash: string, now: number) {
    const { rows } = await this.#sql.query(
      `select subject from aegis_one_time
        where purpose = $1 and secret_hash = $2 and not consumed and attempts_left > 0 and expires_at > $3`,
      [purpose, secretHash, at(now)],
    );
    return rows[0] === undefined ? undefined : { subject: text(rowOf(rows[0]), "subject") };
  }

  async spend(purpose: OneTimePurpose, secretHash: string, now: number, expiresAt: number): Promise<boolean> {
    const { rowCount } = await this.#sql.query(
      `insert into aegis_one_time
         (purpose, subject, secret_hash, data, created_at, expires_at, attempts_left, consumed, counted_since)
       values ($1, $2, $2, '{}', $3, $4, 0, true, $3) on conflict do nothing`,
      [purpose, secretHash, at(now), at(expiresAt)],
    );
    return rowCount === 1;
  }

  async revoke(purpose: OneTimePurpose, subject: string): Promise<void> {
    await this.#sql.query("update aegis_one_time set consumed = true where purpose = $1 and subject = $2", [
      purpose,
      subject,
    ]);
  }

  async removeExpired(now: number): Promise<number> {
    const { rowCount } = await this.#sql.query("delete from aegis_one_time where expires_at <= $1", [
      at(now - KEPT_FOR_MS),
    ]);
    return rowCount ?? 0;
  }
}

function dataFrom(row: Row): Readonly<Record<string, string>> {
  const { data } = row;
  if (!isRecord(data)) throw new TypeError("column data is no object");
  return Object.fromEntries(
    Object.entries(data).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}
