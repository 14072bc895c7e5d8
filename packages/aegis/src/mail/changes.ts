/** What letters say of a change to how somebody, or a program, gets in. */
export type MfaChange =
  | "totp_on"
  | "mfa_off"
  | "passkey_added"
  | "passkey_removed"
  | "backup_codes_renewed"
  | "reset_by_admin";

export type ApiKeyChange = "created" | "rotated" | "revoked_by_admin";

export const apiKeyChanges: Readonly<Record<ApiKeyChange, readonly [subject: string, what: string]>> = {
  created: ["A new API key was made", "A program that has the new key can act for you, within its scopes."],
  rotated: ["An API key was renewed", "One of your API keys has a new secret. The old one stops working."],
  revoked_by_admin: [
    "An API key was revoked",
    "An administrator revoked one of your API keys. What used it no longer gets in.",
  ],
};

export const mfaChanges: Readonly<Record<MfaChange, readonly [subject: string, what: string]>> = {
  totp_on: [
    "Two-step sign-in was turned on",
    "Your account now asks for a code from an app when you sign in.",
  ],
  mfa_off: ["Two-step sign-in was turned off", "Your password alone now opens your account."],
  passkey_added: ["A passkey was added", "A new passkey can now sign in to your account."],
  passkey_removed: ["A passkey was removed", "A passkey was removed and no longer signs in to your account."],
  backup_codes_renewed: [
    "New backup codes were made",
    "New backup codes were made for your account. The old ones no longer work.",
  ],
  reset_by_admin: [
    "Two-step sign-in was reset",
    "An administrator removed the second step from your sign-in. Please set it up again.",
  ],
};
