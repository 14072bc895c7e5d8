/** Bare Fastify: its router, its schema validation, no guard. What every ratio is relative to. */
import Fastify from "fastify";
import { type ITEM, itemAnswer, itemSchema, PAGE, serve } from "./shared.ts";

const app = Fastify({ keepAliveTimeout: 65_000 });
app.get("/bench/me", async () => PAGE);
app.post<{ Body: typeof ITEM }>("/bench/item", { schema: { body: itemSchema } }, async ({ body }) =>
  itemAnswer(body),
);
for (const status of [401, 403, 429])
  app.get(`/bench/${status}`, async (_request, reply) => reply.code(status).send({ error: "refused" }));
await app.listen({ host: "127.0.0.1", port: 0 });
serve(app.server.address());
