/** What can be done with tenants, in the words of the domain; the only caller of the store. */
import type { FieldError } from "../errors.ts";
import type { Clock } from "../lib/clock.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import type { Random } from "../lib/random.ts";
import type { TenantFacts, TenantRole } from "../request.ts";
import { tenancyError } from "./errors.ts";
import { normalTenantName, tenantKey, tenantNameProblems } from "./name.ts";
import type { TenancyPolicy } from "./policy.ts";
import { mayGive } from "./roles.ts";
import type {
  Invitation,
  Member,
  MemberChange,
  Membership,
  TenancyStore,
  Tenant,
  TenantChanges,
} from "./store.ts";

/** The links of invitations: kept by the room of one-time secrets, as keyed hashes. */
export interface InvitationLinks {
  readonly issue: (invitationId: string) => Promise<string | undefined>;
  readonly invitationOf: (token: string) => Promise<string | undefined>;
  readonly end: (invitationId: string) => Promise<void>;
  /** Counts a letter; false where the address or the tenant has had enough today. */
  readonly mayWrite: (tenantId: string, emailKey: string) => Promise<boolean>;
}

export interface TenancyParts {
  readonly store: TenancyStore;
  readonly links: InvitationLinks;
  /** What two spellings of an address must share to be the same address. */
  readonly emailKey: (email: string) => string;
  readonly clock: Clock;
  readonly random: Random;
}

/** Who asks: what they are in the tenant was looked up for this very request. */
export interface Actor extends TenantFacts {
  readonly accountId: string;
}

export type TenancyService = ReturnType<typeof tenancyService>;

const NO_LIMIT = Number.MAX_SAFE_INTEGER;

