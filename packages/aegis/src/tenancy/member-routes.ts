import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import Type from "typebox";
import { numbered, numberedFacts, numberQuery } from "../lib/pages.ts";
import { rowId } from "../lib/schema.ts";
import type { TenantRole } from "../request.ts";
import { mayGive, TENANT_ROLES } from "./roles.ts";
import { type TenancyEvent, type TenancyFacts, tenantView } from "./routes.ts";
import type { Actor, TenancyService } from "./service.ts";
import type { Invitation } from "./store.ts";

export interface MemberRoutesWiring {
  readonly service: TenancyService;
  readonly isAddress: (email: string) => boolean;
  readonly invalidAddress: () => Error;
  /** The account's address, where it may be believed. */
  readonly verifiedEmailOf: (request: FastifyRequest) => Promise<string | null>;
  /** Undefined for an account that is gone. */
  readonly personOf: (
    accountId: string,
  ) => Promise<{ readonly username: string; readonly displayName: string } | undefined>;
  readonly enter: (request: FastifyRequest, reply: FastifyReply, tenantId: string | null) => Promise<void>;
  readonly sendInvitation: (
    request: FastifyRequest,
    to: string,
    tenant: string,
    role: TenantRole,
    token: string,
  ) => void;
  readonly onEvent: (
    request: FastifyRequest,
    event: TenancyEvent,
    facts: TenancyFacts,
    about?: string,
  ) => Promise<void>;
}

const closed = { additionalProperties: false } as const;
const role = Type.Enum([...TENANT_ROLES]);
const schemas = {
  page: Type.Object(
    {
      ...numberQuery(),
    },
    closed,
  ),
  id: Type.Object({ id: rowId() }),
  role: Type.Object({ role }, closed),
  invite: Type.Object({ email: Type.String({ format: "email", maxLength: 254 }), role }, closed),
  accept: Type.Object({ token: Type.String({ minLength: 16, maxLength: 256 }) }, closed),
};

const actorOf = (request: FastifyRequest): Actor => ({
  ...request.tenant,
  accountId: request.principal.userId,
});
const invitationView = ({ id, email, role: given, createdAt, expiresAt }: Invitation) => ({
  id,
  email,
  role: given,
  created_at: new Date(createdAt).toISOString(),
  expires_at: new Date(expiresAt).toISOString(),
});

/** Who is in a tenant, and who is asked in. Everything is said of the request's own tenant: no route takes another's id. */
export function memberRoutes(app: FastifyInstance, wiring: MemberRoutesWiring): void {
  const { service, onEvent } = wiring;
  const admin = { access: "authenticated", tenant: "admin" } as const;
  const member = { access: "authenticated", tenant: "learner" } as const;
  const dangerous = { ...admin, maxAuthAgeSeconds: "policy" } as const;
  type Id = { Params: Type.Static<typeof schemas.id> };

  app.get<{ Querystring: Type.Static<typeof schemas.page> }>("/api/tenant/members", {
    config: admin,
    schema: { querystring: schemas.page },
    handler: async (request) => {
      const page = numbered(request.query);
      const found = await service.store.members(request.tenant.id, page);
      const items = await Promise.all(
        found.items.map(async ({ accountId, role: given, joinedAt }) => {
          const person = await wiring.personOf(accountId);
          return {
            id: accountId,
            username: person?.username ?? "(deleted)",
            display_name: person?.displayName ?? "",
            role: given,
            joined_at: new Date(joinedAt).toISOString(),
            is_self: accountId === request.principal.userId,
          };
        }),
      );
      const roles = TENANT_ROLES.filter((one) => mayGive(request.tenant.role, one));
      return { items, ...numberedFacts(page, found.total, "/api/tenant/members"), roles_to_give: roles };
    },
  });

  app.patch<Id & { Body: Type.Static<typeof schemas.role> }>("/api/tenant/members/:id", {
    config: dangerous,
    schema: { params: schemas.id, body: schemas.role },
    handler: async (request) => {
      const { id } = request.params;
      await service.setRole(actorOf(request), id, request.body.role);
      const facts = { tenant: request.tenant.id, role: request.body.role };
      await onEvent(request, "tenancy.role_changed", facts, id);
      return { id, role: request.body.role };
    },
  });

  app.delete<Id>("/api/tenant/members/:id", {
    config: dangerous,
    schema: { params: schemas.id },
    handler: async (request) => {
      const { id } = request.params;
      await service.remove(actorOf(request), id);
      await onEvent(request, "tenancy.removed", { tenant: request.tenant.id }, id);
      return { removed: 1 };
    },
  });

  app.post("/api/tenant/leave", {
    config: { ...member, maxAuthAgeSeconds: "policy" },
    handler: async (request, reply) => {
      const { id } = request.tenant;
      await service.remove(actorOf(request), request.principal.userId);
      await onEvent(request, "tenancy.left", { tenant: id });
      await wiring.enter(request, reply, null);
      return { status: "left" };
    },
  });

  app.get("/api/tenant/invitations", {
    config: admin,
    handler: async (request) => {
      const items = (await service.invitations(request.tenant.id)).map(invitationView);
      return { items, total: items.length };
    },
  });

  app.post<{ Body: Type.Static<typeof schemas.invite> }>("/api/tenant/invitations", {
    config: dangerous,
    schema: { body: schemas.invite },
    handler: async (request, reply) => {
      const { email, role: given } = request.body;
      if (!wiring.isAddress(email)) throw wiring.invalidAddress();
      const { invitation, token } = await service.invite(actorOf(request), email, given);
      wiring.sendInvitation(request, email, request.tenant.name, given, token);
      const facts = { tenant: request.tenant.id, invitation: invitation.id, role: given };
      await onEvent(request, "tenancy.invited", facts);
      return reply.code(201).send(invitationView(invitation));
    },
  });

  app.delete<Id>("/api/tenant/invitations/:id", {
    config: admin,
    schema: { params: schemas.id },
    handler: async (request) => {
      const { id } = request.params;
      await service.withdraw(actorOf(request), id);
      const facts = { tenant: request.tenant.id, invitation: id };
      await onEvent(request, "tenancy.invitation_withdrawn", facts);
      return { withdrawn: 1 };
    },
  });

  app.post<{ Body: Type.Static<typeof schemas.accept> }>("/api/tenant/invitations/accept", {
    config: { access: "authenticated", limit: ["verifyEmail", "global"] },
    schema: { body: schemas.accept },
    handler: async (request, reply) => {
      const email = await wiring.verifiedEmailOf(request);
      const joined = await service.accept(request.principal.userId, email, request.body.token);
      await wiring.enter(request, reply, joined.tenant.id);
      await onEvent(request, "tenancy.joined", { tenant: joined.tenant.id, role: joined.role });
      return { tenant: { ...tenantView(joined.tenant), role: joined.role } };
    },
  });
}
