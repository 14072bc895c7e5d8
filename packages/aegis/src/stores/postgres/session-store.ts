import type { Aal } from "../../request.ts";
import type { SessionRecord } from "../../session/record.ts";
import type { RevocationReason, SessionRef, SessionStore, TenantChange } from "../../session/store.ts";
import type { SqlClient, SqlPool } from "./client.ts";
import { withUserLocked } from "./account-lock.ts";
import {
  at,
  count,
  flag,
  optionalText,
  optionalTime,
  type Row,
  rowOf,
  text,
  texts,
  time,
  word,
} from "./rows.ts";

const STAGES = ["complete", "second-factor", "password-change", "enrolment"] as const;

/** Sessions in PostgreSQL. Every method but `create` is one statement, and so one atomic step. */
export class PostgresSessionStore implements SessionStore {
  readonly isDurable = true;
  readonly #sql: SqlPool;

  constructor(sql: SqlPool) {
    this.#sql = sql;
  }

  /** Parallel sign-ins would not see each other's rows and keep one each too many: one user's come one by one. */
  create(record: SessionRecord, limit: number): Promise<readonly SessionRecord[]> {
    return withUserLocked(this.#sql, record.subject.userId, async (sql) => {
      await insert(sql, record);
      const { rows } = await sql.query(
        `delete from aegis_sessions where id in (
           select id from aegis_sessions
            where user_id = $1 and id <> $2 and (stage = 'complete') = $3
              and idle_expires_at > $4 and absolute_expires_at > $4
            order by created_at desc, id offset $5)
         returning *`,
        [record.subject.userId, record.id, record.stage === "complete", at(record.createdAt), limit - 1],
      );
      return rows.map((row) => recordFrom(rowOf(row)));
    });
  }

  async findByTokenHash(tokenHash: string, now: number): Promise<SessionRecord | undefined> {
    const { rows } = await this.#sql.query(
      `select * from aegis_sessions
        where (token_hash = $1 or (previous_token_hash = $1 and grace_until > $2))
          and idle_expires_at > $2 and absolute_expires_at > $2
        order by (token_hash = $1) desc limit 1`,
      [tokenHash, at(now)],
    );
    return rows[0] === undefined ? undefined : recordFrom(rowOf(rows[0]));
  }

  async touch(
    { id, userId }: SessionRef,
    times: { readonly lastSeenAt: number; readonly idleExpiresAt: number },
  ): Promise<boolean> {
    const { rowCount } = await this.#sql.query(
      `update aegis_sessions
          set last_seen_at = greatest(last_seen_at, $2), idle_expires_at = greatest(idle_expires_at, $3)
        where id = $1 and user_id = $4 and idle_expires_at > $2 and absolute_expires_at > $2`,
      [id, at(times.lastSeenAt), at(times.idleExpiresAt), userId],
    );
    return rowCount === 1;
  }

  async rotate(
    { id, userId }: SessionRef,
    change: {
      readonly fromHash: string;
      readonly toHash: string;
      readonly rotatedAt: number;
      readonly graceUntil: number;
    },
  ): Promise<boolean> {
    const { rowCount } = await this.#sql.query(
      `update aegis_sessions
          set token_hash = $3, previous_token_hash = $2, rotated_at = $4, grace_until = $5
        where id = $1 and user_id = $6 and token_hash = $2 and idle_expires_at > $4 and absolute_expires_at > $4`,
      [id, change.fromHash, change.toHash, at(change.rotatedAt), at(change.graceUntil), userId],
    );
    return rowCount === 1;
  }

  async prove(
    { id, userId }: SessionRef,
    change: {
      readonly fromHash: string;
      readonly toHash: string;
      readonly provenAt: number;
      readonly aal: Aal;
      readonly methods: readonly string[];
    },
  ): Promise<boolean> {
    const { rowCount } = await this.#sql.query(
      `update aegis_sessions
          set token_hash = $3, previous_token_hash = null, grace_until = null, rotated_at = $4, proven_at = $4,
              aal = $5, methods = $6
        where id = $1 and user_id = $7 and token_hash = $2 and idle_expires_at > $4 and absolute_expires_at > $4`,
      [id, change.fromHash, change.toHash, at(change.provenAt), change.aal, [...change.methods], userId],
    );
    return rowCount === 1;
  }

  async enterTenant({ id, userId }: SessionRef, change: TenantChange): Promise<boolean> {
    const { rowCount } = await this.#sql.query(
      `update aegis_sessions
          set token_hash = $3, previous_token_hash = null, grace_until = null, rotated_at = $4, tenant_id = $5
        where id = $1 and user_id = $6 and token_hash = $2 and idle_expires_at > $4 and absolute_expires_at > $4`,
      [id, change.fromHash, change.toHash, at(change.at), change.tenantId, userId],
    );
    return rowCount === 1;
  }

  async listByUser(userId: string, now: number): Promise<readonly SessionRecord[]> {
    const { rows } = await this.#sql.query(
      `select * from aegis_sessions
        where user_id = $1 and idle_expires_at > $2 and absolute_expires_at > $2
        order by created_at desc, id limit 200`,
      [userId, at(now)],
    );
    return rows.map((row) => recordFrom(rowOf(row)));
  }

  async revoke(userId: string, id: string, _reason: RevocationReason): Promise<boolean> {
    const { rowCount } = await this.#sql.query("delete from aegis_sessions where id = $1 and user_id = $2", [
      id,
      userId,
    ]);
    return rowCount === 1;
  }

  async revokeAll(userId: string, _reason: RevocationReason, exceptId?: string): Promise<number> {
    const { rowCount } = await this.#sql.query(
      "delete from aegis_sessions where user_id = $1 and ($2::uuid is null or id <> $2::uuid)",
      [userId, exceptId ?? null],
    );
    return rowCount ?? 0;
  }

  async countLive(now: number): Promise<number> {
    const { rows } = await this.#sql.query(
      "select count(*)::int as live from aegis_sessions where idle_expires_at > $1 and absolute_expires_at > $1",
      [at(now)],
    );
    return count(rowOf(rows[0]), "live");
  }

  async removeExpired(now: number): Promise<number> {
    const { rowCount } = await this.#sql.query(
      "delete from aegis_sessions where idle_expires_at <= $1 or absolute_expires_at <= $1",
      [at(now)],
    );
    return rowCount ?? 0;
  }
}

