import type { BackupCodeCount, FactorStore, TotpFactor } from "./store.ts";

/** The executable specification of a factor store; forgets everything when the process ends. */
export class MemoryFactorStore implements FactorStore {
  readonly #totp = new Map<string, TotpFactor & { readonly lastStep: number }>();
  readonly #codes = new Map<string, Map<string, number | null>>();

  async totp(accountId: string): Promise<TotpFactor | undefined> {
    const found = this.#totp.get(accountId);
    return found === undefined ? undefined : { sealedSecret: found.sealedSecret, enabledAt: found.enabledAt };
  }

  async offerTotp(accountId: string, sealedSecret: string): Promise<boolean> {
    if ((this.#totp.get(accountId)?.enabledAt ?? null) !== null) return false;
    this.#totp.set(accountId, { sealedSecret, enabledAt: null, lastStep: 0 });
    return true;
  }

  async enableTotp(accountId: string, sealedSecret: string, step: number, now: number): Promise<boolean> {
    const found = this.#totp.get(accountId);
    if (found === undefined || found.enabledAt !== null || found.sealedSecret !== sealedSecret) return false;
    this.#totp.set(accountId, { sealedSecret, enabledAt: now, lastStep: step });
    return true;
  }

  async spendStep(accountId: string, step: number): Promise<boolean> {
    const found = this.#totp.get(accountId);
    if (found === undefined || found.enabledAt === null || found.lastStep >= step) return false;
    this.#totp.set(accountId, { ...found, lastStep: step });
    return true;
  }

  async resealTotp(accountId: string, from: string, to: string): Promise<void> {
    const found = this.#totp.get(accountId);
    if (found?.sealedSecret === from) this.#totp.set(accountId, { ...found, sealedSecret: to });
  }

  async removeTotp(accountId: string): Promise<boolean> {
    return this.#totp.delete(accountId);
  }

  async replaceBackupCodes(accountId: string, hashes: readonly string[]): Promise<void> {
    this.#codes.set(accountId, new Map(hashes.map((hash) => [hash, null])));
  }

  async spendBackupCode(accountId: string, hash: string, now: number): Promise<boolean> {
    const codes = this.#codes.get(accountId);
    if (codes?.get(hash) !== null) return false;
    codes.set(hash, now);
    return true;
  }

  async countBackupCodes(accountId: string): Promise<BackupCodeCount> {
    const codes = [...(this.#codes.get(accountId)?.values() ?? [])];
    return { left: codes.filter((usedAt) => usedAt === null).length, total: codes.length };
  }
}
