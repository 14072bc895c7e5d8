/** The second factors of an account. Times are milliseconds since the Unix epoch. */
export interface TotpFactor {
  /** Sealed; opened only to check a code. */
  readonly sealedSecret: string;
  /** Null while it is being set up: it counts for nothing then. */
  readonly enabledAt: number | null;
}

export interface BackupCodeCount {
  readonly left: number;
  readonly total: number;
}

/** Where second factors live. Every method is one atomic step; of parallel calls with one code exactly one wins. */
export interface FactorStore {
  totp(accountId: string): Promise<TotpFactor | undefined>;
  /** Keeps a secret to be confirmed, in place of an earlier unconfirmed one; false where one is enabled already. */
  offerTotp(accountId: string, sealedSecret: string): Promise<boolean>;
  /** Enables the offered secret, and spends the step of the code that confirmed it; true for exactly one call. */
  enableTotp(accountId: string, sealedSecret: string, step: number, now: number): Promise<boolean>;
  /** Spends a step: true for exactly one call, and for no step that is not later than every one spent before. */
  spendStep(accountId: string, step: number): Promise<boolean>;
  /** Seals the same secret anew. */
  resealTotp(accountId: string, from: string, to: string): Promise<void>;
  removeTotp(accountId: string): Promise<boolean>;
  /** A new set; the old one is void. */
  replaceBackupCodes(accountId: string, hashes: readonly string[]): Promise<void>;
  /** Spends a code; true for exactly one call. */
  spendBackupCode(accountId: string, hash: string, now: number): Promise<boolean>;
  countBackupCodes(accountId: string): Promise<BackupCodeCount>;
}
