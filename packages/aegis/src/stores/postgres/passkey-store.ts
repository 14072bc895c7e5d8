import { type Passkey, PASSKEYS_PER_ACCOUNT, type PasskeyStore } from "../../passkey/store.ts";
import { withAccountLocked } from "./account-lock.ts";
import type { SqlPool } from "./client.ts";
import {
  at,
  bytes,
  count,
  flag,
  optionalAt,
  optionalTime,
  type Row,
  rowOf,
  text,
  texts,
  time,
} from "./rows.ts";

/** Passkeys in PostgreSQL. Every method is one atomic step. */
export class PostgresPasskeyStore implements PasskeyStore {
  readonly #sql: SqlPool;

  constructor(sql: SqlPool) {
    this.#sql = sql;
  }

  /** Under the account's lock: parallel ones would not count each other. */
  async add(passkey: Passkey): Promise<boolean> {
    const { rowCount } = await withAccountLocked(this.#sql, passkey.accountId, (sql) =>
      sql.query(
        `insert into aegis_passkeys (id, account_id, credential_id, public_key, counter, transports, name, backed_up,
         created_at, last_used_at)
       select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10
        where (select count(*) from aegis_passkeys where account_id = $2) < $11
       on conflict (credential_id) do nothing`,
        [
          passkey.id,
          passkey.accountId,
          passkey.credentialId,
          Buffer.from(passkey.publicKey),
          passkey.counter,
          [...passkey.transports],
          passkey.name,
          passkey.backedUp,
          at(passkey.createdAt),
          optionalAt(passkey.lastUsedAt),
          PASSKEYS_PER_ACCOUNT,
        ],
      ),
    );
    return rowCount === 1;
  }

  async findByCredentialId(credentialId: string): Promise<Passkey | undefined> {
    const { rows } = await this.#sql.query("select * from aegis_passkeys where credential_id = $1", [
      credentialId,
    ]);
    return rows[0] === undefined ? undefined : passkeyFrom(rowOf(rows[0]));
  }

  async listByAccount(accountId: string): Promise<readonly Passkey[]> {
    const { rows } = await this.#sql.query(
      "select * from aegis_passkeys where account_id = $1 order by created_at, id",
      [accountId],
    );
    return rows.map((row) => passkeyFrom(rowOf(row)));
  }

  noteUse(id: string, fromCounter: number, toCounter: number, now: number): Promise<boolean> {
    return this.#did(
      "update aegis_passkeys set counter = $3, last_used_at = $4 where id = $1 and counter = $2",
      [id, fromCounter, toCounter, at(now)],
    );
  }

  rename(accountId: string, id: string, name: string): Promise<boolean> {
    return this.#did("update aegis_passkeys set name = $3 where account_id = $1 and id = $2", [
      accountId,
      id,
      name,
    ]);
  }

  remove(accountId: string, id: string): Promise<boolean> {
    return this.#did("delete from aegis_passkeys where account_id = $1 and id = $2", [accountId, id]);
  }

  /** Under the account's lock: of two at once each would take the other for the one that stays. */
  async removeUnlessLast(accountId: string, id: string): Promise<boolean> {
    const { rowCount } = await withAccountLocked(this.#sql, accountId, (sql) =>
      sql.query(
        `delete from aegis_passkeys where account_id = $1 and id = $2
            and exists (select 1 from aegis_passkeys where account_id = $1 and id <> $2)`,
        [accountId, id],
      ),
    );
    return rowCount === 1;
  }

  async removeAll(accountId: string): Promise<number> {
    const { rowCount } = await this.#sql.query("delete from aegis_passkeys where account_id = $1", [
      accountId,
    ]);
    return rowCount ?? 0;
  }

  async #did(statement: string, values: unknown[]): Promise<boolean> {
    return (await this.#sql.query(statement, values)).rowCount === 1;
  }
}

function passkeyFrom(row: Row): Passkey {
  return {
    id: text(row, "id"),
    accountId: text(row, "account_id"),
    credentialId: text(row, "credential_id"),
    publicKey: bytes(row, "public_key"),
    counter: count(row, "counter"),
    transports: texts(row, "transports"),
    name: text(row, "name"),
    backedUp: flag(row, "backed_up"),
    createdAt: time(row, "created_at"),
    lastUsedAt: optionalTime(row, "last_used_at"),
  };
}
