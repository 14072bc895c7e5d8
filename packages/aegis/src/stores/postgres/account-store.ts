import {
  type Account,
  type AccountMarks,
  type AccountPage,
  type AccountQuery,
  type AccountStore,
  type FlaggedQuery,
  nameKey,
  type NewPassword,
} from "../../account/store.ts";
import { withRoleLocked } from "./account-lock.ts";
import type { SqlClient, SqlPool } from "./client.ts";
import {
  at,
  count,
  flag,
  optionalAt,
  optionalText,
  optionalTime,
  type Row,
  rowOf,
  text,
  texts,
  time,
} from "./rows.ts";

/** @throws with SQLSTATE 23505 where a name is taken: nothing is written then. */
export async function insertAccount(sql: SqlClient, account: Account, linkEmail: boolean): Promise<void> {
  const email = account.email === null || !linkEmail ? null : nameKey(account.email);
  await sql.query(
    `with account as (
       insert into aegis_accounts
         (id, username, email, password_hash, password_changed_at, display_name, about_me, roles, created_at,
          email_verified_at, must_change_password, password_needs_mfa, disabled_at, delete_after,
          registration_pending)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $12, $13, $14, $15, $16, $17) returning id)
     insert into aegis_logins (key, account_id, kind)
     select login.key, account.id, login.kind
       from account, (values ($10::text, 'username'), ($11::text, 'email')) as login (key, kind)
      where login.key is not null
      order by login.key`,
    [
      account.id,
      account.username,
      account.email,
      account.passwordHash,
      at(account.passwordChangedAt),
      account.displayName,
      account.aboutMe,
      [...account.roles],
      at(account.createdAt),
      nameKey(account.username),
      email,
      optionalAt(account.emailVerifiedAt),
      account.mustChangePassword,
      account.passwordNeedsMfa,
      optionalAt(account.disabledAt),
      optionalAt(account.deleteAfter),
      account.registrationPending,
    ],
  );
}

/** Accounts in PostgreSQL. What decides is one statement, and so one atomic step. */
export class PostgresAccountStore implements AccountStore {
  readonly #sql: SqlPool;

  constructor(sql: SqlPool) {
    this.#sql = sql;
  }

  /** The account exists only if its names were free, however many ask at once. */
  async create(account: Account, linkEmail: boolean) {
    try {
      await insertAccount(this.#sql, account, linkEmail);
      return { created: true } as const;
    } catch (error) {
      if (!isLoginTaken(error)) throw error;
      const byName = await this.findByLogin(account.username);
      return { created: false, taken: byName === undefined ? "email" : "username" } as const;
    }
  }

  async findById(id: string): Promise<Account | undefined> {
    return this.#one("select * from aegis_accounts where id = $1", [id]);
  }

  async findByLogin(login: string): Promise<Account | undefined> {
    // PostgreSQL has no NUL in text and would answer with an error; no such name exists.
    if (login.includes("\0")) return undefined;
    return this.#one(
      "select a.* from aegis_logins l join aegis_accounts a on a.id = l.account_id where l.key = $1",
      [nameKey(login)],
    );
  }

