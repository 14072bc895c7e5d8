import type { Aal } from "../request.ts";
import type { SessionRecord } from "./record.ts";

export type RevocationReason =
  | "signed_out"
  | "signed_out_elsewhere"
  | "replaced"
  | "too_many"
  | "password_changed"
  | "mfa_changed"
  | "account_deleted"
  | "locked"
  | "admin";

/** Which session, and whose: a store may keep one user's sessions together, and find neither without the other. */
export interface SessionRef {
  readonly id: string;
  readonly userId: string;
}

export interface TenantChange {
  readonly fromHash: string;
  readonly toHash: string;
  readonly at: number;
  readonly tenantId: string | null;
}

/**
 * Where sessions live. Every method is atomic: two processes that call at once see one order.
 * Tokens never reach a store, only their hashes. Methods reject with an error when the store is away; a guard
 * must then refuse (fail closed).
 */
export interface SessionStore {
  /** What it ended stays ended, whatever crashes or fails over. */
  readonly isDurable: boolean;
  /**
   * Adds a session; the token hash must be new. Of the user's live sessions that are as far as this one (complete, or
   * still signing in) the oldest end, so that no more than `limit` are left; those it ended. Half a sign-in ends no
   * complete session, or whoever knows a password alone could sign its owner out.
   */
  create(record: SessionRecord, limit: number): Promise<readonly SessionRecord[]>;
  /**
   * The live session with this token hash: its present one, or its replaced one while `graceUntil` is later than
   * `now`. Sessions past `absoluteExpiresAt` or `idleExpiresAt` are not found (`expiresAt <= now` is past).
   */
  findByTokenHash(tokenHash: string, now: number): Promise<SessionRecord | undefined>;
  /** The same where it is known without asking anybody; undefined says nothing but "ask". */
  peek?(tokenHash: string, now: number): SessionRecord | undefined;
  /** Moves idle expiry on, never back; true while the session is live. */
  touch(
    session: SessionRef,
    times: { readonly lastSeenAt: number; readonly idleExpiresAt: number },
  ): Promise<boolean>;
  /**
   * Replaces the token, if `fromHash` is still the present one and the session is live: of parallel calls exactly
   * one wins (true). The replaced hash serves until `graceUntil`.
   */
  rotate(
    session: SessionRef,
    change: {
      readonly fromHash: string;
      readonly toHash: string;
      readonly rotatedAt: number;
      readonly graceUntil: number;
    },
  ): Promise<boolean>;
  /**
   * A fresh proof of the person: replaces the token without any grace (privilege change) and notes the proof, if
   * `fromHash` is still the present one and the session is live. True for the one call that did.
   */
  prove(
    session: SessionRef,
    change: {
      readonly fromHash: string;
      readonly toHash: string;
      readonly provenAt: number;
      readonly aal: Aal;
      readonly methods: readonly string[];
    },
  ): Promise<boolean>;
  /**
   * The session works in another tenant from now on, under a new token without any grace, if `fromHash` is still the
   * present one and the session is live. True for the one call that did.
   */
  enterTenant(session: SessionRef, change: TenantChange): Promise<boolean>;
  /** The user's live sessions, newest first. */
  listByUser(userId: string, now: number): Promise<readonly SessionRecord[]>;
  /** Ends one session of this user; true for the one call that ended it. */
  revoke(userId: string, id: string, reason: RevocationReason): Promise<boolean>;
  /** Ends all sessions of the user but `exceptId`; how many it ended. */
  revokeAll(userId: string, reason: RevocationReason, exceptId?: string): Promise<number>;
  /** How many are live, of everybody; absent where only a walk over all of them could tell. */
  countLive?(now: number): Promise<number>;
  /** Forgets what is past; how many. Called from time to time, so that the store cannot grow without end. */
  removeExpired(now: number): Promise<number>;
}
