import type { TenantRole } from "../request.ts";
import {
  type Accepted,
  type Invitation,
  type Joined,
  type Member,
  type MemberChange,
  type Membership,
  MOST_INVITATIONS,
  MOST_MEMBERSHIPS,
  type Page,
  type TenancyStore,
  type Tenant,
  type TenantChanges,
} from "./store.ts";

interface Row extends Member {
  readonly tenantId: string;
  readonly enteredAt: number;
}

/** The executable specification of a tenancy store; forgets everything when the process ends. */
export class MemoryTenancyStore implements TenancyStore {
  readonly #tenants = new Map<string, Tenant>();
  /** By "tenant account", in the order they joined. */
  readonly #members = new Map<string, Row>();
  readonly #invitations = new Map<string, Invitation>();

  async create(tenant: Tenant, owner: string | undefined, ownedLimit: number) {
    if (this.#byKey(tenant.key) !== undefined) return "taken";
    const owned = [...this.#members.values()].filter(
      ({ accountId, role }) => accountId === owner && role === "owner",
    );
    if (owner !== undefined && owned.length >= ownedLimit) return "full";
    this.#tenants.set(tenant.id, tenant);
    if (owner !== undefined)
      this.#put(tenant.id, { accountId: owner, role: "owner", joinedAt: tenant.createdAt });
    return "created";
  }

  async find(id: string): Promise<Tenant | undefined> {
    return this.#tenants.get(id);
  }

  async findByKey(key: string): Promise<Tenant | undefined> {
    return this.#byKey(key);
  }

  async change(id: string, changes: TenantChanges) {
    const tenant = this.#tenants.get(id);
    if (tenant === undefined) return "missing";
    const other = changes.key === undefined ? undefined : this.#byKey(changes.key);
    if (other !== undefined && other.id !== id) return "taken";
    this.#tenants.set(id, { ...tenant, ...changes });
    return "changed";
  }

  async list(query: string, { limit, offset }: Page) {
    const found = [...this.#tenants.values()]
      .filter(({ key }) => key.includes(query.toLowerCase()))
      .toSorted((a, b) => (a.key < b.key ? -1 : 1));
    const items = found
      .slice(offset, offset + limit)
      .map((tenant) => ({ ...tenant, members: this.#of(tenant.id).length }));
    return { items, total: found.length };
  }

  async membership(accountId: string, tenantId: string): Promise<Membership | undefined> {
    const row = this.#members.get(keyOf(tenantId, accountId));
    const tenant = this.#tenants.get(tenantId);
    return row === undefined || tenant === undefined
      ? undefined
      : { tenant, role: row.role, joinedAt: row.joinedAt };
  }

  async memberships(accountId: string): Promise<readonly Membership[]> {
    return [...this.#members.values()]
      .filter((row) => row.accountId === accountId)
      .toSorted((a, b) => b.enteredAt - a.enteredAt || a.joinedAt - b.joinedAt)
      .slice(0, MOST_MEMBERSHIPS)
      .flatMap(({ tenantId, role, joinedAt }) => {
        const tenant = this.#tenants.get(tenantId);
        return tenant === undefined ? [] : [{ tenant, role, joinedAt }];
      });
  }

  async entered(accountId: string, tenantId: string, now: number): Promise<void> {
    const row = this.#members.get(keyOf(tenantId, accountId));
    if (row !== undefined) this.#members.set(keyOf(tenantId, accountId), { ...row, enteredAt: now });
  }

  async members(tenantId: string, { limit, offset }: Page) {
    const all = this.#of(tenantId)
      .map(({ accountId, role, joinedAt }) => ({ accountId, role, joinedAt }))
      .toSorted((a, b) => a.joinedAt - b.joinedAt || (a.accountId < b.accountId ? -1 : 1));
    return { items: all.slice(offset, offset + limit), total: all.length };
  }

  async join(tenantId: string, member: Member, limit: number): Promise<Joined> {
    return this.#join(tenantId, member, limit);
  }

  // Nothing in a step of this store waits for anything: what waits between looking and writing is no one step.
  #join(tenantId: string, member: Member, limit: number): Joined {
    if (this.#members.has(keyOf(tenantId, member.accountId))) return "member";
    if (!this.#tenants.has(tenantId) || this.#of(tenantId).length >= limit) return "full";
    this.#put(tenantId, member);
    return "joined";
  }

  async setRole(tenantId: string, accountId: string, role: TenantRole, mayTouchOwners: boolean) {
    const verdict = this.#mayChange(tenantId, accountId, role, mayTouchOwners);
    const row = this.#members.get(keyOf(tenantId, accountId));
    if (verdict === "changed" && row !== undefined)
      this.#members.set(keyOf(tenantId, accountId), { ...row, role });
    return verdict;
  }

  async remove(tenantId: string, accountId: string, mayTouchOwners: boolean): Promise<MemberChange> {
    const verdict = this.#mayChange(tenantId, accountId, undefined, mayTouchOwners);
    if (verdict === "changed") this.#members.delete(keyOf(tenantId, accountId));
    return verdict;
  }

  async invite(invitation: Invitation, limit: number) {
    const { tenantId, emailKey, createdAt } = invitation;
    const open = this.#open(tenantId, createdAt).filter((one) => one.emailKey !== emailKey);
    if (open.length >= limit) return "full";
    for (const one of this.#invitations.values())
      if (one.tenantId === tenantId && one.emailKey === emailKey) this.#invitations.delete(one.id);
    this.#invitations.set(invitation.id, invitation);
    return "invited";
  }

  async invitations(tenantId: string, now: number): Promise<readonly Invitation[]> {
    return this.#open(tenantId, now)
      .toSorted((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1))
      .slice(0, MOST_INVITATIONS);
  }

  async findInvitation(id: string, now: number): Promise<Invitation | undefined> {
    const found = this.#invitations.get(id);
    return found !== undefined && found.expiresAt > now ? found : undefined;
  }

  async accept(id: string, accountId: string, now: number, membersLimit: number): Promise<Accepted> {
    const invitation = this.#invitations.get(id);
    if (invitation === undefined || invitation.expiresAt <= now) return { outcome: "gone" };
    const { tenantId, role } = invitation;
    const outcome = this.#join(tenantId, { accountId, role, joinedAt: now }, membersLimit);
    if (outcome === "full") return { outcome };
    this.#invitations.delete(id);
    return { outcome, tenantId, role: this.#members.get(keyOf(tenantId, accountId))?.role ?? role };
  }

  async withdraw(tenantId: string, id: string): Promise<boolean> {
    return this.#invitations.get(id)?.tenantId === tenantId && this.#invitations.delete(id);
  }

  async removeExpired(now: number): Promise<number> {
    const past = [...this.#invitations.values()].filter(({ expiresAt }) => expiresAt <= now);
    for (const { id } of past) this.#invitations.delete(id);
    return past.length;
  }

  #byKey(key: string): Tenant | undefined {
    return [...this.#tenants.values()].find((tenant) => tenant.key === key);
  }

  #open(tenantId: string, now: number): readonly Invitation[] {
    return [...this.#invitations.values()].filter((one) => one.tenantId === tenantId && one.expiresAt > now);
  }

  #of(tenantId: string): readonly Row[] {
    return [...this.#members.values()].filter((row) => row.tenantId === tenantId);
  }

  #put(tenantId: string, member: Member): void {
    this.#members.set(keyOf(tenantId, member.accountId), { ...member, tenantId, enteredAt: 0 });
  }

  #mayChange(
    tenantId: string,
    accountId: string,
    role: TenantRole | undefined,
    mayTouchOwners: boolean,
  ): MemberChange {
    const row = this.#members.get(keyOf(tenantId, accountId));
    if (row === undefined) return "missing";
    if (row.role !== "owner" || role === "owner") return "changed";
    if (!mayTouchOwners) return "owner";
    return this.#of(tenantId).filter((one) => one.role === "owner").length > 1 ? "changed" : "last_owner";
  }
}

const keyOf = (tenantId: string, accountId: string): string => `${tenantId} ${accountId}`;
