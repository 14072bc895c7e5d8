import { readFile } from "node:fs/promises";
import { join } from "node:path";
import fastifyStatic from "@fastify/static";
import type { FastifyInstance, FastifyReply } from "fastify";
import Type from "typebox";

export interface PagesWiring {
  readonly webRoot: string;
  readonly securityContact?: string | undefined;
}

/** Addresses that the web UI answers; anything else a browser asks for is a page that says so, with status 404. */
const PUBLIC_PAGES = [
  "/",
  "/courses/:course",
  "/courses/:course/:lesson",
  "/login",
  "/register",
  "/security",
  "/forgot",
  "/reset",
  // For sign-ins that are not finished; what they do is guarded, the page itself is not.
  "/change-password",
  "/enrol",
  // Opens for whoever has its link, which no server is sent; accepting it needs more.
  "/invitation",
];
const SIGNED_IN_PAGES = [
  "/profile",
  "/sessions",
  "/account/security",
  "/account/data",
  "/account/api-keys",
  "/knowledge",
  "/knowledge/new",
  "/knowledge/:id",
  "/knowledge/:id/edit",
  "/search",
  "/simulations",
  "/simulations/new",
  "/simulations/:id",
  "/simulations/:id/edit",
  "/tenant/courses",
  "/tenant/courses/new",
  "/tenant/courses/:course",
  "/tenant/courses/:course/lessons/new",
  "/tenant/courses/:course/lessons/:lesson",
  "/tenant/courses/:course/lessons/:lesson/edit",
  "/tenant/members",
  "/tenant/new",
  "/tenant/invitations",
  "/tenant/roles",
  "/tenant/settings",
  "/uploads",
  // The pages are the same for everybody; what they show comes from routes for administrators.
  "/admin/users",
  "/admin/users/:id",
  "/admin/approvals",
  "/admin/api-keys",
  "/admin/security",
  "/admin/security/posture",
  "/admin/security/posture/:control",
  "/admin/security/attacks",
  "/admin/security/sessions",
  "/admin/security/people",
  "/admin/security/csp",
  "/admin/security/upkeep",
  "/admin/security/probe-accounts",
  "/admin/tenants",
  "/admin/audit",
];
const NONCE = "__CSP_NONCE__"; // what the build writes where a nonce belongs
const YEAR_MS = 365 * 86_400_000;

export async function pageRoutes(
  app: FastifyInstance,
  { webRoot, securityContact }: PagesWiring,
): Promise<void> {
  const template = await readFile(join(webRoot, "index.html"), "utf8");
  const page = (reply: FastifyReply) =>
    reply.type("text/html; charset=utf-8").send(template.replaceAll(NONCE, reply.cspNonce()));

  await app.register(fastifyStatic, { root: webRoot, serve: false, cacheControl: false });

  for (const url of PUBLIC_PAGES)
    app.get(url, { config: { access: "public" } }, async (_request, reply) => page(reply));
  for (const url of SIGNED_IN_PAGES)
    app.get(url, { config: { access: "authenticated" } }, async (_request, reply) => page(reply));

  // Names carry a hash of the content, so a copy is right for ever.
  app.get<{ Params: { "*": string } }>(
    "/assets/*",
    // The build's own names and no others: nothing that could be a way out of the folder gets near the file system.
    {
      config: { access: "public", session: "none" },
      schema: {
        params: Type.Object({ "*": Type.String({ pattern: "^[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)+$" }) }),
      },
    },
    async (request, reply) => {
      reply.header("cache-control", "public, max-age=31536000, immutable");
      return reply.sendFile(`assets/${request.params["*"]}`);
    },
  );

  if (securityContact !== undefined) securityTxt(app, securityContact);

  app.get("/*", { config: { access: "public", session: "none" } }, async (request, reply) => {
    if (!/\btext\/html\b/.test(request.headers.accept ?? "") || request.url.startsWith("/api/"))
      return reply.callNotFound();
    return page(reply.code(404));
  });
}

/** RFC 9116; only where somebody reads what is sent there. */
function securityTxt(app: FastifyInstance, contact: string): void {
  app.get(
    "/.well-known/security.txt",
    { config: { access: "public", session: "none" } },
    async (_request, reply) =>
      reply
        .type("text/plain; charset=utf-8")
        .send(
          `Contact: ${contact}\nExpires: ${new Date(Date.now() + YEAR_MS).toISOString()}\nPreferred-Languages: en\n`,
        ),
  );
}
