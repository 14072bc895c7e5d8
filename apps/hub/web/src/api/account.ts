import { call, forgetCsrfToken } from "./client.ts";
import { session } from "./sign-in.ts";
import { flag, list, nullable, number, object, optional, text } from "./parse.ts";

const profile = object({
  id: text,
  username: text,
  email: nullable(text),
  display_name: text,
  about_me: text,
  roles: list(text),
  created_at: text,
});
const device = object({
  id: text,
  current: flag,
  created_at: text,
  last_seen_at: text,
  expires_at: text,
  ip: text,
  place: optional(nullable(text)),
  user_agent: text,
  device: text,
});

export type Profile = ReturnType<typeof profile>;
export type Device = ReturnType<typeof device>;

export async function signOut(): Promise<void> {
  await call("POST", "/api/logout", object({ status: text }));
  forgetCsrfToken();
}

export const refreshSession = () => call("POST", "/api/session/refresh", object({ session }));

export const readProfile = () => call("GET", "/api/profile", profile);
export const saveProfile = (fields: { display_name: string; about_me: string }) =>
  call("POST", "/api/profile", profile, fields);

export const listDevices = () => call("GET", "/api/sessions", object({ items: list(device), total: number }));
export const revokeDevice = (id: string) =>
  call("DELETE", `/api/sessions/${encodeURIComponent(id)}`, object({ revoked: number }));
export const revokeOthers = () => call("DELETE", "/api/sessions", object({ revoked: number }));
export const deleteAccount = () =>
  call("DELETE", "/api/account", object({ status: text, delete_after: text }));
/** Every session, this one too. */
export async function signOutEverywhere(): Promise<void> {
  await call("POST", "/api/logout/all", object({ revoked: number }));
  forgetCsrfToken();
}
