/**
 * The application of examples/express-plain, put behind Aegis: the same pages and data, on Fastify. Accounts, sign-in and
 * sign-out are Aegis's own routes; a route says who may call it and what it takes.
 */
import Fastify from "fastify";
import Type from "typebox";
import { definePolicy, loadSecretKey } from "aegis";
import { aegis, memoryStores, serverOptions } from "aegis/fastify";

export const policy = definePolicy({ preset: "modern", environment: "development" });

export async function start(
  port: number,
  probeKey?: string,
): Promise<{ origin: string; close: () => Promise<void> }> {
  const app = Fastify(serverOptions(policy));
  await app.register(aegis, {
    policy,
    secretKey: loadSecretKey({ environment: policy.environment }),
    // A verifier asks more in a minute than a person does in a day: who brings this key is not stopped by limits of volume.
    ...(probeKey === undefined ? {} : { probeKey }),
    ...memoryStores(),
  });
  const about = new Map<string, string>();

  app.get("/", { config: { access: "public" } }, (_request, reply) =>
    reply
      .type("text/html; charset=utf-8")
      .send(
        `<!doctype html><title>Notes</title><h1>Notes</h1><script nonce="${reply.cspNonce()}">console.log('hi')</script>`,
      ),
  );
  app.get("/profile", { config: { access: "authenticated" } }, (request) => ({
    username: request.principal.username,
  }));
  app.post<{ Body: { about: string } }>("/profile", {
    config: { access: "authenticated" },
    schema: {
      body: Type.Object({ about: Type.String({ maxLength: 1000 }) }, { additionalProperties: false }),
    },
    handler: (request) => {
      about.set(request.principal.userId, request.body.about);
      return { about: request.body.about };
    },
  });
  app.get("/admin/users", { config: { access: "role:admin" } }, () => [...about.keys()]);

  const origin = await app.listen({ port, host: "127.0.0.1" });
  return { origin, close: () => app.close() };
}

if (import.meta.main)
  console.log((await start(Number(process.env["PORT"] ?? 4001), process.env["PROBE_KEY"])).origin);
