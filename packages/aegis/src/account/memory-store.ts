import {
  type Account,
  type AccountMarks,
  type AccountPage,
  type AccountQuery,
  type AccountStore,
  type FlaggedQuery,
  nameKey,
  type NewPassword,
} from "./store.ts";

const NEWEST = { by: "created_at", descending: true } as const;

/** The executable specification of an account store; forgets everything when the process ends. */
export class MemoryAccountStore implements AccountStore {
  readonly #accounts = new Map<string, Account>();
  /** Name keys and address keys in one map: both sign in, so neither may be the other's. */
  readonly #logins = new Map<string, string>();
  readonly #histories = new Map<string, readonly string[]>();

  async create(account: Account, linkEmail: boolean) {
    const name = nameKey(account.username);
    const email = account.email === null || !linkEmail ? undefined : nameKey(account.email);
    if (this.#logins.has(name)) return { created: false, taken: "username" } as const;
    if (email !== undefined && this.#logins.has(email)) return { created: false, taken: "email" } as const;
    this.#accounts.set(account.id, account);
    this.#logins.set(name, account.id);
    if (email !== undefined) this.#logins.set(email, account.id);
    return { created: true } as const;
  }

  async findById(id: string): Promise<Account | undefined> {
    return this.#accounts.get(id);
  }

  async findByLogin(login: string): Promise<Account | undefined> {
    const id = this.#logins.get(nameKey(login));
    return id === undefined ? undefined : this.#accounts.get(id);
  }

  async countUnverified(email: string): Promise<number> {
    return [...this.#accounts.values()].filter(
      (one) => one.emailVerifiedAt === null && one.email !== null && nameKey(one.email) === nameKey(email),
    ).length;
  }

  async linkEmail(id: string, email: string, now: number): Promise<boolean> {
    const account = this.#accounts.get(id);
    const owner = this.#logins.get(nameKey(email));
    if (account === undefined || (owner !== undefined && owner !== id)) return false;
    for (const [key, accountId] of this.#logins)
      if (accountId === id && key !== nameKey(account.username)) this.#logins.delete(key);
    this.#logins.set(nameKey(email), id);
    return (
      this.#change(id, (one) => ({
        ...one,
        email,
        emailVerifiedAt: now,
        registrationPending: false,
      })) !== undefined
    );
  }

  async updateProfile(
    id: string,
    profile: { readonly displayName: string; readonly aboutMe: string },
  ): Promise<Account | undefined> {
    return this.#change(id, (account) => ({
      ...account,
      displayName: profile.displayName,
      aboutMe: profile.aboutMe,
    }));
  }

  async replacePasswordHash(id: string, from: string, to: string): Promise<boolean> {
    if (this.#accounts.get(id)?.passwordHash !== from) return false;
    return this.#change(id, (account) => ({ ...account, passwordHash: to })) !== undefined;
  }

  async changePassword(id: string, from: string, to: NewPassword): Promise<boolean> {
    if (this.#accounts.get(id)?.passwordHash !== from) return false;
    this.#histories.set(id, [from, ...(this.#histories.get(id) ?? [])].slice(0, to.keepHistory));
    this.#change(id, (account) => ({
      ...account,
      passwordHash: to.hash,
      passwordChangedAt: to.changedAt,
      passwordNeedsMfa: to.needsMfa,
      mustChangePassword: false,
    }));
    return true;
  }

  async passwordHistory(id: string, limit: number): Promise<readonly string[]> {
    return (this.#histories.get(id) ?? []).slice(0, limit);
  }

  async mark(id: string, marks: AccountMarks): Promise<boolean> {
    return this.#change(id, (account) => ({ ...account, ...marks })) !== undefined;
  }

  async markUnlessLast(id: string, marks: AccountMarks, role: string): Promise<boolean> {
    const all = [...this.#accounts.values()]; // nothing is awaited from here on: one atomic step
    const stays = (one: Account): boolean =>
      one.id !== id && one.roles.includes(role) && one.disabledAt === null && one.deleteAfter === null;
    if (this.#accounts.get(id)?.roles.includes(role) === true && !all.some(stays)) return false;
    return this.#change(id, (account) => ({ ...account, ...marks })) !== undefined;
  }

  async list({ query, limit, offset, order = NEWEST }: AccountQuery): Promise<AccountPage> {
    const wanted = nameKey(query);
    const sign = order.descending ? -1 : 1;
    const valueOf = {
      username: ({ username }: Account) => nameKey(username),
      created_at: ({ createdAt }: Account) => createdAt,
      password_changed_at: ({ passwordChangedAt }: Account) => passwordChangedAt,
    }[order.by];
    const found = [...this.#accounts.values()]
      .filter(({ username, email }) => [username, email ?? ""].some((one) => nameKey(one).includes(wanted)))
      .toSorted((a, b) => {
        const [left, right] = [valueOf(a), valueOf(b)];
        if (left === right) return a.id < b.id ? -1 : 1;
        return left < right ? -sign : sign;
      });
    return { items: found.slice(offset, offset + limit), total: found.length };
  }

  async listFlagged({ roles, passwordChangedBefore, limit }: FlaggedQuery): Promise<readonly Account[]> {
    const hasRole = (one: Account): boolean => one.roles.some((role) => roles.includes(role));
    return [...this.#accounts.values()]
      .filter(
        (one) =>
          one.disabledAt === null &&
          one.deleteAfter === null &&
          !one.registrationPending &&
          (hasRole(one) ||
            one.mustChangePassword ||
            one.passwordNeedsMfa ||
            (passwordChangedBefore !== null && one.passwordChangedAt < passwordChangedBefore)),
      )
      .toSorted(
        (a, b) =>
          Number(hasRole(b)) - Number(hasRole(a)) ||
          a.passwordChangedAt - b.passwordChangedAt ||
          (a.id < b.id ? -1 : 1),
      )
      .slice(0, limit);
  }

  async countWithRole(role: string): Promise<number> {
    return [...this.#accounts.values()].filter(({ roles }) => roles.includes(role)).length;
  }

  async removeDue(now: number, pendingSince: number): Promise<number> {
    const due = [...this.#accounts.values()].filter(
      ({ deleteAfter, registrationPending, createdAt }) =>
        (deleteAfter !== null && deleteAfter <= now) || (registrationPending && createdAt < pendingSince),
    );
    for (const { id } of due) {
      this.#accounts.delete(id);
      this.#histories.delete(id);
      for (const [key, owner] of this.#logins) if (owner === id) this.#logins.delete(key);
    }
    return due.length;
  }

  #change(id: string, change: (account: Account) => Account): Account | undefined {
    const account = this.#accounts.get(id);
    if (account === undefined) return undefined;
    const changed = change(account);
    this.#accounts.set(id, changed);
    return changed;
  }
}
