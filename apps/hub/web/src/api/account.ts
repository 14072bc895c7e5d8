import { ApiError, call, forgetCsrfToken } from "./client.ts";
import { flag, list, nullable, number, object, text } from "./parse.ts";

const user = object({
  id: text,
  username: text,
  email: nullable(text),
  display_name: text,
  roles: list(text),
});
const session = object({
  id: text,
  created_at: text,
  idle_expires_at: text,
  absolute_expires_at: text,
  remember_me: flag,
});
const profile = object({
  id: text,
  username: text,
  email: nullable(text),
  display_name: text,
  about_me: text,
  roles: list(text),
  created_at: text,
});
const signedIn = object({ user, session });
const device = object({
  id: text,
  current: flag,
  created_at: text,
  last_seen_at: text,
  expires_at: text,
  ip: text,
  user_agent: text,
  device: text,
});

export type SignedIn = ReturnType<typeof signedIn>;
export type Profile = ReturnType<typeof profile>;
export type Device = ReturnType<typeof device>;

/** Who is signed in, or null. Does not extend the session. */
export async function checkSession(): Promise<SignedIn | null> {
  try {
    return await call("GET", "/api/check_session", signedIn);
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return null;
    throw error;
  }
}

export async function signIn(credentials: {
  username: string;
  password: string;
  remember_me: boolean;
}): Promise<SignedIn> {
  const { remember_me: remember, ...rest } = credentials;
  const result = await call("POST", "/api/login", signedIn, remember ? credentials : rest);
  forgetCsrfToken();
  return result;
}

export async function signOut(): Promise<void> {
  await call("POST", "/api/logout", object({ status: text }));
  forgetCsrfToken();
}

export const register = (fields: { username: string; email?: string; password: string }) =>
  call("POST", "/api/register", object({ user }), fields);

export const refreshSession = () => call("POST", "/api/session/refresh", object({ session }));

export const readProfile = () => call("GET", "/api/profile", profile);
export const saveProfile = (fields: { display_name: string; about_me: string }) =>
  call("POST", "/api/profile", profile, fields);

export const listDevices = () => call("GET", "/api/sessions", object({ items: list(device), total: number }));
export const revokeDevice = (id: string) =>
  call("DELETE", `/api/sessions/${encodeURIComponent(id)}`, object({ revoked: number }));
export const revokeOthers = () => call("DELETE", "/api/sessions", object({ revoked: number }));
