/** What protects my account: password, second factor, events. */
import { call, forgetCsrfToken } from "./client.ts";
import { flag, list, nullable, number, object, type Parser, record, text, word } from "./parse.ts";
import { stepIfAny } from "./sign-in.ts";

const password = object({
  changed_at: text,
  expires_at: nullable(text),
  days_until_expiry: nullable(number),
  min_length: number,
  must_change: flag,
});
const mfa = object({
  enabled: flag,
  totp: object({ enabled: flag, enabled_at: nullable(text) }),
  backup_codes: object({ left: number, total: number, warn: flag }),
  passkeys: number,
  required: flag,
  removal_needs_approval: flag,
});
const setup = object({ secret: text, otpauth_uri: text, qr_svg: text });
export const accountEvent = object({
  event: text,
  outcome: text,
  at: text,
  ip: nullable(text),
  device: nullable(text),
});

export type PasswordState = ReturnType<typeof password>;
export type MfaState = ReturnType<typeof mfa>;
export type TotpSetup = ReturnType<typeof setup>;
export type AccountEvent = ReturnType<typeof accountEvent>;

export const readPassword = () => call("GET", "/api/auth/password", password);
export const readMfa = () => call("GET", "/api/auth/mfa/status", mfa);
export const listEvents = (limit: number) =>
  call("GET", `/api/account/events?limit=${limit}`, object({ items: list(accountEvent), total: number }));

/** Parts of one answer, read by one parser each. */
const withStep =
  <T extends object>(parse: Parser<T>) =>
  (value: unknown) => ({ ...parse(value), next: stepIfAny(value) });

export async function changePassword(current: string, next: string) {
  const result = await call(
    "POST",
    "/api/auth/password/change",
    withStep(object({ sessions_ended: number })),
    { current_password: current, new_password: next },
  );
  forgetCsrfToken();
  return result;
}

export const setUpTotp = () => call("POST", "/api/auth/mfa/setup", setup);
export async function verifyTotpSetup(code: string) {
  const result = await call(
    "POST",
    "/api/auth/mfa/verify-setup",
    withStep(object({ backup_codes: list(text) })),
    { code },
  );
  forgetCsrfToken();
  return result;
}
export const disableTotp = (proof: { password: string; code: string }) =>
  call("POST", "/api/auth/mfa/disable", object({ status: word("disabled", "approval_requested") }), proof);
export const renewBackupCodes = (proof: string) =>
  call("POST", "/api/auth/mfa/backup-codes", (value) => list(text)(record(value)["backup_codes"]), {
    password: proof,
  });

export const changeEmail = (email: string) =>
  call("POST", "/api/account/email", object({ wait_seconds: number }), { email });
