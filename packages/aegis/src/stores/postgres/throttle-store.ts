import type { FailingLane, ThrottleRule, ThrottleState, ThrottleStore } from "../../throttle/store.ts";
import type { SqlClient } from "./client.ts";
import { at, count, rowOf, text, time } from "./rows.ts";

/** Failures in PostgreSQL. Every method is one statement, and so one atomic step. */
export class PostgresThrottleStore implements ThrottleStore {
  readonly #sql: SqlClient;

  constructor(sql: SqlClient) {
    this.#sql = sql;
  }

  /** The row's lock makes parallel guesses wait for each other; the condition is read again under it. */
  async begin(lane: string, now: number, rule: ThrottleRule): Promise<number | undefined> {
    const { rows } = await this.#sql.query(
      `insert into aegis_throttle as t (lane, failures, last_at, next_at)
       values ($1, 1, $2, $2::timestamptz + make_interval(secs => ($3::float8[])[1]))
       on conflict (lane) do update set
         failures = case when t.last_at <= $4 then 1 else t.failures + 1 end,
         last_at = $2,
         next_at = $2::timestamptz + make_interval(secs => ($3::float8[])[
           least(case when t.last_at <= $4 then 1 else t.failures + 1 end, cardinality($3::float8[]))])
       where t.next_at <= $2 or t.next_at = t.last_at
       returning failures`,
      [lane, at(now), [...rule.delaysSeconds], at(now - rule.forgetAfterSeconds * 1000)],
    );
    return rows[0] === undefined ? undefined : count(rowOf(rows[0]), "failures");
  }

  async clear(lanes: readonly string[]): Promise<void> {
    await this.#sql.query("delete from aegis_throttle where lane = any ($1)", [[...lanes]]);
  }

  async find(lane: string): Promise<ThrottleState | undefined> {
    const { rows } = await this.#sql.query("select failures, next_at from aegis_throttle where lane = $1", [
      lane,
    ]);
    if (rows[0] === undefined) return undefined;
    const row = rowOf(rows[0]);
    return { failures: count(row, "failures"), nextAt: time(row, "next_at") };
  }

  async listFailing(leastFailures: number, without: string, limit: number): Promise<readonly FailingLane[]> {
    const { rows } = await this.#sql.query(
      `select lane, failures, next_at from aegis_throttle where failures >= $1 and strpos(lane, $2) = 0
        order by failures desc, lane collate "C" limit $3`,
      [leastFailures, without, limit],
    );
    return rows.map((value) => {
      const row = rowOf(value);
      return { lane: text(row, "lane"), failures: count(row, "failures"), nextAt: time(row, "next_at") };
    });
  }

  async removeStale(before: number, now: number): Promise<number> {
    const { rowCount } = await this.#sql.query(
      "delete from aegis_throttle where last_at < $1 and next_at <= $2",
      [at(before), at(now)],
    );
    return rowCount ?? 0;
  }
}