  async countUnverified(email: string): Promise<number> {
    if (email.includes("\0")) return 0;
    const { rows } = await this.#sql.query(
      "select count(*) as total from aegis_accounts where email_verified_at is null and lower(email) = $1",
      [nameKey(email)],
    );
    return count(rowOf(rows[0]), "total");
  }

  async linkEmail(id: string, email: string, now: number): Promise<boolean> {
    try {
      const { rowCount } = await this.#sql.query(
        `with owner as (
           update aegis_accounts set email = $2, email_verified_at = $3, registration_pending = false
            where id = $1 returning id)
         insert into aegis_logins (key, account_id, kind) select $4, owner.id, 'email' from owner
         on conflict (account_id, kind) do update set key = excluded.key`,
        [id, email, at(now), nameKey(email)],
      );
      return rowCount === 1;
    } catch (error) {
      if (isLoginTaken(error)) return false;
      throw error;
    }
  }

  async updateProfile(
    id: string,
    profile: { readonly displayName: string; readonly aboutMe: string },
  ): Promise<Account | undefined> {
    return this.#one("update aegis_accounts set display_name = $2, about_me = $3 where id = $1 returning *", [
      id,
      profile.displayName,
      profile.aboutMe,
    ]);
  }

  async replacePasswordHash(id: string, from: string, to: string): Promise<boolean> {
    return this.#did("update aegis_accounts set password_hash = $3 where id = $1 and password_hash = $2", [
      id,
      from,
      to,
    ]);
  }

  async changePassword(id: string, from: string, to: NewPassword): Promise<boolean> {
    const changed = await this.#did(
      `with changed as (
         update aegis_accounts
            set password_hash = $3, password_changed_at = $4, password_needs_mfa = $5, must_change_password = false
          where id = $1 and password_hash = $2 returning id)
       insert into aegis_password_history (account_id, hash, replaced_at) select id, $2, $4 from changed`,
      [id, from, to.hash, at(to.changedAt), to.needsMfa],
    );
    if (changed)
      await this.#sql.query(
        `delete from aegis_password_history where account_id = $1 and place not in (
           select place from aegis_password_history where account_id = $1 order by place desc limit $2)`,
        [id, to.keepHistory],
      );
    return changed;
  }

  async passwordHistory(id: string, limit: number): Promise<readonly string[]> {
    const { rows } = await this.#sql.query(
      "select hash from aegis_password_history where account_id = $1 order by place desc limit $2",
      [id, limit],
    );
    return rows.map((row) => text(rowOf(row), "hash"));
  }

  async mark(id: string, marks: AccountMarks): Promise<boolean> {
    return this.#did(`${MARK} where id = $1`, valuesOf(id, marks));
  }

  /** Everybody with the role is locked first: of two at once each would take the other for the one who stays. */
  async markUnlessLast(id: string, marks: AccountMarks, role: string): Promise<boolean> {
    const { rowCount } = await withRoleLocked(this.#sql, id, role, (sql) =>
      sql.query(
        `${MARK} where id = $1 and ($7 <> all (roles) or exists (select 1 from aegis_accounts o
            where o.id <> $1 and $7 = any (o.roles) and o.disabled_at is null and o.delete_after is null))`,
        [...valuesOf(id, marks), role],
      ),
    );
    return rowCount === 1;
  }

  async list({ query, limit, offset, order }: AccountQuery): Promise<AccountPage> {
    if (query.includes("\0")) return { items: [], total: 0 };
    // Names out of a closed list, never the request's text.
    const column = {
      username: "(select key from aegis_logins where account_id = a.id and kind = 'username') collate \"C\"",
      created_at: "a.created_at",
      password_changed_at: "a.password_changed_at",
    }[order?.by ?? "created_at"];
    const direction = (order?.descending ?? true) ? "desc" : "asc";
    // By key: what the database makes of capital letters depends on how it was set up. An address without one is ASCII.
    const found = `from aegis_accounts a
      where id in (select account_id from aegis_logins where strpos(key, $1) > 0) or strpos(lower(email), $1) > 0`;
    const [page, counted] = await Promise.all([
      this.#sql.query(`select a.* ${found} order by ${column} ${direction}, a.id limit $2 offset $3`, [
        nameKey(query),
        limit,
        offset,
      ]),
      this.#sql.query(`select count(*) as total ${found}`, [nameKey(query)]),
    ]);
    return {
      items: page.rows.map((row) => accountFrom(rowOf(row))),
      total: count(rowOf(counted.rows[0]), "total"),
    };
  }

  async listFlagged({ roles, passwordChangedBefore, limit }: FlaggedQuery): Promise<readonly Account[]> {
    const { rows } = await this.#sql.query(
      `select * from aegis_accounts
        where disabled_at is null and delete_after is null and not registration_pending
          and (roles && $1::text[] or must_change_password or password_needs_mfa or password_changed_at < $2)
        order by (roles && $1::text[]) desc, password_changed_at, id limit $3`,
      [[...roles], optionalAt(passwordChangedBefore), limit],
    );
    return rows.map((row) => accountFrom(rowOf(row)));
  }

  async countWithRole(role: string): Promise<number> {
    const { rows } = await this.#sql.query(
      "select count(*) as total from aegis_accounts where $1 = any (roles)",
      [role],
    );
    return rows[0] === undefined ? 0 : count(rowOf(rows[0]), "total");
  }

  async removeDue(now: number, pendingSince: number): Promise<number> {
    const { rowCount } = await this.#sql.query(
      `delete from aegis_accounts
        where delete_after <= $1 or (registration_pending and created_at < $2)`,
      [at(now), at(pendingSince)],
    );
    return rowCount ?? 0;
  }

  async #one(statement: string, values: unknown[]): Promise<Account | undefined> {
    const { rows } = await this.#sql.query(statement, values);
    return rows[0] === undefined ? undefined : accountFrom(rowOf(rows[0]));
  }

  async #did(statement: string, values: unknown[]): Promise<boolean> {
    return (await this.#sql.query(statement, values)).rowCount === 1;
  }
}

const MARK = `update aegis_accounts
  set must_change_password = coalesce($2, must_change_password),
      disabled_at = case when $3 then $4::timestamptz else disabled_at end,
      delete_after = case when $5 then $6::timestamptz else delete_after end`;

const valuesOf = (id: string, { mustChangePassword, disabledAt, deleteAfter }: AccountMarks): unknown[] => [
  id,
  mustChangePassword ?? null,
  disabledAt !== undefined,
  optionalAt(disabledAt ?? null),
  deleteAfter !== undefined,
  optionalAt(deleteAfter ?? null),
];

/** SQLSTATE 23505 on the table of login keys. */
export function isLoginTaken(error: unknown): boolean {
  return (
    error instanceof Error &&
    "code" in error &&
    error.code === "23505" &&
    "constraint" in error &&
    error.constraint === "aegis_logins_pkey"
  );
}

function accountFrom(row: Row): Account {
  return {
    id: text(row, "id"),
    username: text(row, "username"),
    email: optionalText(row, "email"),
    emailVerifiedAt: optionalTime(row, "email_verified_at"),
    passwordHash: text(row, "password_hash"),
    passwordChangedAt: time(row, "password_changed_at"),
    mustChangePassword: flag(row, "must_change_password"),
    passwordNeedsMfa: flag(row, "password_needs_mfa"),
    registrationPending: flag(row, "registration_pending"),
    displayName: text(row, "display_name"),
    aboutMe: text(row, "about_me"),
    roles: texts(row, "roles"),
    createdAt: time(row, "created_at"),
    disabledAt: optionalTime(row, "disabled_at"),
    deleteAfter: optionalTime(row, "delete_after"),
  };
}
