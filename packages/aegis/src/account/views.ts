/** How accounts look from outside: to their owner, and to an administrator. Never a hash. */
import type { Account } from "./store.ts";

export const userView = (account: Account) => ({
  id: account.id,
  username: account.username,
  email: account.email,
  email_verified: account.emailVerifiedAt !== null,
  display_name: account.displayName,
  roles: account.roles,
});

export const profileView = (account: Account) => ({
  ...userView(account),
  about_me: account.aboutMe,
  created_at: iso(account.createdAt),
});

export interface AdminFacts {
  readonly mfaEnabled: boolean;
  readonly failures: number;
  readonly lockedUntil: number | null;
  readonly passwordExpiresAt: number | null;
}

export const adminView = (account: Account, facts: AdminFacts) => ({
  ...userView(account),
  created_at: iso(account.createdAt),
  mfa_enabled: facts.mfaEnabled,
  must_change_password: account.mustChangePassword,
  password_changed_at: iso(account.passwordChangedAt),
  password_expires_at: isoOrNull(facts.passwordExpiresAt),
  failed_login_attempts: facts.failures,
  locked_until: isoOrNull(facts.lockedUntil),
  disabled_at: isoOrNull(account.disabledAt),
  delete_after: isoOrNull(account.deleteAfter),
});

export const iso = (milliseconds: number): string => new Date(milliseconds).toISOString();
export const isoOrNull = (milliseconds: number | null): string | null =>
  milliseconds === null ? null : iso(milliseconds);
