import type { FastifyInstance } from "fastify";
import Type from "typebox";
import type { Catalogue } from "./catalogue.ts";

const slug = Type.String({ pattern: "^[a-z0-9-]{1,80}$" });
/** Public where the policy opens the group "content"; otherwise for whoever is signed in. */
const config = { access: "group:content" } as const;

export function contentRoutes(app: FastifyInstance, catalogue: Catalogue): void {
  const courses = catalogue.list();

  app.get("/api/content", { config }, async () => ({ items: courses, total: courses.length }));

  app.get<{ Params: { slug: string } }>(
    "/api/content/:slug",
    { config, schema: { params: Type.Object({ slug }) } },
    async (request, reply) => catalogue.course(request.params.slug) ?? reply.callNotFound(),
  );

  app.get<{ Params: { slug: string; lesson: string } }>(
    "/api/content/:slug/lessons/:lesson",
    { config, schema: { params: Type.Object({ slug, lesson: slug }) } },
    async (request, reply) =>
      catalogue.lesson(request.params.slug, request.params.lesson) ?? reply.callNotFound(),
  );
}
