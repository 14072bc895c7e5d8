/** LIST 2, continued: tenants. Who works where is looked up by each request; people come in by invitation. */
import type { FastifyInstance, FastifyRequest } from "fastify";
import { type Account, nameKey } from "./account/store.ts";
import { AegisError, type FieldError } from "./errors.ts";
import type { Audit } from "./audit/auditor.ts";
import type { People } from "./fastify-people.ts";
import { sha256 } from "./lib/bytes.ts";
import { purposeKeys, type SecretKeys } from "./lib/secret-keys.ts";
import type { Clock } from "./lib/clock.ts";
import type { Random } from "./lib/random.ts";
import { isMailAddress } from "./mail/address.ts";
import type { AegisStores } from "./memory-stores.ts";
import { oneTimeSecrets } from "./one-time/service.ts";
import type { Policy } from "./policy.ts";
import type { Principal } from "./request.ts";
import type { RequestSessions } from "./session/enforce.ts";
import { tenancyAdminRoutes } from "./tenancy/admin-routes.ts";
import { demandTenantRoutes, enforceIdentityHeaders, enforceTenant } from "./tenancy/enforce.ts";
import type { tenancyErrors } from "./tenancy/errors.ts";
import { memberRoutes } from "./tenancy/member-routes.ts";
import { tenancyRoutes, type TenancyRoutesWiring } from "./tenancy/routes.ts";
import { type TenancyService, tenancyService } from "./tenancy/service.ts";
import type { Tenant } from "./tenancy/store.ts";

export interface TenantParts {
  readonly policy: Policy;
  readonly secrets: SecretKeys;
  readonly stores: Pick<AegisStores, "tenancy" | "oneTime">;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly random: Random;
}

/** How often one address is written to by all tenants, and how many strangers one tenant writes to, in 24 hours. */
const LETTERS_TO_ADDRESS = 5;
const LETTERS_OF_TENANT = 500;

export type Tenants = ReturnType<typeof tenants>;

export interface NewTenant {
  readonly name: string;
  /** An account's id. */
  readonly owner?: string;
  /** Whoever registers may name it, and is a learner in it at once. */
  readonly openRegistration?: boolean;
}

export function tenants(
  app: FastifyInstance,
  { policy, secrets: keys, stores, audit, clock, random }: TenantParts,
) {
  const secrets = oneTimeSecrets(stores.oneTime, purposeKeys(keys, "tenant-invitations"), clock, random);
  const service: TenancyService = tenancyService(policy.tenancy, {
    store: stores.tenancy,
    links: {
      issue: (id) =>
        secrets.issueToken({
          purpose: "tenant-invitation",
          subject: id,
          lifetimeSeconds: policy.tenancy.invitationSeconds,
          everySeconds: 0,
          perDay: 1, // one link an invitation: another letter is another invitation
          attemptLimit: 1,
        }),
      invitationOf: (token) => secrets.ownerOf("tenant-invitation", token),
      end: (id) => stores.oneTime.revoke("tenant-invitation", id),
      mayWrite: async (tenantId, emailKey) =>
        (await secrets.mayWrite(`tenant ${tenantId}`, { everySeconds: 0, perDay: LETTERS_OF_TENANT })) &&
        secrets.mayWrite(`invited ${emailKey}`, { everySeconds: 0, perDay: LETTERS_TO_ADDRESS }),
    },
    emailKey: (email) => sha256(nameKey(email)),
    clock,
    random,
  });
  demandTenantRoutes(app);
  return {
    service,
    /** Where what somebody keeps belongs: looked up, for a session may still name a tenant that its user has left. */
    tenantOf: async ({ principal }: FastifyRequest): Promise<string | null> => {
      const member = await service.membershipIn(principal.userId, principal.tenantId);
      return member?.tenant.id ?? null;
    },
    open: async ({ name, owner, openRegistration = false }: NewTenant): Promise<Tenant | undefined> => {
      const opened = await service.open(name, owner, false);
      if ("problems" in opened) return undefined;
      if (!openRegistration) return opened.tenant;
      const changed = await service.change(opened.tenant.id, { openRegistration });
      return "tenant" in changed ? changed.tenant : undefined;
    },
    enforceHeaders: () =>
      enforceIdentityHeaders(app, policy.tenancy, {
        clock,
        onSeen: (request, header, refused) =>
          audit(request, {
            event: "tenancy.identity_header",
            outcome: refused ? "failure" : "success",
            ...(refused
              ? { code: "AEGIS_TENANCY_IDENTITY_HEADER" satisfies keyof typeof tenancyErrors }
              : {}),
            facts: { header },
          }),
      }),
    enforce: (principalOf: (request: FastifyRequest) => Principal | undefined) =>
      enforceTenant(app, {
        service,
        principalOf,
        onRefused: (request, because, needed) => {
          const caller = principalOf(request);
          audit(request, {
            event: "tenancy.refused",
            outcome: "failure",
            ...(caller === undefined ? {} : { user_id: caller.userId }),
            facts: { because, needed, tenant: caller?.tenantId ?? "none" },
          });
        },
      }),
  };
}

