/** What an administrator asks and does. */
import { call } from "./client.ts";
import { flag, list, nullable, number, object, optional, text, word } from "./parse.ts";
import { accountEvent } from "./security.ts";

const summary = {
  id: text,
  username: text,
  email: nullable(text),
  email_verified: flag,
  roles: list(text),
  created_at: text,
  mfa_enabled: flag,
  must_change_password: flag,
  failed_login_attempts: number,
  locked_until: nullable(text),
  disabled_at: nullable(text),
  delete_after: nullable(text),
  password_changed_at: nullable(text),
  password_expires_at: nullable(text),
};
const userRow = object(summary);
const wholeUser = object({ ...summary, sessions: number, events: list(accountEvent) });
const person = object({ id: text, username: text });
const approval = object({
  id: text,
  action: text,
  subject: person,
  requested_by: person,
  requested_at: text,
  expires_at: text,
  state: word("pending", "approved", "rejected", "expired"),
  decided_by: nullable(person),
  decided_at: nullable(text),
  may_decide: flag,
});

export type UserRow = ReturnType<typeof userRow>;
export type WholeUser = ReturnType<typeof wholeUser>;
export type Approval = ReturnType<typeof approval>;

export const USER_ORDERS = ["username", "password_changed_at", "created_at"] as const;
export type UserOrder = (typeof USER_ORDERS)[number];
/** "-" before it: the other way round. */
export type UserSort = UserOrder | `-${UserOrder}`;
export const isUserSort = (value: unknown): value is UserSort =>
  typeof value === "string" && USER_ORDERS.some((one) => value === one || value === `-${one}`);

export interface UsersSearch {
  readonly q: string;
  readonly sort: UserSort;
  readonly page: number;
  readonly per_page: number;
}

export function listUsers({ q, sort, page, per_page: perPage }: UsersSearch) {
  const query = new URLSearchParams({ page: String(page), per_page: String(perPage), sort });
  if (q !== "") query.set("q", q);
  return call(
    "GET",
    `/api/admin/users?${query.toString()}`,
    object({ items: list(userRow), total: number, page: number, per_page: number }),
  );
}
export const readUser = (id: string) => call("GET", `/api/admin/users/${encodeURIComponent(id)}`, wholeUser);

export type UserAction =
  | "unlock"
  | "force-password-change"
  | "suspend"
  | "restore"
  | "sign-out"
  | "reset-mfa";
export const actOnUser = (id: string, action: UserAction) =>
  call(
    "POST",
    `/api/admin/users/${encodeURIComponent(id)}/${action}`,
    object({ status: text, approval_id: optional(text) }),
  );

export const listApprovals = () =>
  call("GET", "/api/admin/approvals", object({ items: list(approval), total: number }));
export const decideApproval = (id: string, decision: "approve" | "reject") =>
  call("POST", `/api/admin/approvals/${encodeURIComponent(id)}/${decision}`, object({ status: text }));
