/** What the roles of a tenant may do. Pure. */
import type { TenantRole } from "../request.ts";

/** Each with the rights of those before. */
export const TENANT_ROLES = ["learner", "author", "admin", "owner"] as const satisfies readonly TenantRole[];

export const atLeast = (role: TenantRole, needed: TenantRole): boolean =>
  TENANT_ROLES.indexOf(role) >= TENANT_ROLES.indexOf(needed);

/** Nobody gives more than they have, and nobody but an owner touches an owner. */
export const mayGive = (actor: TenantRole, role: TenantRole): boolean =>
  atLeast(actor, "admin") && atLeast(actor, role);

/** For people: what a role is for. */
export const roleRights: Readonly<Record<TenantRole, string>> = {
  learner: "Reads what the tenant offers, and works on what is their own.",
  author: "Writes and edits what the tenant offers, too.",
  admin: "Invites and removes members, gives roles up to administrator, and changes settings, too.",
  owner: "Makes and removes owners, too. A tenant always has one.",
};
