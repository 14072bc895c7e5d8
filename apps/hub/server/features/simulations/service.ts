/** What can be done with simulations, and by whom: their maker, and the tenant's authors. */
import { randomInt, randomUUID } from "node:crypto";
import { AegisError } from "aegis";
import { errorTable } from "aegis/fastify";
import type { TenantDatabase } from "aegis/stores/postgres";
import { completed, type Misfit, misfits, experimentOf } from "./engine/catalogue.ts";
import { simulationError } from "./errors.ts";
import {
  isActive,
  type Limits,
  type ListRequest,
  type Run,
  type Settings,
  type Simulation,
  type SimulationRepository,
} from "./repository.ts";
import type { Runner } from "./runner.ts";

/** Whoever asks, and where. */
export interface Caller {
  readonly userId: string;
  readonly tenantId: string;
  /** Author or more in the tenant. */
  readonly isAuthor: boolean;
}

export interface SimulationsWiring {
  readonly database: TenantDatabase<{ readonly simulations: SimulationRepository }>;
  readonly runner: Runner;
  readonly now: () => number;
  readonly limits?: Limits;
  /** Runs of one person at a time, so that one cannot take all places. */
  readonly runsOfOne?: number;
}

const LIMITS: Limits = { ofTenant: 500, ofOne: 100 };
const RUNS_OF_ONE = 2;
/** Fifteen heartbeats that nobody heard. */
const LOST_AFTER_MS = 30_000;
const BUSY_FOR_SECONDS = 5;

export const STANDARD: Settings = {
  name: "",
  description: "",
  experiment: "password-guessing",
  parameters: {},
  simType: "standard",
  refinementSteps: 12,
  confidenceThreshold: 0.95,
  seed: null,
};

export const mayChange = ({ createdBy }: Simulation, { userId, isAuthor }: Caller): boolean =>
  isAuthor || createdBy === userId;

export type SimulationService = ReturnType<typeof simulationService>;

