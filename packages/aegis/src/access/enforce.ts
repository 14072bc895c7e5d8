import type { FastifyContextConfig, FastifyInstance, FastifyRequest } from "fastify";
import type { AegisError } from "../errors.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import { addGuard } from "../lib/guard.ts";
import { isProbe } from "../lib/pace.ts";
import { routeConfig } from "../lib/route.ts";
import type { AccessRule, CsrfRule, Principal, SessionFacts, TenantRole } from "../request.ts";
import { accessError } from "./errors.ts";
import type { AccessPolicy } from "./policy.ts";

/** One row of the live route table. */
export interface RouteRow {
  readonly method: string;
  readonly url: string;
  readonly access: AccessRule;
  readonly csrf: CsrfRule;
  /** What the caller must be, at least, in the tenant that they work in; absent: it works in no tenant. */
  readonly tenant?: TenantRole;
}

/** Refuses to start with a route that declares no access rule, and keeps the table of those that do. */
export function collectRoutes(app: FastifyInstance): readonly RouteRow[] {
  const rows: RouteRow[] = [];
  app.addHook("onRoute", (route) => {
    const access = route.config?.access;
    if (access === undefined || !/^(public|authenticated|role:[a-z_-]+|group:[a-z0-9-]+)$/.test(access)) {
      throw new Error(
        `Route ${String(route.method)} ${route.url} declares no access rule. ` +
          'Add config: { access: "authenticated" } (or "public", "role:admin", "group:name"): without one, nobody decided who may call it.',
      );
    }
    for (const method of [route.method].flat()) {
      const { csrf = "token", tenant } = route.config ?? {};
      rows.push({ method, url: route.url, access, csrf, ...(tenant === undefined ? {} : { tenant }) });
    }
  });
  return rows;
}

export interface AccessWiring {
  /** Whoever the session, token or key of a request belongs to. */
  readonly principalOf: (request: FastifyRequest) => Principal | undefined;
  readonly now: () => number;
  /** What `maxAuthAgeSeconds: "policy"` means. */
  readonly stepUpAgeSeconds: number;
}

export function enforceAccess(
  app: FastifyInstance,
  policy: DeepReadonly<AccessPolicy>,
  wiring: AccessWiring,
): void {
  app.decorateRequest("principal", {
    getter(this: FastifyRequest): Principal {
      const principal = wiring.principalOf(this);
      if (principal === undefined) throw accessError("AEGIS_ACCESS_SIGN_IN_REQUIRED");
      return principal;
    },
  });
  const open = new Set(policy.openGroups.map((group) => `group:${group}`));

  // Refusals are handed on, not thrown: whoever sends many should not make the server unwind its stack for each.
  addGuard(app, (request, reply) => {
    if (request.is404) return undefined;
    const { access, scopes = [], probe } = routeConfig(request);
    if (access === "public" || (access !== undefined && open.has(access))) return undefined;
    const { bearer } = request;
    if (bearer !== null) {
      if (!mayCall(access, request.principal, probe)) return accessError("AEGIS_ACCESS_FORBIDDEN");
      const hasScopes = scopes.every((scope) => bearer.scopes.includes(scope));
      return hasScopes ? undefined : accessError("AEGIS_ACCESS_SCOPE_MISSING");
    }
    if (request.session === null) {
      const because =
        request.unfinishedSignIn === null
          ? "AEGIS_ACCESS_SIGN_IN_REQUIRED"
          : "AEGIS_ACCESS_SIGN_IN_UNFINISHED";
      // A browser that asks for a page is shown the way; everything else gets a plain 401.
      if (request.method !== "GET" || request.headers.accept?.includes("text/html") !== true)
        return accessError(because);
      const next = encodeURIComponent(request.url);
      return reply.redirect(`${policy.signInPath}?next=${next}`, 302);
    }
    if (!mayCall(access, request.principal, probe)) return accessError("AEGIS_ACCESS_FORBIDDEN");
    return missingProof(request.session, routeConfig(request), wiring);
  });
}

const mayCall = (access: AccessRule | undefined, { roles }: Principal, probe: true | undefined): boolean =>
  (probe === true || !isProbe(roles)) &&
  (access === "authenticated" ||
    access?.startsWith("group:") === true ||
    (access?.startsWith("role:") === true && roles.includes(access.slice("role:".length))));

/** Step-up (ASVS 5.0 7.5.3). A sign-in that is still under way is fresh by itself: it lives for minutes. */
function missingProof(
  session: SessionFacts,
  { requireAal, maxAuthAgeSeconds }: FastifyContextConfig,
  { now, stepUpAgeSeconds }: AccessWiring,
): AegisError | undefined {
  if (requireAal === 2 && session.aal < 2) return accessError("AEGIS_ACCESS_SECOND_FACTOR_NEEDED");
  if (maxAuthAgeSeconds === undefined || session.stage !== "complete") return undefined;
  const seconds = maxAuthAgeSeconds === "policy" ? stepUpAgeSeconds : maxAuthAgeSeconds;
  return now() - session.provenAt > seconds * 1000 ? accessError("AEGIS_ACCESS_PROOF_NEEDED") : undefined;
}
