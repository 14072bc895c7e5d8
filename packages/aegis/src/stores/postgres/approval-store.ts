import type { Approval, ApprovalStore } from "../../approval/store.ts";
import { withAccountLocked } from "./account-lock.ts";
import type { SqlPool } from "./client.ts";
import { at, optionalText, optionalTime, type Row, rowOf, text, time, word } from "./rows.ts";

/** Approvals in PostgreSQL. Every method is one atomic step. */
export class PostgresApprovalStore implements ApprovalStore {
  readonly #sql: SqlPool;

  constructor(sql: SqlPool) {
    this.#sql = sql;
  }

  /** Under the account's lock: two parallel requests would not see each other. */
  async request(approval: Approval): Promise<boolean> {
    const { rowCount } = await withAccountLocked(this.#sql, approval.subjectId, (sql) =>
      sql.query(
        `insert into aegis_approvals (id, action, subject_id, requested_by, requested_at, expires_at, state)
       select $1, $2, $3::uuid, $4, $5, $6, 'pending'
        where not exists (select 1 from aegis_approvals
          where action = $2 and subject_id = $3::uuid and state = 'pending' and expires_at > $5)`,
        [
          approval.id,
          approval.action,
          approval.subjectId,
          approval.requestedBy,
          at(approval.requestedAt),
          at(approval.expiresAt),
        ],
      ),
    );
    return rowCount === 1;
  }

  async find(id: string): Promise<Approval | undefined> {
    const { rows } = await this.#sql.query("select * from aegis_approvals where id = $1", [id]);
    return rows[0] === undefined ? undefined : approvalFrom(rowOf(rows[0]));
  }

  async list(): Promise<readonly Approval[]> {
    const { rows } = await this.#sql.query(
      "select * from aegis_approvals order by requested_at desc, id limit 200",
      [],
    );
    return rows.map((row) => approvalFrom(rowOf(row)));
  }

  async decide(id: string, by: string, state: "approved" | "rejected", now: number): Promise<boolean> {
    const { rowCount } = await this.#sql.query(
      `update aegis_approvals set state = $3, decided_by = $2, decided_at = $4
        where id = $1 and state = 'pending' and expires_at > $4 and requested_by <> $2 and subject_id <> $2`,
      [id, by, state, at(now)],
    );
    return rowCount === 1;
  }
}

function approvalFrom(row: Row): Approval {
  return {
    id: text(row, "id"),
    action: word(row, "action", ["remove-mfa"]),
    subjectId: text(row, "subject_id"),
    requestedBy: text(row, "requested_by"),
    requestedAt: time(row, "requested_at"),
    expiresAt: time(row, "expires_at"),
    state: word(row, "state", ["pending", "approved", "rejected"]),
    decidedBy: optionalText(row, "decided_by"),
    decidedAt: optionalTime(row, "decided_at"),
  };
}
