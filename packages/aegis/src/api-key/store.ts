/** A key as it is kept: never its secret. Times are milliseconds since the Unix epoch. */
export interface ApiKey {
  /** The public part of the key. */
  readonly id: string;
  readonly accountId: string;
  /** The one tenant that it works in, or none: that of the session it was made in. */
  readonly tenantId: string | null;
  /** What the owner calls it. */
  readonly name: string;
  readonly scopes: readonly string[];
  readonly tier: string;
  readonly createdAt: number;
  /** Null: never. */
  readonly expiresAt: number | null;
  /** Right to the minute. */
  readonly lastUsedAt: number | null;
  /** SHA-256 of the secret part. A fast hash is right: nobody guesses 256 random bits (ASVS 5.0 6.5.2). */
  readonly secretHash: string;
  readonly rotatedAt: number | null;
  /** The secret before the last rotation, while it still serves. */
  readonly previous: { readonly hash: string; readonly until: number } | null;
  /** Beginning of the window that `quotaUsed` counts. */
  readonly quotaStart: number;
  readonly quotaUsed: number;
}

export type NewApiKey = Omit<ApiKey, "lastUsedAt" | "rotatedAt" | "previous" | "quotaStart" | "quotaUsed">;

export interface Rotation {
  /** The hash that is replaced: of parallel rotations exactly one finds it. */
  readonly from: string;
  readonly to: string;
  readonly now: number;
  /** Until then the replaced secret serves; `now` or earlier: it ends at once. */
  readonly previousUntil: number;
  readonly expiresAt: number | null;
  /** Also while an earlier secret still serves; that one ends. */
  readonly evenInOverlap: boolean;
}

export interface QuotaTake {
  readonly windowStart: number;
  readonly limit: number;
  /** UTC, "2026-02-28". */
  readonly day: string;
  readonly now: number;
  /** The time of last use is written only where it is as old as this. */
  readonly touchBefore: number;
}

export interface ApiKeyQuery {
  /** Part of the key's name or id, in any case; or the key is one of these accounts'. */
  readonly query: string;
  readonly accountIds: readonly string[];
  /** Only those not used since; never used: not made since. */
  readonly unusedSince?: number;
  readonly limit: number;
  readonly offset: number;
}

export interface ApiKeyStore {
  /** "full": the account has `limit` keys. Of parallel calls no more succeed than there is room for. */
  create(key: NewApiKey, limit: number): Promise<"created" | "full" | "taken">;
  /** By the present secret's hash or the one before it, whether or not it is still good. */
  findByHash(hash: string): Promise<ApiKey | undefined>;
  find(id: string): Promise<ApiKey | undefined>;
  /** Newest first. */
  listByAccount(accountId: string): Promise<readonly ApiKey[]>;
  /** Longest unused first. */
  page(query: ApiKeyQuery): Promise<{ readonly items: readonly ApiKey[]; readonly total: number }>;
  rotate(accountId: string, id: string, rotation: Rotation): Promise<boolean>;
  /** The count begins anew. */
  setTier(id: string, tier: string): Promise<boolean>;
  /** Nothing of it stays but events. */
  revoke(accountId: string, id: string): Promise<boolean>;
  revokeAll(accountId: string): Promise<number>;
  /**
   * Takes one request off the quota: how many are used now. However many calls come at once, no more than `limit` are
   * accepted in a window. A window never goes back: a process whose clock is behind counts in the later one.
   */
  take(id: string, take: QuotaTake): Promise<number | "spent" | "gone">;
  /** Requests by UTC day, oldest first, from `sinceDay` on; days without any are left out. */
  usage(
    id: string,
    sinceDay: string,
  ): Promise<readonly { readonly day: string; readonly requests: number }[]>;
  /** Deletes keys that expired before, and counts of earlier days; how many keys. */
  removeExpired(before: number, usageBeforeDay: string): Promise<number>;
}
