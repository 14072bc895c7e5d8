import { DEVICES_PER_ACCOUNT, type DeviceStore, type KnownDevice } from "../../device/store.ts";
import type { SqlClient } from "./client.ts";
import { at, rowOf, text } from "./rows.ts";

/** Known devices in PostgreSQL. */
export class PostgresDeviceStore implements DeviceStore {
  readonly #sql: SqlClient;

  constructor(sql: SqlClient) {
    this.#sql = sql;
  }

  async find(accountId: string, tokenHash: string, now: number): Promise<string | undefined> {
    const { rows } = await this.#sql.query(
      "select id from aegis_devices where account_id = $1 and token_hash = $2 and expires_at > $3 limit 1",
      [accountId, tokenHash, at(now)],
    );
    return rows[0] === undefined ? undefined : text(rowOf(rows[0]), "id");
  }

  async remember(device: KnownDevice): Promise<void> {
    await this.#sql.query(
      "insert into aegis_devices (id, account_id, token_hash, created_at, expires_at) values ($1, $2, $3, $4, $5)",
      [device.id, device.accountId, device.tokenHash, at(device.createdAt), at(device.expiresAt)],
    );
    await this.#sql.query(
      `delete from aegis_devices where account_id = $1 and id not in (
         select id from aegis_devices where account_id = $1 order by created_at desc, id limit $2)`,
      [device.accountId, DEVICES_PER_ACCOUNT],
    );
  }

  async hasAny(accountId: string, now: number): Promise<boolean> {
    const { rows } = await this.#sql.query(
      "select 1 as one from aegis_devices where account_id = $1 and expires_at > $2 limit 1",
      [accountId, at(now)],
    );
    return rows.length > 0;
  }

  async forgetAll(accountId: string): Promise<void> {
    await this.#sql.query("delete from aegis_devices where account_id = $1", [accountId]);
  }

  async removeExpired(now: number): Promise<number> {
    const { rowCount } = await this.#sql.query("delete from aegis_devices where expires_at <= $1", [at(now)]);
    return rowCount ?? 0;
  }
}