export function simulationService(wiring: SimulationsWiring) {
  const { database, runner, now, limits = LIMITS, runsOfOne = RUNS_OF_ONE } = wiring;
  const within = <T>({ tenantId }: Caller, work: (all: SimulationRepository) => Promise<T>): Promise<T> =>
    database.inTenant(tenantId, ({ simulations }) => work(simulations));

  const found = async (all: SimulationRepository, id: string): Promise<Simulation> => {
    const simulation = await all.find(id);
    if (simulation === undefined) throw simulationError("HUB_SIMULATION_NOT_FOUND");
    return simulation;
  };
  const changeable = async (all: SimulationRepository, caller: Caller, id: string): Promise<Simulation> => {
    const simulation = await found(all, id);
    if (!mayChange(simulation, caller)) throw simulationError("HUB_SIMULATION_NOT_YOURS");
    return simulation;
  };
  /** What a process that is gone was doing is over: said by whoever sees it first. */
  const withoutLost = async <T>(
    all: SimulationRepository,
    look: () => Promise<T>,
    isAnyActive: (seen: T) => boolean,
  ): Promise<T> => {
    const seen = await look();
    if (!isAnyActive(seen)) return seen;
    return (await all.endLost(now() - LOST_AFTER_MS, now())) > 0 ? look() : seen;
  };

  return {
    list: (caller: Caller, request: ListRequest) =>
      within(caller, (all) =>
        withoutLost(
          all,
          () => all.list(request),
          ({ items }) => items.some(({ lastRun }) => lastRun !== null && isActive(lastRun.state)),
        ),
      ),

    read: (caller: Caller, id: string) => within(caller, (all) => found(all, id)),

    async create(caller: Caller, settings: Settings): Promise<Simulation> {
      const at = now();
      const simulation: Simulation = {
        ...fitting(settings),
        id: randomUUID(),
        createdBy: caller.userId,
        createdAt: at,
        updatedAt: at,
      };
      if ((await within(caller, (all) => all.create(simulation, limits))) === "full")
        throw simulationError("HUB_SIMULATION_FULL");
      return simulation;
    },

    change: (caller: Caller, id: string, change: (before: Simulation) => Settings) =>
      within(caller, async (all) => {
        const before = await changeable(all, caller, id);
        const settings = fitting(change(before));
        const at = now();
        if (!(await all.change(id, settings, at))) throw simulationError("HUB_SIMULATION_NOT_FOUND");
        return { ...before, ...settings, updatedAt: at };
      }),

    async remove(caller: Caller, id: string): Promise<void> {
      const run = await within(caller, async (all) => {
        await changeable(all, caller, id);
        const latest = await all.latestRun(id);
        await all.remove(id);
        return latest;
      });
      if (run !== undefined) runner.cancel(run.id);
    },

    /** A place is taken before anything is written: who comes when all are taken leaves no trace. */
    async run(caller: Caller, id: string): Promise<Run> {
      const place = runner.reserve();
      if (place === undefined)
        throw simulationError("HUB_SIMULATION_BUSY", { retryAfterSeconds: BUSY_FOR_SECONDS });
      try {
        const run = await within(caller, async (all) => {
          const simulation = await found(all, id);
          await all.endLost(now() - LOST_AFTER_MS, now());
          const wanted = runOf(simulation, caller.userId, now());
          const started = await all.start(wanted, runsOfOne);
          if (started === "missing") throw simulationError("HUB_SIMULATION_NOT_FOUND");
          if (started === "active") throw simulationError("HUB_SIMULATION_ACTIVE");
          if (started === "full")
            throw simulationError("HUB_SIMULATION_TOO_MANY_RUNS", { retryAfterSeconds: BUSY_FOR_SECONDS });
          return wanted;
        });
        place.use(caller.tenantId, run);
        return run;
      } finally {
        place.release();
      }
    },

    async cancel(caller: Caller, id: string): Promise<Run> {
      const run = await within(caller, async (all) => {
        const simulation = await found(all, id);
        const latest = await all.latestRun(id);
        if (latest === undefined || !isActive(latest.state)) throw simulationError("HUB_SIMULATION_IDLE");
        if (!mayChange(simulation, caller) && latest.startedBy !== caller.userId)
          throw simulationError("HUB_SIMULATION_NOT_YOURS");
        if (!(await all.finish(latest.id, { state: "cancelled", failure: null }, now())))
          throw simulationError("HUB_SIMULATION_IDLE"); // it ended by itself at this moment
        return (await all.latestRun(id)) ?? latest;
      });
      runner.cancel(run.id);
      return run;
    },

    /** The latest run; undefined where there was none. */
    progress: (caller: Caller, id: string) =>
      within(caller, async (all) => {
        await found(all, id);
        return withoutLost(
          all,
          () => all.latestRun(id),
          (run) => run !== undefined && isActive(run.state),
        );
      }),

    runs: (caller: Caller, id: string) =>
      within(caller, async (all) => {
        const simulation = await found(all, id);
        const runs = await withoutLost(
          all,
          () => all.runs(id),
          (seen) => seen.some(({ state }) => isActive(state)),
        );
        return { simulation, runs };
      }),
  };
}

const runOf = (simulation: Simulation, userId: string, at: number): Run => ({
  id: randomUUID(),
  simulationId: simulation.id,
  experiment: simulation.experiment,
  parameters: simulation.parameters,
  simType: simulation.simType,
  refinementSteps: simulation.refinementSteps,
  confidenceThreshold: simulation.confidenceThreshold,
  seed: simulation.seed ?? randomInt(2 ** 32),
  state: "queued",
  failure: null,
  steps: [],
  startedBy: userId,
  createdAt: at,
  finishedAt: null,
});

/** @throws AEGIS_INPUT_INVALID where the experiment is none, or has other parameters */
function fitting(settings: Settings): Settings {
  const experiment = experimentOf(settings.experiment);
  if (experiment === undefined)
    throw refused([{ name: "experiment", reason: "not_allowed", message: "There is no such experiment." }]);
  const wrong = misfits(experiment, settings.parameters);
  if (wrong.length > 0) throw refused(wrong.map((one) => ({ ...one, name: `parameters.${one.name}` })));
  return { ...settings, name: settings.name.trim(), parameters: completed(experiment, settings.parameters) };
}

const refused = (wrong: readonly Misfit[]): AegisError =>
  new AegisError("AEGIS_INPUT_INVALID", errorTable.AEGIS_INPUT_INVALID, {
    errors: wrong.map(({ name, reason, message }) => ({ field: name, reason, message })),
  });
