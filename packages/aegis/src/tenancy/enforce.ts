/** Tenants on requests: headers that claim an identity, and the tenant that a request works in. */
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Clock } from "../lib/clock.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import { addGuard } from "../lib/guard.ts";
import { routeConfig } from "../lib/route.ts";
import { told } from "../lib/told.ts";
import type { Principal, TenantFacts, TenantRole } from "../request.ts";
import { tenancyError } from "./errors.ts";
import type { TenancyPolicy } from "./policy.ts";
import { atLeast } from "./roles.ts";
import type { TenancyService } from "./service.ts";

export interface IdentityHeaderWiring {
  readonly clock: Clock;
  readonly onSeen: (request: FastifyRequest, header: string, refused: boolean) => void;
}

/** Where a request keeps its tenant: a symbol, so that nothing else can set it. */
const found: unique symbol = Symbol("aegis.tenant");
declare module "fastify" {
  interface FastifyRequest {
    [found]: TenantFacts | undefined;
  }
}

/** One event an hour for an address and a header: old clients send them with every request. */
const TELL_EVERY_MS = 3_600_000;

/** Before anybody is looked up: what a header says of the caller reaches no handler. */
export function enforceIdentityHeaders(
  app: FastifyInstance,
  policy: DeepReadonly<TenancyPolicy>,
  { clock, onSeen }: IdentityHeaderWiring,
): void {
  const refuse = policy.identityHeaders === "refuse";
  const names = new Set(policy.identityHeaderNames);
  const seen = told();
  addGuard(app, (request) => {
    const { headers } = request;
    for (const name in headers) {
      if (!names.has(name)) continue;
      const now = clock.now();
      if (seen.tell(`${request.ip} ${name}`, now + TELL_EVERY_MS, now) !== undefined)
        onSeen(request, name, refuse);
      if (refuse) return tenancyError("AEGIS_TENANCY_IDENTITY_HEADER");
      delete headers[name];
    }
    return undefined;
  });
}

export interface TenantWiring {
  readonly service: TenancyService;
  readonly principalOf: (request: FastifyRequest) => Principal | undefined;
  readonly onRefused: (request: FastifyRequest, because: "none" | "role", needed: TenantRole) => void;
}

/**
 * The membership is looked up by every request that works in a tenant, never kept in a session: so a removal, a lesser
 * role or a closed tenant counts from the next request on, on every instance, in every session, for tokens and keys too.
 * Gives what tells the tenant that a request was let into.
 */
export function enforceTenant(
  app: FastifyInstance,
  { service, principalOf, onRefused }: TenantWiring,
): (request: FastifyRequest) => string | undefined {
  app.decorateRequest(found, undefined);
  app.decorateRequest("tenant", {
    getter(this: FastifyRequest): TenantFacts {
      const tenant = this[found];
      if (tenant === undefined) throw tenancyError("AEGIS_TENANCY_REQUIRED");
      return tenant;
    },
  });

  const lookUp = async (request: FastifyRequest, needed: TenantRole): Promise<void> => {
    const caller = principalOf(request);
    const member =
      caller === undefined ? undefined : await service.membershipIn(caller.userId, caller.tenantId);
    if (member === undefined) {
      onRefused(request, "none", needed);
      throw tenancyError("AEGIS_TENANCY_REQUIRED");
    }
    if (!atLeast(member.role, needed)) {
      onRefused(request, "role", needed);
      throw tenancyError("AEGIS_TENANCY_ROLE");
    }
    const { tenant, role } = member;
    request[found] = { id: tenant.id, name: tenant.name, role };
  };

  addGuard(app, (request) => {
    const { tenant: needed } = routeConfig(request);
    return needed === undefined || request.is404 ? undefined : lookUp(request, needed);
  });
  return (request) => request[found]?.id;
}

/** A route for everybody knows nobody, and so no tenant: such a declaration is a mistake that stops the start. */
export function demandTenantRoutes(app: FastifyInstance): void {
  app.addHook("onRoute", ({ url, config }) => {
    if (config?.tenant === undefined) return;
    if (config.access === "public" || config.access?.startsWith("group:") === true)
      throw new Error(`Route ${url} works in a tenant, but is open: declare who may call it.`);
  });
}
