import { type Passkey, PASSKEYS_PER_ACCOUNT, type PasskeyStore } from "./store.ts";

/** The executable specification of a passkey store; forgets everything when the process ends. */
export class MemoryPasskeyStore implements PasskeyStore {
  readonly #passkeys = new Map<string, Passkey>();

  async add(passkey: Passkey): Promise<boolean> {
    const all = [...this.#passkeys.values()]; // nothing is awaited from here on: one atomic step
    if (all.some((one) => one.credentialId === passkey.credentialId)) return false;
    if (all.filter((one) => one.accountId === passkey.accountId).length >= PASSKEYS_PER_ACCOUNT) return false;
    this.#passkeys.set(passkey.id, passkey);
    return true;
  }

  async findByCredentialId(credentialId: string): Promise<Passkey | undefined> {
    return [...this.#passkeys.values()].find((one) => one.credentialId === credentialId);
  }

  async listByAccount(accountId: string): Promise<readonly Passkey[]> {
    return [...this.#passkeys.values()]
      .filter((one) => one.accountId === accountId)
      .toSorted((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
  }

  async noteUse(id: string, fromCounter: number, toCounter: number, now: number): Promise<boolean> {
    const found = this.#passkeys.get(id);
    if (found === undefined || found.counter !== fromCounter) return false;
    this.#passkeys.set(id, { ...found, counter: toCounter, lastUsedAt: now });
    return true;
  }

  async rename(accountId: string, id: string, name: string): Promise<boolean> {
    const found = this.#passkeys.get(id);
    if (found?.accountId !== accountId) return false;
    this.#passkeys.set(id, { ...found, name });
    return true;
  }

  async remove(accountId: string, id: string): Promise<boolean> {
    return this.#passkeys.get(id)?.accountId === accountId && this.#passkeys.delete(id);
  }

  async removeUnlessLast(accountId: string, id: string): Promise<boolean> {
    const all = [...this.#passkeys.values()]; // nothing is awaited from here on: one atomic step
    if (!all.some((one) => one.accountId === accountId && one.id !== id)) return false;
    return this.#passkeys.get(id)?.accountId === accountId && this.#passkeys.delete(id);
  }

  async removeAll(accountId: string): Promise<number> {
    const own = await this.listByAccount(accountId);
    for (const { id } of own) this.#passkeys.delete(id);
    return own.length;
  }
}