async function insert(sql: SqlClient, record: SessionRecord): Promise<void> {
  await sql.query(
    `insert into aegis_sessions (id, token_hash, previous_token_hash, grace_until, user_id, username, roles,
       remember_me, created_at, last_seen_at, rotated_at, idle_expires_at, absolute_expires_at, ip, user_agent,
       stage, aal, methods, proven_at, tenant_id)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)`,
    [
      record.id,
      record.tokenHash,
      record.previousTokenHash,
      record.graceUntil === null ? null : at(record.graceUntil),
      record.subject.userId,
      record.subject.username,
      [...record.subject.roles],
      record.rememberMe,
      at(record.createdAt),
      at(record.lastSeenAt),
      at(record.rotatedAt),
      at(record.idleExpiresAt),
      at(record.absoluteExpiresAt),
      record.ip,
      record.userAgent,
      record.stage,
      record.aal,
      [...record.methods],
      at(record.provenAt),
      record.subject.tenantId,
    ],
  );
}

function recordFrom(row: Row): SessionRecord {
  return {
    id: text(row, "id"),
    tokenHash: text(row, "token_hash"),
    previousTokenHash: optionalText(row, "previous_token_hash"),
    graceUntil: optionalTime(row, "grace_until"),
    subject: {
      userId: text(row, "user_id"),
      username: text(row, "username"),
      roles: texts(row, "roles"),
      tenantId: optionalText(row, "tenant_id"),
    },
    stage: word(row, "stage", STAGES),
    aal: count(row, "aal") >= 2 ? 2 : 1,
    methods: texts(row, "methods"),
    provenAt: time(row, "proven_at"),
    rememberMe: flag(row, "remember_me"),
    createdAt: time(row, "created_at"),
    lastSeenAt: time(row, "last_seen_at"),
    rotatedAt: time(row, "rotated_at"),
    idleExpiresAt: time(row, "idle_expires_at"),
    absoluteExpiresAt: time(row, "absolute_expires_at"),
    ip: text(row, "ip"),
    userAgent: text(row, "user_agent"),
  };
}
