/** What an administrator sees of the audit log. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { call } from "./client.ts";
import { isPageSize } from "./page-sizes.ts";
import { flag, list, nullable, number, object, optional, text } from "./parse.ts";

const entry = object({
  seq: number,
  hash: text,
  intact: flag,
  // The rest is told of entries alone that are what their hash says.
  at: optional(text),
  event: optional(text),
  outcome: optional(text),
  source: optional(text),
  request_id: optional(text),
  user_id: optional(text),
  code: optional(text),
});
const chain = object({
  entries: number,
  hash: text,
  signed_head: nullable(object({ seq: number, at: text })),
  checked: number,
  problems: list(object({ seq: number, kind: text })),
  broken_at: nullable(number),
  waiting: number,
  lost: number,
  failing: flag,
});
const log = object({ items: list(entry), next: nullable(number), chain });

export type AuditEntry = ReturnType<typeof entry>;
export type ChainStatus = ReturnType<typeof chain>;

/** What is looked for stands in the address. */
export interface AuditSearch {
  readonly event?: string;
  readonly outcome?: "success" | "failure";
  readonly user_id?: string;
  readonly address?: string;
  readonly before?: number;
  /** Entries of a page. */
  readonly limit?: number;
}

export const AUDIT_PAGE = 50;

const fitting = (value: unknown, form: RegExp): string | undefined =>
  typeof value === "string" && form.test(value) ? value : undefined;

export const USER_ID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}";
export const ADDRESS = "[0-9A-Fa-f:.]{2,45}";

export function auditSearch(search: Record<string, unknown>): AuditSearch {
  const event = fitting(search["event"], /^[a-z_]{1,32}\.[a-z_]{0,32}$/);
  const user = fitting(search["user_id"], new RegExp(`^${USER_ID}$`));
  const address = fitting(search["address"], new RegExp(`^${ADDRESS}$`));
  const { outcome, before, limit } = search;
  return {
    ...(event === undefined ? {} : { event }),
    ...(outcome === "success" || outcome === "failure" ? { outcome } : {}),
    ...(user === undefined ? {} : { user_id: user }),
    ...(address === undefined ? {} : { address }),
    ...(typeof before === "number" && Number.isSafeInteger(before) && before > 0 ? { before } : {}),
    ...(isPageSize(limit) ? { limit } : {}),
  };
}

export const auditQuery = (search: AuditSearch) =>
  queryOptions({
    queryKey: ["admin", "audit", search],
    queryFn: () => {
      const query = new URLSearchParams(Object.entries(search).map(([name, value]) => [name, String(value)]));
      return call("GET", `/api/admin/audit?${query.toString()}`, log);
    },
    placeholderData: keepPreviousData,
  });
