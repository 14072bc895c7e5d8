import type { Aal } from "../../request.ts";
import {
  FAMILIES_PER_ACCOUNT,
  type FamilyRef,
  type RefreshStore,
  type Rotation,
  type RotationChange,
  type TokenFamily,
  UNSETTLED_KEPT_MS,
  USED_TOKENS_KEPT,
} from "../../token/store.ts";
import { withAccountLocked } from "./account-lock.ts";
import type { SqlPool } from "./client.ts";
import { at, count, optionalText, type Row, rowOf, text, texts, time, word } from "./rows.ts";

const LIVE = "revoked_at is null and refresh_until > $2 and expires_at > $2";
const UNSETTLED = "(revoked_at is not null and ended <> 'settled')";
const VERDICTS = ["rotated", "reused", "ended", "overtaken", "expired", "unknown"] as const;

/** Refresh tokens in PostgreSQL. Every method is one atomic step. */
export class PostgresRefreshStore implements RefreshStore {
  readonly #sql: SqlPool;

  constructor(sql: SqlPool) {
    this.#sql = sql;
  }

  /** Under the account's lock: parallel ones would not count each other. */
  open(family: TokenFamily, tokenHash: string): Promise<readonly FamilyRef[]> {
    return withAccountLocked(this.#sql, family.accountId, async (sql) => {
      const ended = await sql.query(
        `update aegis_token_families set revoked_at = $2, ended = 'revoked' where id in (
           select id from aegis_token_families where account_id = $1 and ${LIVE}
            order by last_used_at desc, created_at desc, id offset $3)
         returning id, account_id`,
        [family.accountId, at(family.createdAt), FAMILIES_PER_ACCOUNT - 1],
      );
      await sql.query(
        `with family as (
           insert into aegis_token_families (id, account_id, session_id, client, scopes, aal, proven_at,
             user_agent_hash, network_hash, ip, user_agent, created_at, last_used_at, refresh_until, expires_at,
             current_hash, tenant_id)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) returning id)
         insert into aegis_refresh_tokens (token_hash, family_id, number) select $16, id, 0 from family`,
        [
          family.id,
          family.accountId,
          family.sessionId,
          family.client,
          [...family.scopes],
          family.aal,
          at(family.provenAt),
          family.binding.userAgent,
          family.binding.network,
          family.ip,
          family.userAgent,
          at(family.createdAt),
          at(family.lastUsedAt),
          at(family.refreshUntil),
          at(family.expiresAt),
          tokenHash,
          family.tenantId,
        ],
      );
      return ended.rows.map((row) => refFrom(rowOf(row)));
    });
  }

  async find(tokenHash: string, now: number): Promise<TokenFamily | undefined> {
    const { rows } = await this.#sql.query(
      `select * from aegis_token_families
        where id = (select family_id from aegis_refresh_tokens where token_hash = $1)
          and current_hash = $1 and ${LIVE}`,
      [tokenHash, at(now)],
    );
    return rows[0] === undefined ? undefined : familyFrom(rowOf(rows[0]));
  }

  /**
   * One UPDATE of one row decides everything: what waited for the row's lock has every expression computed again on the
   * row as it then is, so of parallel calls one sees its token as the present one, and one of the others ends the family.
   */
  async rotate(fromHash: string, change: RotationChange): Promise<Rotation> {
    const isLive = "f.revoked_at is null and f.refresh_until > $3 and f.expires_at > $3";
    const wins = `(${isLive} and f.current_hash = $1)`;
    const overtaken = "(f.previous_hash = $1 and f.last_used_at > $5)";
    const reuses = `(${isLive} and f.current_hash <> $1 and not coalesce(${overtaken}, false))`;
    const { rows } = await this.#sql.query(
      `with token as (select family_id from aegis_refresh_tokens where token_hash = $1),
       decided as (
         update aegis_token_families f set
           verdict = case when f.revoked_at is not null
               then case f.ended when 'reused' then 'reused' when 'revoked' then 'ended' else 'unknown' end
             when not (${isLive}) then 'expired'
             when f.current_hash = $1 then 'rotated' when ${overtaken} then 'overtaken' else 'reused' end,
           revoked_at = case when ${reuses} then $3::timestamptz else f.revoked_at end,
           ended = case when ${reuses} then 'reused' else f.ended end,
           current_hash = case when ${wins} then $2 else f.current_hash end,
           previous_hash = case when ${wins} then $1 else f.previous_hash end,
           number = case when ${wins} then f.number + 1 else f.number end,
           last_used_at = case when ${wins} then $3::timestamptz else f.last_used_at end,
           refresh_until = case when ${wins} then least($4::timestamptz, f.expires_at) else f.refresh_until end,
           ip = case when ${wins} then $6 else f.ip end,
           user_agent = case when ${wins} then $7 else f.user_agent end
         from token where f.id = token.family_id returning f.*),
       added as (
         insert into aegis_refresh_tokens (token_hash, family_id, number)
         select $2, id, number from decided where verdict = 'rotated'),
       forgotten as (
         delete from aegis_refresh_tokens t using decided d
          where d.verdict = 'rotated' and t.family_id = d.id and t.number < d.number - $8::int)
       select * from decided`,
      [
        fromHash,
        change.toHash,
        at(change.now),
        at(change.refreshUntil),
        // None at all, also for a process whose clock is a little behind that of the winner.
        change.graceSeconds > 0 ? at(change.now - change.graceSeconds * 1000) : null,
        change.ip,
        change.userAgent,
        USED_TOKENS_KEPT,
      ],
    );
    if (rows[0] === undefined) return { outcome: "unknown" };
    const row = rowOf(rows[0]);
    const outcome = word(row, "verdict", VERDICTS);
    if (outcome === "unknown" || outcome === "expired") return { outcome };
    return { outcome, family: familyFrom(row) };
  }

  async listByAccount(accountId: string, now: number): Promise<readonly TokenFamily[]> {
    const { rows } = await this.#sql.query(
      `select * from aegis_token_families where account_id = $1 and ${LIVE}
        order by last_used_at desc, created_at desc, id`,
      [accountId, at(now)],
    );
    return rows.map((row) => familyFrom(rowOf(row)));
  }

  async revokeByToken(tokenHash: string, now: number): Promise<TokenFamily | undefined> {
    const [row] = await this.#end(
      "id = (select family_id from aegis_refresh_tokens where token_hash = $1)",
      tokenHash,
      now,
    );
    return row === undefined ? undefined : familyFrom(row);
  }

  async revoke(accountId: string, id: string, now: number): Promise<boolean> {
    return (await this.#end("id = $1 and account_id = $3", id, now, [accountId])).length === 1;
  }

  async revokeBySession(sessionId: string, now: number): Promise<readonly FamilyRef[]> {
    return (await this.#end("session_id = $1", sessionId, now)).map(refFrom);
  }

  async revokeAll(accountId: string, now: number): Promise<readonly FamilyRef[]> {
    return (await this.#end("account_id = $1", accountId, now)).map(refFrom);
  }

  async settle({ id, accountId }: FamilyRef): Promise<boolean> {
    const { rowCount } = await this.#sql.query(
      `update aegis_token_families set ended = 'settled' where id = $1 and account_id = $2 and ${UNSETTLED}`,
      [id, accountId],
    );
    return rowCount === 1;
  }

  async removeExpired(now: number): Promise<number> {
    const { rowCount } = await this.#sql.query(
      `delete from aegis_token_families
        where case when ${UNSETTLED} then revoked_at <= $2 else refresh_until <= $1 or revoked_at is not null end`,
      [at(now), at(now - UNSETTLED_KEPT_MS)],
    );
    return rowCount ?? 0;
  }

  async #end(which: string, value: string, now: number, more: readonly string[] = []): Promise<Row[]> {
    const { rows } = await this.#sql.query(
      `update aegis_token_families set revoked_at = coalesce(revoked_at, $2), ended = coalesce(ended, 'revoked')
        where ${which} and (${UNSETTLED} or (${LIVE})) returning *`,
      [value, at(now), ...more],
    );
    return rows.map(rowOf);
  }
}

function familyFrom(row: Row): TokenFamily {
  return {
    id: text(row, "id"),
    accountId: text(row, "account_id"),
    sessionId: text(row, "session_id"),
    tenantId: optionalText(row, "tenant_id"),
    client: text(row, "client"),
    scopes: texts(row, "scopes"),
    aal: aalFrom(row),
    provenAt: time(row, "proven_at"),
    binding: { userAgent: text(row, "user_agent_hash"), network: text(row, "network_hash") },
    ip: text(row, "ip"),
    userAgent: text(row, "user_agent"),
    createdAt: time(row, "created_at"),
    lastUsedAt: time(row, "last_used_at"),
    refreshUntil: time(row, "refresh_until"),
    expiresAt: time(row, "expires_at"),
  };
}

const refFrom = (row: Row): FamilyRef => ({ id: text(row, "id"), accountId: text(row, "account_id") });
const aalFrom = (row: Row): Aal => (count(row, "aal") === 2 ? 2 : 1);
