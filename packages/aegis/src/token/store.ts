import type { Aal } from "../request.ts";
import type { Binding } from "./binding.ts";

/** All tokens that came of one sign-in of one program. Times are milliseconds since the Unix epoch. */
export interface TokenFamily {
  /** Public handle (UUID): may be shown and logged; opens nothing. */
  readonly id: string;
  readonly accountId: string;
  /** The session that it was opened in: signing that out ends it. */
  readonly sessionId: string;
  /** The tenant that the session worked in: the tokens work there for as long as their owner is a member. */
  readonly tenantId: string | null;
  /** What its owner calls the program. */
  readonly client: string;
  readonly scopes: readonly string[];
  readonly aal: Aal;
  /** When the person last proved who they are. */
  readonly provenAt: number;
  readonly binding: Binding;
  /** Where it was last used, for its owner's list: address and user agent (at most 256 characters). */
  readonly ip: string;
  readonly userAgent: string;
  readonly createdAt: number;
  readonly lastUsedAt: number;
  /** Over where it is not refreshed before. */
  readonly refreshUntil: number;
  /** Over then, however often it is refreshed. */
  readonly expiresAt: number;
}

export interface RotationChange {
  readonly toHash: string;
  readonly now: number;
  /** Cut to the family's own end. */
  readonly refreshUntil: number;
  readonly graceSeconds: number;
  readonly ip: string;
  readonly userAgent: string;
}

/** Which family, and whose: a store may keep what one account has together. */
export type FamilyRef = Pick<TokenFamily, "id" | "accountId">;

/**
 * `rotated`: this call alone won. `reused`: used before, and the family ended in this very step, or in an earlier one
 * that nobody settled. `ended`: of a family that ended otherwise and is not settled. `overtaken`: used before, but within
 * the grace. `unknown`: never given out, long forgotten, or of a family that is settled. `expired`: too late.
 */
export type Rotation =
  | { readonly outcome: "rotated" | "reused" | "ended" | "overtaken"; readonly family: TokenFamily }
  | { readonly outcome: "unknown" | "expired" };

/** A person needs no more programs; the one that was used least lately makes room. */
export const FAMILIES_PER_ACCOUNT = 20;
/** So many used tokens of a family are remembered: who refreshes in a loop fills no disk. */
export const USED_TOKENS_KEPT = 1000;

/** An end that nobody settled is remembered for so long: no access token of the family lives any longer. */
export const UNSETTLED_KEPT_MS = 3_600_000;

/**
 * Where refresh tokens live, as hashes. Every method is one atomic step. A family that ended is refreshed no more, but its
 * access tokens live until they are denied, elsewhere. Should that fail, whoever comes next must find that it is still to
 * be done: so an ended family is named by every call that would have ended it, until `settle`.
 */
export interface RefreshStore {
  /** Adds a family with its first token; those that ended to make room. */
  open(family: TokenFamily, tokenHash: string): Promise<readonly FamilyRef[]>;
  /** The live family that this is the present token of. */
  find(tokenHash: string, now: number): Promise<TokenFamily | undefined>;
  rotate(fromHash: string, change: RotationChange): Promise<Rotation>;
  /** Live ones, last used first. */
  listByAccount(accountId: string, now: number): Promise<readonly TokenFamily[]>;
  /** Ends the family that any of its tokens names. */
  revokeByToken(tokenHash: string, now: number): Promise<TokenFamily | undefined>;
  /** False where there is no such family, or it is settled. */
  revoke(accountId: string, id: string, now: number): Promise<boolean>;
  revokeBySession(sessionId: string, now: number): Promise<readonly FamilyRef[]>;
  revokeAll(accountId: string, now: number): Promise<readonly FamilyRef[]>;
  /** Its access tokens are denied. True for the one call that settled an end. */
  settle(family: FamilyRef): Promise<boolean>;
  /** Forgets families that are over, and settled or too old to matter; how many. */
  removeExpired(now: number): Promise<number>;
}

/** What is no good any more although its time is not up: one access token, a family, or all of a user's before a time. */
export interface Denial {
  readonly kind: "token" | "family" | "user";
  readonly id: string;
  /** user: tokens issued before. */
  readonly issuedBefore: number;
  /** When the last token that it concerns is over by itself. */
  readonly expiresAt: number;
}

export interface TokenFacts {
  readonly jti: string;
  readonly family: string;
  readonly userId: string;
  readonly issuedAt: number;
}

/** Looked at on each request with a token. Rejects when it is away; a guard must then refuse (fail closed). */
export interface TokenDenylist {
  deny(denials: readonly Denial[]): Promise<void>;
  isRevoked(facts: TokenFacts, now: number): Promise<boolean>;
  /** All that holds now. */
  list(now: number): Promise<readonly Denial[]>;
  removeExpired(now: number): Promise<number>;
}
