import {
  COMMONEST_KEPT,
  type CspGroup,
  type CspKind,
  type CspReportStore,
  NEWEST_KEPT,
} from "../../headers/csp-groups.ts";
import type { SqlClient } from "./client.ts";
import { at, count, rowOf, text, time } from "./rows.ts";

/** Reports of browsers in PostgreSQL, one row a group. */
export class PostgresCspReportStore implements CspReportStore {
  readonly #sql: SqlClient;

  constructor(sql: SqlClient) {
    this.#sql = sql;
  }

  async add({ directive, blocked, page }: CspKind, now: number): Promise<void> {
    const { rows } = await this.#sql.query(
      `insert into aegis_csp_reports as r (directive, blocked, page, reports, first_at, last_at)
       values ($1, $2, $3, 1, $4, $4)
       on conflict (directive, blocked, page) do update set reports = r.reports + 1,
         first_at = least(r.first_at, excluded.first_at), last_at = greatest(r.last_at, excluded.last_at)
       returning reports`,
      [directive, blocked, page, at(now)],
    );
    if (count(rowOf(rows[0]), "reports") > 1) return;
    // A row that another report counts at this moment is left to it: waiting for each other, two of these could lock up.
    await this.#sql.query(
      `delete from aegis_csp_reports where ctid in (
         select ctid from aegis_csp_reports
          where ctid not in (select ctid from aegis_csp_reports order by last_at desc, directive, blocked, page limit $1)
            and ctid not in (select ctid from aegis_csp_reports
                              order by reports desc, last_at desc, directive, blocked, page limit $2)
          for update skip locked)`,
      [NEWEST_KEPT, COMMONEST_KEPT],
    );
  }

  async list(): Promise<readonly CspGroup[]> {
    const { rows } = await this.#sql.query(
      "select * from aegis_csp_reports order by last_at desc, directive, blocked, page limit $1",
      [NEWEST_KEPT + COMMONEST_KEPT],
    );
    return rows.map((value) => {
      const row = rowOf(value);
      return {
        directive: text(row, "directive"),
        blocked: text(row, "blocked"),
        page: text(row, "page"),
        count: count(row, "reports"),
        firstAt: time(row, "first_at"),
        lastAt: time(row, "last_at"),
      };
    });
  }

  async removeBefore(before: number): Promise<number> {
    const { rowCount } = await this.#sql.query("delete from aegis_csp_reports where last_at < $1", [
      at(before),
    ]);
    return rowCount ?? 0;
  }
}
