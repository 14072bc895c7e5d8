/** Simulations, assembled: routes on a service, a service on a runner, all of them on a database of tenants. */
import type { TenantDatabase } from "aegis/stores/postgres";
import type { FastifyInstance } from "fastify";
import type { SimulationRepository } from "./repository.ts";
import { simulationRoutes } from "./routes.ts";
import { runner, type RunnerLimits } from "./runner.ts";
import { simulationService } from "./service.ts";

export interface SimulationsParts {
  readonly database: TenantDatabase<{ readonly simulations: SimulationRepository }>;
  readonly now: () => number;
  readonly limits?: Partial<RunnerLimits>;
}

export function simulations(app: FastifyInstance, { database, now, limits = {} }: SimulationsParts): void {
  const runs = runner({
    database,
    now,
    limits,
    onTrouble: (error, run) => app.log.error({ err: error, run }, "a simulation's run went wrong"),
  });
  simulationRoutes(app, simulationService({ database, runner: runs, now }));
  // While the database is still open: what is broken off says so.
  app.addHook("onClose", () => runs.close());
}
