/** What happened, in plain words; what is not known here yet is shown by its own name. */
const WORDS: Readonly<Record<string, string>> = {
  "account.registered": "The account was made",
  "account.registration_refused": "A registration was refused",
  "account.profile_changed": "The profile was changed",
  "account.email_verified": "The e-mail address was verified",
  "account.email_changed": "The e-mail address was changed",
  "account.exported": "The data of the account was exported",
  "account.deletion_scheduled": "Deletion of the account was asked for",
  "account.deletion_cancelled": "Deletion of the account was called off",
  "account.suspended": "An administrator suspended the account",
  "account.restored": "An administrator restored the account",
  "account.unlocked": "An administrator unlocked the account",
  "session.signed_in": "Signed in",
  "session.sign_in_failed": "Somebody failed to sign in",
  "session.step_done": "A step of a sign-in was passed",
  "session.ended": "A session ended",
  "session.confirmed": "Confirmed to be you",
  "throttle.delayed": "A sign-in was held back after failed tries",
  "throttle.owner_told": "You were told of many failed tries",
  "password.changed": "The password was changed",
  "password.rehashed": "The password's hash was renewed",
  "password.change_forced": "An administrator asked for a new password",
  "password.reset_requested": "A link for a new password was asked for",
  "password.reset": "The password was set anew by a link",
  "mfa.enabled": "The second step was turned on",
  "mfa.disabled": "The second step was turned off",
  "mfa.reset": "An administrator removed the second step",
  "mfa.code_refused": "A code of the second step was refused",
  "mfa.backup_code_used": "A backup code was used",
  "mfa.backup_codes_renewed": "New backup codes were made",
  "passkey.added": "A passkey was added",
  "passkey.removed": "A passkey was removed",
  "passkey.refused": "A passkey was refused",
  "token.issued": "A program was given access",
  "token.refresh_refused": "A program's access was not renewed",
  "token.reuse_detected": "A program's key was used twice, and its access ended",
  "token.binding_mismatch": "A program's key came from somewhere else",
  "token.revoked": "A program's access was ended",
  "approval.requested": "An approval was asked for",
  "approval.approved": "An approval was given",
  "approval.rejected": "An approval was refused",
  "access.refused": "Something was asked for that is not allowed",
  "csrf.refused": "A change from another site was refused",
};

export function eventWords(event: string): string {
  const known = WORDS[event];
  if (known !== undefined) return known;
  const plain = event.replaceAll(/[._]/g, " ");
  return plain.charAt(0).toUpperCase() + plain.slice(1);
}
