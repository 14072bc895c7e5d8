import type { AccountEvent, EventStore } from "../../audit/event-store.ts";
import { auditEventNames } from "../../audit/events.ts";
import type { SqlClient } from "./client.ts";
import { at, type Row, rowOf, text, time, word } from "./rows.ts";

/** What happened to accounts, in PostgreSQL. */
export class PostgresEventStore implements EventStore {
  readonly #sql: SqlClient;

  constructor(sql: SqlClient) {
    this.#sql = sql;
  }

  async append(event: AccountEvent): Promise<void> {
    // The account may have gone in the meantime; then nobody is left to show it to.
    await this.#sql.query(
      `insert into aegis_account_events (account_id, event, outcome, at, ip, device)
       select id, $2, $3, $4, $5, $6 from aegis_accounts where id = $1`,
      [event.accountId, event.event, event.outcome, at(event.at), event.ip, event.device],
    );
  }

  async listByAccount(accountId: string, limit: number): Promise<readonly AccountEvent[]> {
    const { rows } = await this.#sql.query(
      "select * from aegis_account_events where account_id = $1 order by at desc, id desc limit $2",
      [accountId, limit],
    );
    return rows.map((row) => eventFrom(rowOf(row)));
  }

  async removeBefore(before: number): Promise<number> {
    const { rowCount } = await this.#sql.query("delete from aegis_account_events where at < $1", [
      at(before),
    ]);
    return rowCount ?? 0;
  }
}

function eventFrom(row: Row): AccountEvent {
  return {
    accountId: text(row, "account_id"),
    event: word(row, "event", auditEventNames),
    outcome: word(row, "outcome", ["success", "failure"]),
    at: time(row, "at"),
    ip: text(row, "ip"),
    device: text(row, "device"),
  };
}
