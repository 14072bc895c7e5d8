/**
 * Security events: who, what, when, from where, with what outcome (ASVS 5.0 16.2, 16.3; requirement ACC-6).
 * Never a password, token, code or cookie: the type has no place for one.
 */
export const auditEventNames = [
  "account.registered",
  "account.imported",
  "account.registration_refused",
  "account.profile_changed",
  "account.email_verified",
  "account.email_changed",
  "account.exported",
  "account.deletion_scheduled",
  "account.deletion_cancelled",
  "account.suspended",
  "account.restored",
  "account.unlocked",
  "account.probes_created",
  "session.signed_in",
  "session.sign_in_failed",
  "session.step_done",
  "session.ended",
  "session.confirmed",
  "session.store_away",
  "throttle.delayed",
  "throttle.owner_told",
  "password.rehashed",
  "password.hash_retired",
  "password.changed",
  "password.change_forced",
  "password.reset_requested",
  "password.reset",
  "password.breach_unchecked",
  "mfa.enabled",
  "mfa.disabled",
  "mfa.reset",
  "mfa.code_refused",
  "mfa.backup_code_used",
  "mfa.backup_codes_renewed",
  "passkey.added",
  "passkey.removed",
  "passkey.refused",
  "api_key.created",
  "api_key.rotated",
  "api_key.revoked",
  "api_key.tier_changed",
  "api_key.refused",
  "api_key.quota_exceeded",
  "approval.requested",
  "approval.approved",
  "approval.rejected",
  "token.issued",
  "token.refreshed",
  "token.refresh_refused",
  "token.reuse_detected",
  "token.binding_mismatch",
  "token.revoked",
  "tenancy.identity_header",
  "tenancy.refused",
  "tenancy.opened",
  "tenancy.changed",
  "tenancy.entered",
  "tenancy.invited",
  "tenancy.invitation_withdrawn",
  "tenancy.joined",
  "tenancy.left",
  "tenancy.role_changed",
  "tenancy.removed",
  "mail.failed",
  "access.refused",
  "csrf.refused",
  "input.refused",
  "upload.stored",
  "upload.deleted",
  "upload.refused",
  "transport.refused",
  "csp.violation",
  "rate_limit.exceeded",
  "rate_limit.store_away",
  "reputation.banned",
  "reputation.refused",
  "reputation.lifted",
  "reputation.store_away",
  "audit.events_lost",
  "audit.chain_broken",
] as const;

export type AuditEventName = (typeof auditEventNames)[number];

/** What an application tells of itself (`app.aegis.record`); no name of the library begins so. */
export type ApplicationEventName = `app.${string}`;

export interface AuditEvent {
  readonly event: AuditEventName | ApplicationEventName;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly outcome: "success" | "failure";
  readonly request_id: string;
  readonly ip: string;
  readonly user_id?: string;
  readonly username?: string;
  readonly session_id?: string;
  /** The family of the token, or the key, that the call was made with: its public handle. */
  readonly bearer_id?: string;
  /** The error code behind a failure. */
  readonly code?: string;
  readonly facts?: Readonly<Record<string, string | number | boolean>>;
}

/** Where events go. The log is the first such place; a tamper-evident chain is another. */
export interface AuditSink {
  write(event: AuditEvent): void;
}
