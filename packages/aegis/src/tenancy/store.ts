import type { TenantRole } from "../request.ts";

/** Times are milliseconds since the Unix epoch. */
export interface Tenant {
  readonly id: string;
  readonly name: string;
  /** The name as it is compared: unique. */
  readonly key: string;
  /** Whoever registers may name this tenant, and is a learner in it at once. */
  readonly openRegistration: boolean;
  /** Closed by an administrator since: nobody works in it. */
  readonly disabledAt: number | null;
  readonly createdAt: number;
}

export interface Membership {
  readonly tenant: Tenant;
  readonly role: TenantRole;
  readonly joinedAt: number;
}

export interface Member {
  readonly accountId: string;
  readonly role: TenantRole;
  readonly joinedAt: number;
}

export interface Invitation {
  readonly id: string;
  readonly tenantId: string;
  readonly email: string;
  /** The address as it is compared. */
  readonly emailKey: string;
  readonly role: TenantRole;
  readonly invitedBy: string;
  readonly createdAt: number;
  readonly expiresAt: number;
}

export interface Page {
  readonly limit: number;
  readonly offset: number;
}

export interface TenantChanges {
  readonly name?: string;
  readonly key?: string;
  readonly openRegistration?: boolean;
  readonly disabledAt?: number | null;
}

export type Joined = "joined" | "member" | "full";
export type MemberChange = "changed" | "missing" | "last_owner" | "owner";
/** `gone`: expired, withdrawn or used. `full`: it stays, and can be accepted when there is room. */
export type Accepted =
  | { readonly outcome: "joined" | "member"; readonly tenantId: string; readonly role: TenantRole }
  | { readonly outcome: "gone" }
  | { readonly outcome: "full" };

/** Where tenants live. Every method is atomic; limits and the last owner hold however many call at once. */
export interface TenancyStore {
  /** With an owner, unless they own `ownedLimit` already. */
  create(
    tenant: Tenant,
    owner: string | undefined,
    ownedLimit: number,
  ): Promise<"created" | "taken" | "full">;
  find(id: string): Promise<Tenant | undefined>;
  findByKey(key: string): Promise<Tenant | undefined>;
  change(id: string, changes: TenantChanges): Promise<"changed" | "taken" | "missing">;
  /** `query`: part of the name. By name. */
  list(
    query: string,
    page: Page,
  ): Promise<{
    readonly items: readonly (Tenant & { readonly members: number })[];
    readonly total: number;
  }>;

  membership(accountId: string, tenantId: string): Promise<Membership | undefined>;
  /** The one entered last first; at most 200. */
  memberships(accountId: string): Promise<readonly Membership[]>;
  /** Notes that the person works there now: where they start next time. */
  entered(accountId: string, tenantId: string, now: number): Promise<void>;
  /** Longest there first. */
  members(
    tenantId: string,
    page: Page,
  ): Promise<{ readonly items: readonly Member[]; readonly total: number }>;
  join(tenantId: string, member: Member, limit: number): Promise<Joined>;
  /** "owner": it is one, and `mayTouchOwners` is false. "last_owner": nothing was changed. */
  setRole(
    tenantId: string,
    accountId: string,
    role: TenantRole,
    mayTouchOwners: boolean,
  ): Promise<MemberChange>;
  remove(tenantId: string, accountId: string, mayTouchOwners: boolean): Promise<MemberChange>;

  /** In place of the address's earlier one, whose link ends. "full": `limit` others are open. */
  invite(invitation: Invitation, limit: number): Promise<"invited" | "full">;
  /** Open ones, newest first; at most 1000. */
  invitations(tenantId: string, now: number): Promise<readonly Invitation[]>;
  findInvitation(id: string, now: number): Promise<Invitation | undefined>;
  /** Uses the invitation up and makes the account a member: of parallel calls exactly one joins. */
  accept(id: string, accountId: string, now: number, membersLimit: number): Promise<Accepted>;
  withdraw(tenantId: string, id: string): Promise<boolean>;
  /** Forgets invitations that are past; how many. */
  removeExpired(now: number): Promise<number>;
}

export const MOST_MEMBERSHIPS = 200;
export const MOST_INVITATIONS = 1000;
