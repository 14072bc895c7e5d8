import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { DeepReadonly } from "../lib/freeze.ts";
import type { AccessRule, CsrfRule } from "../request.ts";
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

export function enforceAccess(app: FastifyInstance, policy: DeepReadonly<AccessPolicy>): void {
  const open = new Set(policy.openGroups.map((group) => `group:${group}`));

  app.addHook("onRequest", async (request, reply) => {
    if (request.is404) return;
    const access = request.routeOptions.config.access;
    if (access === "public" || (access !== undefined && open.has(access))) return;
    if (request.session === null) return refuseAnonymous(request, reply, policy.signInPath);
    if (access === "authenticated" || access?.startsWith("group:") === true) return;
    if (
      access?.startsWith("role:") === true &&
      request.principal.roles.includes(access.slice("role:".length))
    )
      return;
    throw accessError("AEGIS_ACCESS_FORBIDDEN");
  });
}

/** A browser that asks for a page is shown the way; everything else gets a plain 401. */
function refuseAnonymous(request: FastifyRequest, reply: FastifyReply, signInPath: string): FastifyReply {
  const wantsPage = request.method === "GET" && /\btext\/html\b/.test(request.headers.accept ?? "");
  if (!wantsPage) throw accessError("AEGIS_ACCESS_SIGN_IN_REQUIRED");
  return reply.redirect(`${signInPath}?next=${encodeURIComponent(request.url)}`, 302);
}
