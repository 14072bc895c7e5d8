import { isRevocation, type Revocation } from "../../revocation/entry.ts";
import type { RevocationLedger } from "../../revocation/ledger.ts";
import type { SqlClient } from "./client.ts";
import { at, rowOf, text } from "./rows.ts";

/** Instances that have not been heard of for so long are forgotten. */
const GONE = "1 hour";

/** The revocation ledger in PostgreSQL. Every method is one statement, committed when it resolves. */
export class PostgresRevocationLedger implements RevocationLedger {
  readonly #sql: SqlClient;

  constructor(sql: SqlClient) {
    this.#sql = sql;
  }

  async append(entries: readonly Revocation[]): Promise<void> {
    await this.#sql.query(
      `insert into aegis_revocations (kept_until, entry)
       select * from unnest($1::timestamptz[], $2::jsonb[])`,
      [entries.map(({ keptUntil }) => at(keptUntil)), entries.map((entry) => JSON.stringify(entry))],
    );
  }

  async lease(instance: string, milliseconds: number): Promise<void> {
    await this.#sql.query(
      `insert into aegis_instances (id, lease_until) values ($1, clock_timestamp() + $2 * interval '1 ms')
       on conflict (id) do update set lease_until = excluded.lease_until`,
      [instance, milliseconds],
    );
  }

  async release(instance: string): Promise<void> {
    await this.#sql.query("delete from aegis_instances where id = $1", [instance]);
  }

  /** Below its xmin everything had ended when a snapshot was taken: what was not seen then stands at or above it. */
  async since(mark: string | null) {
    const { rows } = await this.#sql.query(
      `with now as (select pg_snapshot_xmin(pg_current_snapshot()) as xmin)
       select now.xmin::text as mark, r.entry
         from now left join aegis_revocations r
           on ($1::text is null or r.xact >= $1::text::xid8) and r.kept_until > now()`,
      [mark],
    );
    const entries = rows.map((row) => rowOf(row)["entry"]).filter((entry) => entry !== null);
    return { entries: entries.filter((entry) => isRevocation(entry)), mark: text(rowOf(rows[0]), "mark") };
  }

  async holders() {
    const { rows } = await this.#sql.query(
      `select id, (extract(epoch from lease_until - clock_timestamp()) * 1000)::float8 as left_ms
         from aegis_instances where lease_until > clock_timestamp()`,
    );
    return rows.map((row) => {
      const leftMs = Number(rowOf(row)["left_ms"]);
      // What cannot be read must not shorten a wait.
      return { instance: text(rowOf(row), "id"), leftMs: Number.isFinite(leftMs) ? leftMs : 60_000 };
    });
  }

  async removeExpired(now: number): Promise<number> {
    await this.#sql.query(
      `delete from aegis_instances where lease_until < clock_timestamp() - interval '${GONE}'`,
    );
    const { rowCount } = await this.#sql.query("delete from aegis_revocations where kept_until <= $1", [
      at(now),
    ]);
    return rowCount ?? 0;
  }
}
