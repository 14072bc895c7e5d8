import Fastify from "fastify";
import { definePolicy, loadSecretKey } from "aegis";
import { aegis, memoryStores, serverOptions } from "aegis/fastify";

export const policy = definePolicy({ preset: "modern" });
const app = Fastify(serverOptions(policy));

// Brings sessions, CSRF, headers, limits, and /api/register, /api/login, /api/auth/mfa/... and the like.
await app.register(aegis, {
  policy,
  secretKey: loadSecretKey({ environment: policy.environment }),
  ...memoryStores(),
});

// A route says who may call it, or the server does not start.
app.get("/notes", { config: { access: "authenticated" } }, async (request) => ({
  hello: request.principal.username,
}));

console.log(await app.listen({ port: Number(process.env["PORT"] ?? 3000) }));
