/**
 * The courses for programs. The routes that the pages read are open where the policy opens the group "content", and a
 * route that is open to everybody has no use for a key; these say who asks, and count it.
 */
import type { FastifyInstance } from "fastify";
import Type from "typebox";
import type { Catalogue } from "./catalogue.ts";

const slug = Type.String({ pattern: "^[a-z0-9-]{1,80}$" });
const config = {
  access: "authenticated",
  credentials: ["session", "api-key"],
  scopes: ["courses:read"],
} as const;

export function programRoutes(app: FastifyInstance, catalogue: Catalogue): void {
  const courses = catalogue.list();

  app.get("/api/v1/courses", { config }, async () => ({ items: courses, total: courses.length }));

  app.get<{ Params: { slug: string } }>(
    "/api/v1/courses/:slug",
    { config, schema: { params: Type.Object({ slug }) } },
    async (request, reply) => catalogue.course(request.params.slug) ?? reply.callNotFound(),
  );

  app.get<{ Params: { slug: string; lesson: string } }>(
    "/api/v1/courses/:slug/lessons/:lesson",
    { config, schema: { params: Type.Object({ slug, lesson: slug }) } },
    async (request, reply) =>
      catalogue.lesson(request.params.slug, request.params.lesson) ?? reply.callNotFound(),
  );
}
