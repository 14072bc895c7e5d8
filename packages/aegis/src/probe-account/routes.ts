import type { FastifyInstance, FastifyRequest } from "fastify";
import Type from "typebox";
import { MAX_LIFETIME_SECONDS, MIN_LIFETIME_SECONDS } from "./create.ts";
import type { ProbeAccountSet } from "./file.ts";

export interface ProbeAccountWiring {
  readonly make: (lifetimeSeconds: number) => Promise<ProbeAccountSet>;
  readonly onMade: (request: FastifyRequest, count: number) => void;
}

/** Probe accounts for whoever verifies, made by an administrator; the answer is the only place that has their passwords. */
export function probeAccountRoutes(app: FastifyInstance, { make, onMade }: ProbeAccountWiring): void {
  const lifetime = Type.Integer({ minimum: MIN_LIFETIME_SECONDS, maximum: MAX_LIFETIME_SECONDS });
  const body = Type.Object({ lifetime_seconds: Type.Optional(lifetime) }, { additionalProperties: false });
  app.post<{ Body: Type.Static<typeof body> }>("/api/admin/probe-accounts", {
    config: { access: "role:admin", requireAal: 2, maxAuthAgeSeconds: "policy" },
    schema: { body },
    handler: async (request, reply) => {
      const set = await make(request.body.lifetime_seconds ?? 3600);
      onMade(request, set.accounts.length);
      return reply.code(201).send(set);
    },
  });
}
