import type { Aal, Principal, SignInStage } from "../request.ts";

/** What the server knows of a session. Times are milliseconds since the Unix epoch. */
export interface SessionRecord {
  /** Public handle (UUID): may be shown and logged; opens nothing. */
  readonly id: string;
  /** SHA-256 (base64url) of the session token. */
  readonly tokenHash: string;
  /** Hash of the token before the last rotation, and until when it still serves. */
  readonly previousTokenHash: string | null;
  readonly graceUntil: number | null;
  readonly subject: SessionSubject;
  readonly stage: SignInStage;
  readonly aal: Aal;
  /** The sign-in paths that were walked. */
  readonly methods: readonly string[];
  /** When the person last proved who they are. */
  readonly provenAt: number;
  readonly rememberMe: boolean;
  readonly createdAt: number;
  readonly lastSeenAt: number;
  readonly rotatedAt: number;
  readonly idleExpiresAt: number;
  readonly absoluteExpiresAt: number;
  /** Where it was opened: address and user agent (at most 256 characters), for the owner's list of sessions. */
  readonly ip: string;
  readonly userAgent: string;
}

/** Whose session it is, as far as each request needs to know it. */
export type SessionSubject = Principal;

/** The session as it is once it works in another tenant: a change of rights, so the token before has no grace. */
export const inTenant = (
  record: SessionRecord,
  change: { readonly toHash: string; readonly at: number; readonly tenantId: string | null },
): SessionRecord => ({
  ...record,
  tokenHash: change.toHash,
  previousTokenHash: null,
  graceUntil: null,
  rotatedAt: change.at,
  subject: { ...record.subject, tenantId: change.tenantId },
});
