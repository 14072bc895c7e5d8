/** LIST 2, continued: probe accounts, made through the same door as all accounts that are made for somebody. */
import type { FastifyInstance } from "fastify";
import type { People } from "./fastify-people.ts";
import { createProbeAccounts } from "./probe-account/create.ts";
import { probeAccountRoutes } from "./probe-account/routes.ts";

export function enforceProbeAccounts(app: FastifyInstance, people: People): void {
  const { policy, clock, random } = people;
  probeAccountRoutes(app, {
    make: (lifetimeSeconds) =>
      createProbeAccounts(
        { policy, create: (account) => app.aegis.createAccount(account), clock, random },
        lifetimeSeconds,
      ),
    onMade: (request, count) =>
      people.audit(request, {
        event: "account.probes_created",
        outcome: "success",
        user_id: request.principal.userId,
        facts: { count },
      }),
  });
}
