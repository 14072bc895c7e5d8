import { type Account, type AccountStore, nameKey } from "./store.ts";

/** The executable specification of an account store; forgets everything when the process ends. */
export class MemoryAccountStore implements AccountStore {
  readonly #accounts = new Map<string, Account>();
  /** Name keys and address keys in one map: both sign in, so neither may be the other's. */
  readonly #logins = new Map<string, string>();

  async create(account: Account) {
    const name = nameKey(account.username);
    const email = account.email === null ? undefined : nameKey(account.email);
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

  #change(id: string, change: (account: Account) => Account): Account | undefined {
    const account = this.#accounts.get(id);
    if (account === undefined) return undefined;
    const changed = change(account);
    this.#accounts.set(id, changed);
    return changed;
  }
}
