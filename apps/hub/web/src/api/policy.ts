import { call } from "./client.ts";
import { flag, list, nullable, number, object, optional, text, word } from "./parse.ts";

const policy = object({
  product: text,
  environment: text,
  self_registration: flag,
  email_required: flag,
  email_verification: word("off", "optional", "required"),
  passkeys: flag,
  tokens: flag,
  api_keys: flag,
  tenants: flag,
  recovery: flag,
  username: object({ min_length: number, max_length: number }),
  password: object({
    min_length: number,
    min_length_with_mfa: number,
    max_length: number,
    require_uppercase: flag,
    require_lowercase: flag,
    require_digit: flag,
    require_special: flag,
    common_passwords_refused: flag,
    breach_check: flag,
    expires_after_days: nullable(number),
    history_count: number,
  }),
  session: object({
    idle_timeout_seconds: number,
    absolute_timeout_seconds: number,
    remember_me_enabled: flag,
    remember_me_seconds: number,
  }),
  mfa: object({
    required_for_roles: list(text),
    step_up_age_seconds: number,
    backup_code_count: number,
  }),
  throttle: object({ free_attempt_count: number, mode: text, known_device: optional(flag) }),
  account: object({
    deletion_grace_days: number,
    verification_code_minutes: number,
    resend_seconds: number,
  }),
});

export type PublicPolicy = ReturnType<typeof policy>;

export const readPolicy = () => call("GET", "/api/policy/public", policy);
