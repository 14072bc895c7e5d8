/** One code or token that works once. Times are milliseconds since the Unix epoch. */
export interface OneTimeRecord {
  readonly purpose: OneTimePurpose;
  /** Whom it is for; a new one for the same purpose and subject voids the one before. */
  readonly subject: string;
  /** Keyed hash: a six-digit code would be read off a plain one. */
  readonly secretHash: string;
  /** What it confirms, chosen when it was made: never taken from the request that redeems it. */
  readonly data: Readonly<Record<string, string>>;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly attemptsLeft: number;
}

/** `letter` and `factor-removal`: no secret at all, only the count of how often something was done. */
export type OneTimePurpose =
  | "verify-email"
  | "reset-password"
  | "passkey-challenge"
  | "tenant-invitation"
  | "letter"
  | "factor-removal";

/** How often one subject may be sent a new one. */
export interface IssueLimits {
  /** None before so long after the last. */
  readonly everySeconds: number;
  /** None beyond so many in 24 hours. */
  readonly perDay: number;
}

/** Where one-time codes and tokens live. Every method is one atomic step; of parallel calls one wins. */
export interface OneTimeStore {
  /** Keeps a new record in place of the one before; false where the limits say no. */
  issue(record: OneTimeRecord, limits: IssueLimits): Promise<boolean>;
  /**
   * Redeems the subject's record: its data for exactly one call with the right hash, while it is live and has
   * attempts left. Every wrong call takes an attempt.
   */
  consume(
    purpose: OneTimePurpose,
    subject: string,
    secretHash: string,
    now: number,
  ): Promise<Readonly<Record<string, string>> | undefined>;
  /**
   * Takes an attempt of the live record with this hash, for a call that has the secret and learns something by it;
   * false where that would leave none for the call that redeems it.
   */
  attempt(purpose: OneTimePurpose, secretHash: string, now: number): Promise<boolean>;
  /** The live record with this hash, without redeeming it: for tokens, whose hash cannot be guessed. */
  find(
    purpose: OneTimePurpose,
    secretHash: string,
    now: number,
  ): Promise<{ readonly subject: string } | undefined>;
  /** Notes a use of something that was never kept; true for exactly one call per hash until it is past. */
  spend(purpose: OneTimePurpose, secretHash: string, now: number, expiresAt: number): Promise<boolean>;
  /** Voids what the subject has. */
  revoke(purpose: OneTimePurpose, subject: string): Promise<void>;
  /** Forgets what is long past; how many. */
  removeExpired(now: number): Promise<number>;
}

/** Records outlive their use for so long: the limits per day look back on them. */
export const KEPT_FOR_MS = 24 * 3_600_000;