export function enforceTenants(
  app: FastifyInstance,
  { service }: Tenants,
  people: People,
  sessions: RequestSessions,
  invalid: (errors: readonly FieldError[]) => Error,
): void {
  const { policy, stores, clock } = people;
  if (!policy.tenancy.enabled) return;
  const wiring: TenancyRoutesWiring = {
    service,
    invalid,
    enter: (request, reply, tenantId) => sessions.enterTenant(request, reply, tenantId),
    onEvent: async (request, event, facts, about) => {
      const caller = await people.accountOf(request);
      const by = { ...facts, by: caller.id };
      const concerned = about === undefined ? caller : await stores.accounts.findById(about);
      if (concerned !== undefined) people.note(request, concerned, event, "success", by);
    },
  };
  tenancyRoutes(app, policy.tenancy, wiring);
  memberRoutes(app, {
    ...wiring,
    isAddress: isMailAddress,
    invalidAddress: () =>
      invalid([{ field: "email", reason: "format", message: "Not an address that mail can be sent to." }]),
    verifiedEmailOf: async (request) => {
      const { email, emailVerifiedAt } = await people.accountOf(request);
      // Where nobody verifies addresses the link alone shows who reads the mail.
      const isBelieved = emailVerifiedAt !== null || policy.account.emailVerification === "off";
      return isBelieved ? email : null;
    },
    personOf: (id) => stores.accounts.findById(id),
    sendInvitation: (request, to, tenant, role, token) =>
      people.send(request, to, {
        kind: "tenant_invitation",
        tenant,
        role,
        url: `${people.originOf(request)}/invitation#token=${token}`, // behind the "#": no log gets to hold it
        days: Math.max(1, Math.floor(policy.tenancy.invitationSeconds / 86_400)),
      }),
  });
  tenancyAdminRoutes(app, {
    ...wiring,
    now: () => clock.now(),
    accountIdOf: async (login) => (await stores.accounts.findByLogin(login))?.id,
    noSuchOwner: () =>
      invalid([{ field: "owner", reason: "unknown", message: "Nobody has this user name or address." }]),
  });
}

/** Whoever registers may name a tenant that is open to strangers, and is a learner there. */
export const registersIn = (people: People, service: TenancyService) => ({
  find: (name: string) => service.openForRegistration(name),
  join: async (tenantId: string, account: Account, request: FastifyRequest): Promise<boolean> => {
    const joined = await service.join(tenantId, account.id, "learner").then(
      () => true,
      (error: unknown) => {
        if (error instanceof AegisError) return false; // no room: the account stands, and may be invited later
        throw error;
      },
    );
    if (joined)
      people.note(request, account, "tenancy.joined", "success", { tenant: tenantId, role: "learner" });
    return joined;
  },
});
