import type { BackupCodeCount, FactorStore, TotpFactor } from "../../mfa/store.ts";
import { withAccountLocked } from "./account-lock.ts";
import type { SqlPool } from "./client.ts";
import { at, count, optionalTime, rowOf, text } from "./rows.ts";

/** Second factors in PostgreSQL. Every method is one atomic step. */
export class PostgresFactorStore implements FactorStore {
  readonly #sql: SqlPool;

  constructor(sql: SqlPool) {
    this.#sql = sql;
  }

  async totp(accountId: string): Promise<TotpFactor | undefined> {
    const { rows } = await this.#sql.query(
      "select sealed_secret, enabled_at from aegis_totp where account_id = $1",
      [accountId],
    );
    if (rows[0] === undefined) return undefined;
    const row = rowOf(rows[0]);
    return { sealedSecret: text(row, "sealed_secret"), enabledAt: optionalTime(row, "enabled_at") };
  }

  offerTotp(accountId: string, sealedSecret: string): Promise<boolean> {
    return this.#did(
      `insert into aegis_totp as t (account_id, sealed_secret) values ($1, $2)
       on conflict (account_id) do update set sealed_secret = excluded.sealed_secret, last_step = 0
       where t.enabled_at is null`,
      [accountId, sealedSecret],
    );
  }

  enableTotp(accountId: string, sealedSecret: string, step: number, now: number): Promise<boolean> {
    return this.#did(
      `update aegis_totp set enabled_at = $4, last_step = $3
        where account_id = $1 and sealed_secret = $2 and enabled_at is null`,
      [accountId, sealedSecret, step, at(now)],
    );
  }

  spendStep(accountId: string, step: number): Promise<boolean> {
    return this.#did(
      "update aegis_totp set last_step = $2 where account_id = $1 and enabled_at is not null and last_step < $2",
      [accountId, step],
    );
  }

  async resealTotp(accountId: string, from: string, to: string): Promise<void> {
    await this.#did("update aegis_totp set sealed_secret = $3 where account_id = $1 and sealed_secret = $2", [
      accountId,
      from,
      to,
    ]);
  }

  removeTotp(accountId: string): Promise<boolean> {
    return this.#did("delete from aegis_totp where account_id = $1", [accountId]);
  }

  /**
   * Old rows go and new ones come in one statement: at no moment do both sets, or none, open the account. Under its
   * lock, because parallel statements would not see each other's new rows, and leave them beside their own.
   */
  async replaceBackupCodes(accountId: string, hashes: readonly string[]): Promise<void> {
    await withAccountLocked(this.#sql, accountId, (sql) =>
      sql.query(
        `with gone as (delete from aegis_backup_codes where account_id = $1)
       insert into aegis_backup_codes (account_id, code_hash) select $1, unnest($2::text[])`,
        [accountId, [...hashes]],
      ),
    );
  }

  spendBackupCode(accountId: string, hash: string, now: number): Promise<boolean> {
    return this.#did(
      "update aegis_backup_codes set used_at = $3 where account_id = $1 and code_hash = $2 and used_at is null",
      [accountId, hash, at(now)],
    );
  }

  async countBackupCodes(accountId: string): Promise<BackupCodeCount> {
    const { rows } = await this.#sql.query(
      "select count(*) filter (where used_at is null) as unused, count(*) as total from aegis_backup_codes where account_id = $1",
      [accountId],
    );
    const row = rowOf(rows[0]);
    return { left: count(row, "unused"), total: count(row, "total") };
  }

  async #did(statement: string, values: unknown[]): Promise<boolean> {
    return (await this.#sql.query(statement, values)).rowCount === 1;
  }
}
