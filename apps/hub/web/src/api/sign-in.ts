/** From a stranger to somebody signed in: the steps of a sign-in, registration, and the forgotten password. */
import { ApiError, call, forgetCsrfToken } from "./client.ts";
import {
  flag,
  list,
  nothing,
  nullable,
  number,
  object,
  optional,
  type Parser,
  record,
  text,
  word,
} from "./parse.ts";

export const user = object({
  id: text,
  username: text,
  email: nullable(text),
  email_verified: flag,
  display_name: text,
  roles: list(text),
});
export const session = object({
  id: text,
  created_at: text,
  idle_expires_at: text,
  absolute_expires_at: text,
  remember_me: flag,
});
const method = word("totp", "backup_code", "passkey");
const signedIn = object({ user, session });
const arrived = object({
  user,
  session,
  deletion_cancelled: optional(flag),
  backup_codes_left: optional(number),
  new_device: optional(flag),
});

export type SignedIn = ReturnType<typeof signedIn>;
export type Method = ReturnType<typeof method>;
/** What a sign-in that is under way still wants. */
export type Pending =
  | { readonly step: "second_factor"; readonly methods: readonly Method[] }
  | { readonly step: "password_change" | "mfa_enrolment" };
export type Step = Pending | ({ readonly step: "complete" } & ReturnType<typeof arrived>);

const pending: Parser<Pending> = (value) => {
  const data = record(value);
  const step = word("second_factor", "password_change", "mfa_enrolment")(data["step"]);
  if (step !== "second_factor") return { step };
  // Where the answer does not name them, each way is offered; the server says what it takes.
  return { step, methods: optional(list(method))(data["methods"]) ?? ["totp", "passkey", "backup_code"] };
};
const step: Parser<Step> = (value) =>
  record(value)["step"] === "complete" ? { step: "complete", ...arrived(value) } : pending(value);

/** Answers that finish a sign-in carry its step; the same answers inside a session need not. */
export const stepIfAny: Parser<Step | undefined> = (value) => {
  const data = record(value);
  const said = data["step"];
  if (said === undefined || said === null) return undefined;
  return said === "complete" && data["user"] === undefined ? undefined : step(value);
};

/** The session may be a new one after any of these, and with it the token. */
export async function stepCall(path: string, body: unknown): Promise<Step> {
  const result = await call("POST", path, step, body);
  forgetCsrfToken();
  return result;
}

/** Who is signed in, or null. Does not extend the session. */
export async function checkSession(): Promise<SignedIn | null> {
  const found = await lookAtSession();
  return found !== null && "user" in found ? found : null;
}

/** The step that a sign-in under way still wants, or null. */
export async function checkPending(): Promise<Pending | null> {
  const found = await lookAtSession();
  return found !== null && "step" in found ? found : null;
}

async function lookAtSession(): Promise<SignedIn | Pending | null> {
  try {
    return await call("GET", "/api/check_session", signedIn);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401) throw error;
    try {
      return pending(error.data);
    } catch {
      return null;
    }
  }
}

export const signIn = (credentials: { username: string; password: string; remember_me: boolean }) => {
  const { remember_me: remember, ...rest } = credentials;
  return stepCall("/api/login", remember ? credentials : rest);
};
export const verifySecondFactor = (proof: { code: string } | { backup_code: string }) =>
  stepCall("/api/auth/mfa/verify", proof);

export async function confirmIdentity(
  proof: { password: string } | { code: string } | { backup_code: string },
): Promise<void> {
  await call("POST", "/api/auth/confirm", object({ session }), proof);
  forgetCsrfToken();
}

export const register = (fields: { username: string; email?: string; password: string; tenant?: string }) =>
  call("POST", "/api/register", object({ status: text, verification: word("none", "sent") }), fields);
export const verifyAddress = (username: string, email: string, code: string) =>
  call("POST", "/api/register/verify", object({ status: text }), { username, email, code });
export const resendCode = (username: string, email: string) =>
  call("POST", "/api/register/resend", object({ wait_seconds: number }), { username, email });

export const forgotPassword = (email: string) =>
  call("POST", "/api/auth/password/forgot", nothing, { email });
export const resetPassword = (token: string, password: string) =>
  call("POST", "/api/auth/password/reset", nothing, { token, new_password: password });
