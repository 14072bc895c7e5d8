import { call } from "./client.ts";
import { flag, number, object, text } from "./parse.ts";

const policy = object({
  product: text,
  environment: text,
  self_registration: flag,
  email_required: flag,
  username: object({ min_length: number, max_length: number }),
  password: object({
    min_length: number,
    max_length: number,
    require_uppercase: flag,
    require_lowercase: flag,
    require_digit: flag,
    require_special: flag,
    common_passwords_refused: flag,
  }),
  session: object({
    idle_timeout_seconds: number,
    absolute_timeout_seconds: number,
    remember_me_enabled: flag,
    remember_me_seconds: number,
  }),
});

export type PublicPolicy = ReturnType<typeof policy>;

export const readPolicy = () => call("GET", "/api/policy/public", policy);