export function tenancyService(policy: DeepReadonly<TenancyPolicy>, parts: TenancyParts) {
  const { store, links, clock, random } = parts;
  const isOpen = ({ tenant }: Membership): boolean => tenant.disabledAt === null;

  const done = (change: MemberChange): void => {
    if (change === "missing") throw tenancyError("AEGIS_TENANCY_NOT_FOUND");
    if (change === "owner") throw tenancyError("AEGIS_TENANCY_ROLE");
    if (change === "last_owner") throw tenancyError("AEGIS_TENANCY_LAST_OWNER");
  };
  const demandGift = (actor: Actor, role: TenantRole): void => {
    if (!mayGive(actor.role, role)) throw tenancyError("AEGIS_TENANCY_ROLE");
  };
  const membershipIn = async (
    accountId: string,
    tenantId: string | null,
  ): Promise<Membership | undefined> => {
    const found =
      tenantId === null || !policy.enabled ? undefined : await store.membership(accountId, tenantId);
    return found !== undefined && isOpen(found) ? found : undefined;
  };

  return {
    store,
    membershipIn,

    /** Where a sign-in begins: where the person worked last. */
    async startsIn(accountId: string): Promise<string | null> {
      if (!policy.enabled) return null;
      return (await store.memberships(accountId)).find(isOpen)?.tenant.id ?? null;
    },

    /** The person's tenants that are open, the one entered last first. */
    async tenantsOf(accountId: string): Promise<readonly Membership[]> {
      return (await store.memberships(accountId)).filter(isOpen);
    },

    /** `owner`: opened by themselves, within their limit. Otherwise an administrator does, and names an owner or none. */
    async open(
      typed: string,
      owner: string | undefined,
      bySelf: boolean,
    ): Promise<{ readonly tenant: Tenant } | { readonly problems: readonly FieldError[] }> {
      const name = normalTenantName(typed);
      const problems = tenantNameProblems(name);
      if (problems.length > 0) return { problems };
      const tenant: Tenant = {
        id: random.uuid(),
        name,
        key: tenantKey(name),
        openRegistration: false,
        disabledAt: null,
        createdAt: clock.now(),
      };
      const made = await store.create(tenant, owner, bySelf ? policy.ownedTenantsLimit : NO_LIMIT);
      if (made === "taken") throw tenancyError("AEGIS_TENANCY_TAKEN");
      if (made === "full") throw tenancyError("AEGIS_TENANCY_FULL");
      return { tenant };
    },

    /** @throws AEGIS_TENANCY_TAKEN, AEGIS_TENANCY_NOT_FOUND */
    async change(
      id: string,
      { name: typed, ...rest }: Omit<TenantChanges, "key">,
    ): Promise<{ readonly tenant: Tenant } | { readonly problems: readonly FieldError[] }> {
      const name = typed === undefined ? undefined : normalTenantName(typed);
      const problems = name === undefined ? [] : tenantNameProblems(name);
      if (problems.length > 0) return { problems };
      const changes = name === undefined ? rest : { ...rest, name, key: tenantKey(name) };
      const result = await store.change(id, changes);
      if (result === "taken") throw tenancyError("AEGIS_TENANCY_TAKEN");
      const tenant = result === "missing" ? undefined : await store.find(id);
      if (tenant === undefined) throw tenancyError("AEGIS_TENANCY_NOT_FOUND");
      return { tenant };
    },

    /** The tenant that whoever registers may name; undefined for one that is closed to strangers, or is not there. */
    async openForRegistration(name: string): Promise<Tenant | undefined> {
      if (!policy.enabled) return undefined;
      const tenant = await store.findByKey(tenantKey(name));
      return tenant?.openRegistration === true && tenant.disabledAt === null ? tenant : undefined;
    },

    /** @throws AEGIS_TENANCY_FULL */
    async join(tenantId: string, accountId: string, role: TenantRole): Promise<void> {
      const member: Member = { accountId, role, joinedAt: clock.now() };
      if ((await store.join(tenantId, member, policy.membersLimit)) === "full")
        throw tenancyError("AEGIS_TENANCY_FULL");
    },

    /** @throws AEGIS_TENANCY_REQUIRED unless the person is a member */
    async enter(accountId: string, tenantId: string): Promise<Membership> {
      const found = await membershipIn(accountId, tenantId);
      if (found === undefined) throw tenancyError("AEGIS_TENANCY_REQUIRED");
      await store.entered(accountId, tenantId, clock.now());
      return found;
    },

    async setRole(actor: Actor, accountId: string, role: TenantRole): Promise<void> {
      demandGift(actor, role);
      done(await store.setRole(actor.id, accountId, role, actor.role === "owner"));
    },

    async remove(actor: Actor, accountId: string): Promise<void> {
      const bySelf = actor.accountId === accountId;
      if (!bySelf) demandGift(actor, "learner");
      done(await store.remove(actor.id, accountId, bySelf || actor.role === "owner"));
    },

    /** @throws AEGIS_TENANCY_ROLE, AEGIS_TENANCY_FULL, AEGIS_TENANCY_LETTERS_SPENT */
    async invite(
      actor: Actor,
      email: string,
      role: TenantRole,
    ): Promise<{ readonly invitation: Invitation; readonly token: string }> {
      demandGift(actor, role);
      const emailKey = parts.emailKey(email);
      if (!(await links.mayWrite(actor.id, emailKey))) throw tenancyError("AEGIS_TENANCY_LETTERS_SPENT");
      const now = clock.now();
      const invitation: Invitation = {
        id: random.uuid(),
        tenantId: actor.id,
        email,
        emailKey,
        role,
        invitedBy: actor.accountId,
        createdAt: now,
        expiresAt: now + policy.invitationSeconds * 1000,
      };
      if ((await store.invite(invitation, policy.openInvitationsLimit)) === "full")
        throw tenancyError("AEGIS_TENANCY_FULL");
      const token = await links.issue(invitation.id);
      if (token === undefined) throw tenancyError("AEGIS_TENANCY_LETTERS_SPENT");
      return { invitation, token };
    },

    invitations: (tenantId: string): Promise<readonly Invitation[]> =>
      store.invitations(tenantId, clock.now()),

    async withdraw(actor: Actor, id: string): Promise<void> {
      if (!(await store.withdraw(actor.id, id))) throw tenancyError("AEGIS_TENANCY_NOT_FOUND");
      await links.end(id);
    },

    /**
     * For whoever has the link and the address that it was sent to: neither alone is enough, because a link may be
     * passed on, and an address may be claimed. The store's step decides; the link's record goes after it.
     * @throws AEGIS_TENANCY_INVITATION_REFUSED, AEGIS_TENANCY_FULL
     */
    async accept(accountId: string, verifiedEmail: string | null, token: string): Promise<Membership> {
      const refused = () => tenancyError("AEGIS_TENANCY_INVITATION_REFUSED");
      const now = clock.now();
      const id = await links.invitationOf(token);
      const invitation = id === undefined ? undefined : await store.findInvitation(id, now);
      if (invitation === undefined || verifiedEmail === null) throw refused();
      if (parts.emailKey(verifiedEmail) !== invitation.emailKey) throw refused();
      const tenant = await store.find(invitation.tenantId);
      if (tenant === undefined || tenant.disabledAt !== null) throw refused();
      const accepted = await store.accept(invitation.id, accountId, now, policy.membersLimit);
      if (!("role" in accepted))
        throw accepted.outcome === "full" ? tenancyError("AEGIS_TENANCY_FULL") : refused();
      await links.end(invitation.id);
      await store.entered(accountId, tenant.id, now);
      return { tenant, role: accepted.role, joinedAt: now };
    },

    removeExpired: (): Promise<number> => store.removeExpired(clock.now()),
  };
}
