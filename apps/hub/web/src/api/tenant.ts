/** The tenant that the session works in: which one, who else is there, and what may be set. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { call, forgetCsrfToken } from "./client.ts";
import { flag, list, nothing, nullable, number, object, text, word } from "./parse.ts";

export const ROLES = ["learner", "author", "admin", "owner"] as const;
export type Role = (typeof ROLES)[number];
const role = word(...ROLES);
const membership = object({ id: text, name: text, role });
const own = object({ tenant: nullable(membership), tenants: list(membership), self_service: flag });
const entered = object({ tenant: membership });
const member = object({
  id: text,
  username: text,
  display_name: text,
  role,
  joined_at: text,
  is_self: flag,
});
const members = object({
  items: list(member),
  total: number,
  page: number,
  per_page: number,
  roles_to_give: list(role),
});
const invitation = object({ id: text, email: text, role, created_at: text, expires_at: text });
const settings = object({ id: text, name: text, open_registration: flag, created_at: text });
const limits = object({ members_limit: number, open_invitations_limit: number, invitation_seconds: number });
const roles = object({ own: role, items: list(object({ role, rights: text })) });

export type Membership = ReturnType<typeof membership>;
export type OwnTenants = ReturnType<typeof own>;
export type Member = ReturnType<typeof member>;
export type Invitation = ReturnType<typeof invitation>;
export type Settings = ReturnType<typeof settings> & ReturnType<typeof limits>;

export const atLeast = (one: Role, needed: Role): boolean => ROLES.indexOf(one) >= ROLES.indexOf(needed);

export const ownTenantsQuery = queryOptions({
  queryKey: ["tenant", "own"],
  queryFn: () => call("GET", "/api/tenant", own),
  staleTime: 60_000,
  refetchOnWindowFocus: "always",
});
export const PER_PAGE = 25;
export const membersQuery = (page: number) =>
  queryOptions({
    queryKey: ["tenant", "members", page],
    queryFn: () => call("GET", `/api/tenant/members?page=${page}&per_page=${PER_PAGE}`, members),
    placeholderData: keepPreviousData,
  });
export const invitationsQuery = queryOptions({
  queryKey: ["tenant", "invitations"],
  queryFn: () => call("GET", "/api/tenant/invitations", object({ items: list(invitation) })),
});
export const rolesQuery = queryOptions({
  queryKey: ["tenant", "roles"],
  queryFn: () => call("GET", "/api/tenant/roles", roles),
});
export const settingsQuery = queryOptions({
  queryKey: ["tenant", "settings"],
  queryFn: () =>
    call("GET", "/api/tenant/settings", (value): Settings => ({ ...settings(value), ...limits(value) })),
});

/** Whoever enters another tenant has another session token, and with it another token against forgery. */
async function entering(path: string, body: unknown): Promise<Membership> {
  const { tenant } = await call("POST", path, entered, body);
  forgetCsrfToken();
  return tenant;
}
export const enterTenant = (id: string) => entering("/api/tenant/switch", { tenant_id: id });
export const openTenant = (name: string) => entering("/api/tenants", { name });
export const acceptInvitation = (token: string) => entering("/api/tenant/invitations/accept", { token });
export async function leaveTenant(): Promise<void> {
  await call("POST", "/api/tenant/leave", nothing);
  forgetCsrfToken();
}

export const giveRole = (id: string, given: Role) =>
  call("PATCH", `/api/tenant/members/${encodeURIComponent(id)}`, nothing, { role: given });
export const removeMember = (id: string) =>
  call("DELETE", `/api/tenant/members/${encodeURIComponent(id)}`, nothing);
export const invite = (email: string, given: Role) =>
  call("POST", "/api/tenant/invitations", invitation, { email, role: given });
export const withdraw = (id: string) =>
  call("DELETE", `/api/tenant/invitations/${encodeURIComponent(id)}`, nothing);
export const saveSettings = (changes: { name?: string; open_registration?: boolean }) =>
  call("PATCH", "/api/tenant/settings", settings, changes);

const adminTenant = object({
  id: text,
  name: text,
  open_registration: flag,
  closed_at: nullable(text),
  created_at: text,
  members: number,
});
export type AdminTenant = ReturnType<typeof adminTenant>;

export const allTenantsQuery = ({ q, page, size }: { q: string; page: number; size: number }) =>
  queryOptions({
    queryKey: ["admin", "tenants", q, page, size],
    queryFn: () =>
      call(
        "GET",
        `/api/admin/tenants?${new URLSearchParams({ q, page: String(page), per_page: String(size) }).toString()}`,
        object({ items: list(adminTenant), total: number }),
      ),
    placeholderData: keepPreviousData,
  });
export const openTenantFor = (name: string, owner: string) =>
  call("POST", "/api/admin/tenants", nothing, { name, ...(owner === "" ? {} : { owner }) });
export const changeTenant = (id: string, changes: { closed?: boolean; owner?: string }) =>
  call("PATCH", `/api/admin/tenants/${encodeURIComponent(id)}`, nothing, changes);
