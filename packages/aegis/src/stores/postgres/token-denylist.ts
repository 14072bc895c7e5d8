import type { Denial, TokenDenylist, TokenFacts } from "../../token/store.ts";
import type { SqlClient } from "./client.ts";
import { at, rowOf, text, time, word } from "./rows.ts";

const KINDS = ["token", "family", "user"] as const;

/** Revoked tokens in PostgreSQL. Every method is one statement, and so one atomic step. */
export class PostgresTokenDenylist implements TokenDenylist {
  readonly #sql: SqlClient;

  constructor(sql: SqlClient) {
    this.#sql = sql;
  }

  async deny(denials: readonly Denial[]): Promise<void> {
    await this.#sql.query(
      `insert into aegis_token_denylist as d (kind, subject, issued_before, expires_at)
       select * from unnest($1::text[], $2::text[], $3::timestamptz[], $4::timestamptz[])
       on conflict (kind, subject) do update set
         issued_before = greatest(d.issued_before, excluded.issued_before),
         expires_at = greatest(d.expires_at, excluded.expires_at)`,
      [
        denials.map(({ kind }) => kind),
        denials.map(({ id }) => id),
        denials.map(({ issuedBefore }) => at(issuedBefore)),
        denials.map(({ expiresAt }) => at(expiresAt)),
      ],
    );
  }

  async isRevoked({ jti, family, userId, issuedAt }: TokenFacts, now: number): Promise<boolean> {
    const { rows } = await this.#sql.query(
      `select 1 as one from aegis_token_denylist
        where (kind, subject) in (('token', $1), ('family', $2), ('user', $3))
          and expires_at > $5 and (kind <> 'user' or issued_before > $4) limit 1`,
      [jti, family, userId, at(issuedAt), at(now)],
    );
    return rows.length > 0;
  }

  async list(now: number): Promise<readonly Denial[]> {
    const { rows } = await this.#sql.query("select * from aegis_token_denylist where expires_at > $1", [
      at(now),
    ]);
    return rows.map(rowOf).map((row) => ({
      kind: word(row, "kind", KINDS),
      id: text(row, "subject"),
      issuedBefore: time(row, "issued_before"),
      expiresAt: time(row, "expires_at"),
    }));
  }

  async removeExpired(now: number): Promise<number> {
    const { rowCount } = await this.#sql.query("delete from aegis_token_denylist where expires_at <= $1", [
      at(now),
    ]);
    return rowCount ?? 0;
  }
}
