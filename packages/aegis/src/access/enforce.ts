import type { FastifyContextConfig, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { DeepReadonly } from "../lib/freeze.ts";
import { routeConfig } from "../lib/route.ts";
import type { AccessRule, CsrfRule, Principal, SessionFacts } from "../request.ts";
import { accessError } from "./errors.ts";
import type { AccessPolicy } from "./policy.ts";

/** One row of the live route table. */
export interface RouteRow {
  readonly method: string;
  readonly url: string;
  readonly access: AccessRule;
  readonly csrf: CsrfRule;
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
      rows.push({ method, url: route.url, access, csrf: route.config?.csrf ?? "token" });
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

  app.addHook("onRequest", (request, reply, done) => {
    if (request.is404) return done();
    const { access, scopes = [] } = routeConfig(request);
    if (access === "public" || (access !== undefined && open.has(access))) return done();
    const { bearer } = request;
    if (bearer !== null) {
      if (!mayCall(access, request.principal)) throw accessError("AEGIS_ACCESS_FORBIDDEN");
      if (!scopes.every((scope) => bearer.scopes.includes(scope)))
        throw accessError("AEGIS_ACCESS_SCOPE_MISSING");
      return done();
    }
    if (request.session === null) {
      const because =
        request.unfinishedSignIn === null
          ? "AEGIS_ACCESS_SIGN_IN_REQUIRED"
          : "AEGIS_ACCESS_SIGN_IN_UNFINISHED";
      return void refuseAnonymous(request, reply, policy.signInPath, because); // answered: nothing further runs
    }
    if (!mayCall(access, request.principal)) throw accessError("AEGIS_ACCESS_FORBIDDEN");
    demandProof(request.session, routeConfig(request), wiring);
    done();
  });
}

const mayCall = (access: AccessRule | undefined, { roles }: Principal): boolean =>
  access === "authenticated" ||
  access?.startsWith("group:") === true ||
  (access?.startsWith("role:") === true && roles.includes(access.slice("role:".length)));

/** Step-up (ASVS 5.0 7.5.3). A sign-in that is still under way is fresh by itself: it lives for minutes. */
function demandProof(
  session: SessionFacts,
  { requireAal, maxAuthAgeSeconds }: FastifyContextConfig,
  { now, stepUpAgeSeconds }: AccessWiring,
): void {
  if (requireAal === 2 && session.aal < 2) throw accessError("AEGIS_ACCESS_SECOND_FACTOR_NEEDED");
  if (maxAuthAgeSeconds === undefined || session.stage !== "complete") return;
  const seconds = maxAuthAgeSeconds === "policy" ? stepUpAgeSeconds : maxAuthAgeSeconds;
  if (now() - session.provenAt > seconds * 1000) throw accessError("AEGIS_ACCESS_PROOF_NEEDED");
}

/** A browser that asks for a page is shown the way; everything else gets a plain 401. */
function refuseAnonymous(
  request: FastifyRequest,
  reply: FastifyReply,
  signInPath: string,
  because: "AEGIS_ACCESS_SIGN_IN_REQUIRED" | "AEGIS_ACCESS_SIGN_IN_UNFINISHED",
): FastifyReply {
  const wantsPage = request.method === "GET" && /\btext\/html\b/.test(request.headers.accept ?? "");
  if (!wantsPage) throw accessError(because);
  return reply.redirect(`${signInPath}?next=${encodeURIComponent(request.url)}`, 302);
}
