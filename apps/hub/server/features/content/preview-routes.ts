/** What an author writes, as readers will see it: cleaned by the same rule that a lesson is stored under. */
import type { FastifyInstance } from "fastify";
import Type from "typebox";

const body = Type.Object(
  { html: Type.String({ maxLength: 200_000, sanitize: "rich" }) },
  { additionalProperties: false },
);

export function previewRoutes(app: FastifyInstance): void {
  app.post<{ Body: Type.Static<typeof body> }>("/api/content/preview", {
    config: { access: "authenticated" },
    schema: { body },
    handler: async (request) => ({ html: request.body.html }),
  });
}
