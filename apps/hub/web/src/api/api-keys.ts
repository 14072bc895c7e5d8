/** Keys for programs: one's own, and all of them for administrators. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { call } from "./client.ts";
import { flag, list, nullable, number, object, text, word } from "./parse.ts";

const resets = word("hourly", "daily", "monthly");
const tier = object({ name: text, requests_limit: number, resets });
const shape = {
  id: text,
  prefix: text,
  name: text,
  scopes: list(text),
  tier: text,
  created_at: text,
  expires_at: nullable(text),
  expired: flag,
  last_used_at: nullable(text),
  stale: flag,
  rotated_at: nullable(text),
  old_secret_until: nullable(text),
  quota: object({ limit: number, used: number, resets, resets_at: text }),
};
const key = object(shape);
const issued = object({ ...shape, api_key: text });
const keys = object({
  items: list(key),
  total: number,
  limit: number,
  scopes: list(text),
  tiers: list(tier),
  default_tier: text,
  longest_lifetime_seconds: number,
  rotation_overlap_seconds: number,
});
const usage = object({ items: list(object({ day: text, requests: number })), from: text, to: text });
const owned = object({ ...shape, owner: object({ id: text, username: text }) });
const revoked = object({ revoked: number });

export type ApiKey = ReturnType<typeof key>;
export type IssuedKey = ReturnType<typeof issued>;
export type ApiKeys = ReturnType<typeof keys>;
export type OwnedKey = ReturnType<typeof owned>;
export type Tier = ReturnType<typeof tier>;
export type Usage = ReturnType<typeof usage>;

const MINE = "/api/api-keys";
const mine = (id: string) => `${MINE}/${encodeURIComponent(id)}`;

export const keysQuery = queryOptions({
  queryKey: ["me", "api-keys"],
  queryFn: () => call("GET", MINE, keys),
});
export const usageQuery = (id: string) =>
  queryOptions({
    queryKey: ["me", "api-keys", id, "usage"],
    queryFn: () => call("GET", `${mine(id)}/usage`, usage),
  });

export const createKey = (wanted: { name: string; scopes: readonly string[]; lifetime_seconds?: number }) =>
  call("POST", MINE, issued, wanted);
export const rotateKey = (id: string, oldSecret: "kept" | "ended") =>
  call("POST", `${mine(id)}/rotate`, issued, { old_secret: oldSecret });
export const revokeKey = (id: string) => call("DELETE", mine(id), revoked);
export const revokeAllKeys = () => call("DELETE", MINE, revoked);

export interface KeysSearch {
  readonly q: string;
  readonly stale: boolean;
  readonly page: number;
  readonly size: number;
}
export const PER_PAGE = 25;

function listAllKeys({ q, stale, page, size }: KeysSearch) {
  const query = new URLSearchParams({ page: String(page), per_page: String(size) });
  if (q !== "") query.set("q", q);
  if (stale) query.set("stale", "true");
  return call(
    "GET",
    `/api/admin/api-keys?${query.toString()}`,
    object({ items: list(owned), total: number, tiers: list(tier), stale_after_seconds: number }),
  );
}
export const allKeysQuery = (search: KeysSearch) =>
  queryOptions({
    queryKey: ["admin", "api-keys", search],
    queryFn: () => listAllKeys(search),
    placeholderData: keepPreviousData,
  });

const anybodys = (id: string) => `/api/admin/api-keys/${encodeURIComponent(id)}`;
export const revokeAnyKey = (id: string) => call("POST", `${anybodys(id)}/revoke`, revoked);
export const changeTier = (id: string, name: string) =>
  call("POST", `${anybodys(id)}/tier`, object({ status: text, tier: text }), { tier: name });
