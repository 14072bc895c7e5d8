/** What an administrator sees of attacks, limits, bans and sessions. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { call } from "./client.ts";
import { flag, list, nullable, number, object, type Parser, record, text, word } from "./parse.ts";

const numbers: Parser<Readonly<Record<string, number>>> = (value) =>
  Object.fromEntries(Object.entries(record(value)).map(([name, count]) => [name, number(count)]));

const ban = object({
  key: text,
  address: nullable(text),
  since: text,
  until: text,
  bans: number,
  causes: list(object({ cause: text, count: number, last_at: text })),
});
const finding = object({
  pattern: text,
  title: text,
  advice: text,
  addresses: list(object({ key: text, address: nullable(text), banned: flag })),
  account: nullable(text),
  example: nullable(text),
  first_at: text,
  last_at: text,
  evidence: list(object({ label: text, value: number })),
});
const addressRow = object({
  key: text,
  address: nullable(text),
  requests: number,
  refused: number,
  limited: number,
  sign_in_failed: number,
  first_at: text,
  last_at: text,
  state: word("banned", "limited", "seen"),
});
const limitRow = object({ name: text, rate: text, used: number, refused: number });
export const overview = object({
  window_minutes: number,
  minutes: list(object({ at: text, counts: numbers })),
  limits: list(limitRow),
  addresses: list(addressRow),
  findings: list(finding),
  bans: list(ban),
  sessions: object({ last_5_minutes: number, last_15_minutes: number, last_30_minutes: number }),
});
const sessionFacts = {
  id: text,
  created_at: text,
  last_seen_at: text,
  ip: text,
  place: nullable(text),
  device: text,
};
const ofPerson = object(sessionFacts);
const sessionRow = object({
  ...sessionFacts,
  user: object({ id: text, username: text }),
});

export type Overview = ReturnType<typeof overview>;
export type Ban = ReturnType<typeof ban>;
export type Finding = ReturnType<typeof finding>;
export type AddressRow = ReturnType<typeof addressRow>;
export type LimitRow = ReturnType<typeof limitRow>;
export type SessionRow = ReturnType<typeof sessionRow>;

export type PersonSession = ReturnType<typeof ofPerson>;

export const STREAM = "/api/admin/security/stream";
export const overviewQuery = queryOptions({
  queryKey: ["admin", "attacks"],
  queryFn: () => call("GET", "/api/admin/security/overview", overview),
  // The stream brings what changes; without it the page asks by itself when somebody comes back to it.
  staleTime: 5000,
});
export const SESSIONS_A_PAGE = 20;
export const liveSessionsQuery = (page: number) =>
  queryOptions({
    queryKey: ["admin", "sessions", page],
    queryFn: () =>
      call(
        "GET",
        `/api/admin/sessions?page=${page}&per_page=${SESSIONS_A_PAGE}`,
        object({ items: list(sessionRow), total: number, page: number, per_page: number }),
      ),
    placeholderData: keepPreviousData,
  });

export const liftBan = (key: string) =>
  call("POST", `/api/admin/bans/${encodeURIComponent(key)}/lift`, object({ status: text }));
export const endSession = (id: string) =>
  call("POST", `/api/admin/sessions/${encodeURIComponent(id)}/revoke`, object({ status: text }));

export const sessionsOfQuery = (userId: string) =>
  queryOptions({
    queryKey: ["admin", "user", userId, "sessions"],
    queryFn: () =>
      call(
        "GET",
        `/api/admin/users/${encodeURIComponent(userId)}/sessions`,
        object({ items: list(ofPerson), total: number }),
      ),
  });
export const endSessionOf = (userId: string, id: string) =>
  call("POST", `/api/admin/users/${encodeURIComponent(userId)}/end-session`, object({ status: text }), {
    session_id: id,
  });
