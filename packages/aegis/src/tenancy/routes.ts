import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import Type from "typebox";
import type { FieldError } from "../errors.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import { rowId } from "../lib/schema.ts";
import { tenancyError } from "./errors.ts";
import type { TenancyPolicy } from "./policy.ts";
import { roleRights, TENANT_ROLES } from "./roles.ts";
import type { TenancyService } from "./service.ts";
import type { Membership, Tenant } from "./store.ts";

export type TenancyEvent =
  | "tenancy.opened"
  | "tenancy.changed"
  | "tenancy.entered"
  | "tenancy.invited"
  | "tenancy.invitation_withdrawn"
  | "tenancy.joined"
  | "tenancy.left"
  | "tenancy.role_changed"
  | "tenancy.removed";

export type TenancyFacts = Readonly<Record<string, string | number | boolean>>;

export interface TenancyRoutesWiring {
  readonly service: TenancyService;
  readonly invalid: (errors: readonly FieldError[]) => Error;
  /** The session works there from now on, under a new token. */
  readonly enter: (request: FastifyRequest, reply: FastifyReply, tenantId: string | null) => Promise<void>;
  /** `about`: whose account it concerns, where not the caller's. */
  readonly onEvent: (
    request: FastifyRequest,
    event: TenancyEvent,
    facts: TenancyFacts,
    about?: string,
  ) => Promise<void>;
}

const closed = { additionalProperties: false } as const;
/** Beyond any name; what a name may be is said by its own rules, all at once. */
export const nameText = Type.String({ minLength: 1, maxLength: 256 });
const schemas = {
  open: Type.Object({ name: nameText }, closed),
  change: Type.Object(
    { name: Type.Optional(nameText), open_registration: Type.Optional(Type.Boolean()) },
    { ...closed, minProperties: 1 },
  ),
  enter: Type.Object({ tenant_id: rowId() }, closed),
};

export const tenantView = ({ id, name }: Pick<Tenant, "id" | "name">) => ({ id, name });
const membershipView = ({ tenant, role }: Membership) => ({ ...tenantView(tenant), role });
const settingsView = ({ id, name, openRegistration, createdAt }: Tenant) => ({
  id,
  name,
  open_registration: openRegistration,
  created_at: new Date(createdAt).toISOString(),
});

/** The HTTP surface of tenants (TEN-1): which one the session works in, the others, and what may be set. */
export function tenancyRoutes(
  app: FastifyInstance,
  policy: DeepReadonly<TenancyPolicy>,
  { service, invalid, enter, onEvent }: TenancyRoutesWiring,
): void {
  app.get("/api/tenant", {
    config: { access: "authenticated", session: "passive" },
    handler: async (request) => {
      const { userId, tenantId } = request.principal;
      const all = await service.tenantsOf(userId);
      const current = all.find(({ tenant }) => tenant.id === tenantId);
      return {
        tenant: current === undefined ? null : membershipView(current),
        tenants: all.map(membershipView),
        self_service: policy.selfService,
      };
    },
  });

  app.post<{ Body: Type.Static<typeof schemas.enter> }>("/api/tenant/switch", {
    config: { access: "authenticated" },
    schema: { body: schemas.enter },
    handler: async (request, reply) => {
      const entered = await service.enter(request.principal.userId, request.body.tenant_id);
      await enter(request, reply, entered.tenant.id);
      await onEvent(request, "tenancy.entered", { tenant: entered.tenant.id });
      return { tenant: membershipView(entered) };
    },
  });

  // Always there, so that the answer where it is off is a refusal and no other page.
  app.post<{ Body: Type.Static<typeof schemas.open> }>("/api/tenants", {
    config: { access: "authenticated", maxAuthAgeSeconds: "policy" },
    schema: { body: schemas.open },
    handler: async (request, reply) => {
      if (!policy.selfService) throw tenancyError("AEGIS_TENANCY_ROLE");
      const { userId } = request.principal;
      const opened = await service.open(request.body.name, userId, true);
      if ("problems" in opened) throw invalid(opened.problems);
      const { tenant } = opened;
      await service.enter(userId, tenant.id);
      await enter(request, reply, tenant.id);
      await onEvent(request, "tenancy.opened", { tenant: tenant.id });
      return reply.code(201).send({ tenant: { ...tenantView(tenant), role: "owner" } });
    },
  });

  app.get("/api/tenant/settings", {
    config: { access: "authenticated", tenant: "admin" },
    handler: async (request) => {
      const tenant = await service.store.find(request.tenant.id);
      if (tenant === undefined) throw tenancyError("AEGIS_TENANCY_NOT_FOUND");
      return {
        ...settingsView(tenant),
        members_limit: policy.membersLimit,
        open_invitations_limit: policy.openInvitationsLimit,
        invitation_seconds: policy.invitationSeconds,
      };
    },
  });

  app.patch<{ Body: Type.Static<typeof schemas.change> }>("/api/tenant/settings", {
    config: { access: "authenticated", tenant: "admin", maxAuthAgeSeconds: "policy" },
    schema: { body: schemas.change },
    handler: async (request) => {
      const { name, open_registration: openRegistration } = request.body;
      const changed = await service.change(request.tenant.id, {
        ...(name === undefined ? {} : { name }),
        ...(openRegistration === undefined ? {} : { openRegistration }),
      });
      if ("problems" in changed) throw invalid(changed.problems);
      const what = Object.keys(request.body).join(" ");
      await onEvent(request, "tenancy.changed", { tenant: request.tenant.id, what });
      return settingsView(changed.tenant);
    },
  });

  app.get("/api/tenant/roles", {
    config: { access: "authenticated", tenant: "learner", session: "passive" },
    handler: async (request) => ({
      own: request.tenant.role,
      items: TENANT_ROLES.map((role) => ({ role, rights: roleRights[role] })),
      total: TENANT_ROLES.length,
    }),
  });
}
