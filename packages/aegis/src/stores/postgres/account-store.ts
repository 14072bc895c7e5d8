import { type Account, type AccountStore, nameKey } from "../../account/store.ts";
import type { SqlPool } from "./client.ts";
import { at, optionalText, type Row, rowOf, text, texts, time } from "./rows.ts";

/** Accounts in PostgreSQL. */
export class PostgresAccountStore implements AccountStore {
  readonly #sql: SqlPool;

  constructor(sql: SqlPool) {
    this.#sql = sql;
  }

  /** One statement: the account exists only if both of its names were free, however many ask at once. */
  async create(account: Account) {
    const email = account.email === null ? null : nameKey(account.email);
    try {
      await this.#sql.query(
        `with account as (
           insert into aegis_accounts
             (id, username, email, password_hash, password_changed_at, display_name, about_me, roles, created_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning id)
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
        ],
      );
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
    const { rowCount } = await this.#sql.query(
      "update aegis_accounts set password_hash = $3 where id = $1 and password_hash = $2",
      [id, from, to],
    );
    return rowCount === 1;
  }

  async #one(statement: string, values: unknown[]): Promise<Account | undefined> {
    const { rows } = await this.#sql.query(statement, values);
    return rows[0] === undefined ? undefined : accountFrom(rowOf(rows[0]));
  }
}

/** SQLSTATE 23505 on the table of login keys. */
function isLoginTaken(error: unknown): boolean {
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
    passwordHash: text(row, "password_hash"),
    passwordChangedAt: time(row, "password_changed_at"),
    displayName: text(row, "display_name"),
    aboutMe: text(row, "about_me"),
    roles: texts(row, "roles"),
    createdAt: time(row, "created_at"),
  };
}
