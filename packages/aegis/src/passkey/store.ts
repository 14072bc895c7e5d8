/** A passkey of an account. Times are milliseconds since the Unix epoch. */
export interface Passkey {
  readonly id: string;
  readonly accountId: string;
  /** base64url, as the authenticator chose it. */
  readonly credentialId: string;
  /** COSE key. */
  readonly publicKey: Uint8Array;
  /** Signature counter; 0 where the authenticator keeps none. */
  readonly counter: number;
  readonly transports: readonly string[];
  /** What the owner calls it. */
  readonly name: string;
  /** Synced between devices. */
  readonly backedUp: boolean;
  readonly createdAt: number;
  readonly lastUsedAt: number | null;
}

/** An account keeps at most so many. */
export const PASSKEYS_PER_ACCOUNT = 20;

export interface PasskeyStore {
  /** False where the credential is known already, or the account has too many. */
  add(passkey: Passkey): Promise<boolean>;
  findByCredentialId(credentialId: string): Promise<Passkey | undefined>;
  /** Oldest first. */
  listByAccount(accountId: string): Promise<readonly Passkey[]>;
  /**
   * Notes a use, if the counter still is what the signature was checked against: of two uses of one signature
   * exactly one wins where the authenticator counts.
   */
  noteUse(id: string, fromCounter: number, toCounter: number, now: number): Promise<boolean>;
  rename(accountId: string, id: string, name: string): Promise<boolean>;
  remove(accountId: string, id: string): Promise<boolean>;
  /** Removes it while the account keeps another: of parallel calls none takes the last one. */
  removeUnlessLast(accountId: string, id: string): Promise<boolean>;
  removeAll(accountId: string): Promise<number>;
}
