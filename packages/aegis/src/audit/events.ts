/**
 * Security events: who, what, when, from where, with what outcome (ASVS 5.0 16.2, 16.3; requirement ACC-6).
 * Never a password, token, code or cookie: the type has no place for one.
 */
export type AuditEventName =
  | "account.registered"
  | "account.registration_refused"
  | "account.profile_changed"
  | "session.signed_in"
  | "session.sign_in_failed"
  | "session.ended"
  | "session.store_away"
  | "access.refused"
  | "csrf.refused"
  | "input.refused"
  | "transport.refused"
  | "csp.violation"
  | "password.rehashed";

export interface AuditEvent {
  readonly event: AuditEventName;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly outcome: "success" | "failure";
  readonly request_id: string;
  readonly ip: string;
  readonly user_id?: string;
  readonly username?: string;
  readonly session_id?: string;
  /** The error code behind a failure. */
  readonly code?: string;
  readonly facts?: Readonly<Record<string, string | number | boolean>>;
}

/** Where events go. The log is the first such place; a tamper-evident chain is another. */
export interface AuditSink {
  write(event: AuditEvent): void;
}
