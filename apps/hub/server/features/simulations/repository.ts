/** Simulations and their runs, within one tenant: whoever holds a repository is bound to it. */
import type { Plan, SimType, Step } from "./engine/refine.ts";
import type { Values } from "./engine/model.ts";

export interface Settings {
  readonly name: string;
  readonly description: string;
  readonly experiment: string;
  readonly parameters: Values;
  readonly simType: SimType;
  readonly refinementSteps: number;
  readonly confidenceThreshold: number;
  /** Null: each run draws its own. */
  readonly seed: number | null;
}

export interface Simulation extends Settings {
  readonly id: string;
  readonly createdBy: string | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export const RUN_STATES = ["queued", "running", "converged", "exhausted", "cancelled", "failed"] as const;
export type RunState = (typeof RUN_STATES)[number];
export const FAILURES = ["crashed", "time_limit", "interrupted"] as const;
export type Failure = (typeof FAILURES)[number];

export interface Run extends Plan {
  readonly id: string;
  readonly simulationId: string;
  readonly state: RunState;
  readonly failure: Failure | null;
  readonly steps: readonly Step[];
  readonly startedBy: string | null;
  readonly createdAt: number;
  readonly finishedAt: number | null;
}

/** A simulation with what came of it last. */
export interface Listed extends Simulation {
  readonly lastRun: Run | null;
}

export const ORDERS = ["created_at", "updated_at", "name"] as const;
export type Order = (typeof ORDERS)[number];

export interface ListRequest {
  readonly q: string;
  readonly order: Order;
  readonly descending: boolean;
  readonly limit: number;
  /** Pages count from the start; a cursor goes on after the last row that was seen, which costs the same everywhere. */
  readonly from: { readonly offset: number } | { readonly after: Place };
}

/** Where a row stands in its order: what it is ordered by, as text, and its id. */
export interface Place {
  readonly key: string;
  readonly id: string;
}

export const isActive = (state: RunState): boolean => state === "queued" || state === "running";

/** Bounds on what people can make here. */
export interface Limits {
  readonly ofTenant: number;
  readonly ofOne: number;
}

/** Earlier runs of a simulation are let go beyond so many. */
export const MOST_RUNS_KEPT = 20;

export interface SimulationRepository {
  /** `end`: where the last of these rows stands. */
  list(request: ListRequest): Promise<{
    readonly items: readonly Listed[];
    readonly total: number;
    readonly end: Place | null;
  }>;
  find(id: string): Promise<Simulation | undefined>;
  /** What somebody has made, newest first. */
  madeBy(
    accountId: string,
    limit: number,
  ): Promise<{ readonly items: readonly Simulation[]; readonly total: number }>;
  create(simulation: Simulation, limits: Limits): Promise<"created" | "full">;
  /** False where there is no such simulation. */
  change(id: string, settings: Settings, now: number): Promise<boolean>;
  remove(id: string): Promise<boolean>;

  /** Newest first, at most as many as are kept. */
  runs(simulationId: string): Promise<readonly Run[]>;
  latestRun(simulationId: string): Promise<Run | undefined>;
  /** In one step against all others: `active`, the simulation runs already; `full`, its person has as many as may be. */
  start(run: Run, ofOne: number): Promise<"started" | "active" | "full" | "missing">;
  /** Signs that it is alive; false where it has been ended meanwhile. */
  touch(runId: string, state: "queued" | "running", now: number): Promise<boolean>;
  /** Adds steps; false where it has been ended meanwhile, and then nothing is added. */
  record(runId: string, steps: readonly Step[], now: number): Promise<boolean>;
  /** Only of a run that is not over; the first to end it says how it ended. */
  finish(
    runId: string,
    end: { readonly state: RunState; readonly failure: Failure | null },
    now: number,
  ): Promise<boolean>;
  /** Ends runs that nobody has signed for since then: their process is gone. How many. */
  endLost(before: number, now: number): Promise<number>;
}
