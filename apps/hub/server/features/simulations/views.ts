/** Simulations as they go over the wire. */
import { EXPERIMENTS, experimentOf } from "./engine/catalogue.ts";
import { TOLERANCE } from "./engine/refine.ts";
import { isActive, type Listed, type Place, type Run, type Simulation } from "./repository.ts";
import { csv } from "../../csv.ts";

const iso = (milliseconds: number): string => new Date(milliseconds).toISOString();

/** `mayChange`: whether the caller may, so that the page need not guess. */
export const simulationView = (one: Simulation, mayChange: boolean) => ({
  id: one.id,
  name: one.name,
  description: one.description,
  experiment: one.experiment,
  parameters: one.parameters,
  sim_type: one.simType,
  refinement_steps: one.refinementSteps,
  confidence_threshold: one.confidenceThreshold,
  seed: one.seed,
  may_change: mayChange,
  created_at: iso(one.createdAt),
  updated_at: iso(one.updatedAt),
});

export const runView = (run: Run) => ({
  id: run.id,
  simulation_id: run.simulationId,
  experiment: run.experiment,
  parameters: run.parameters,
  sim_type: run.simType,
  refinement_steps: run.refinementSteps,
  confidence_threshold: run.confidenceThreshold,
  seed: run.seed,
  state: run.state,
  active: isActive(run.state),
  failure: run.failure,
  steps: run.steps,
  exact: exactOf(run),
  created_at: iso(run.createdAt),
  finished_at: run.finishedAt === null ? null : iso(run.finishedAt),
});

/** What theory says to the same question. Null where it says nothing, or the experiment has changed since. */
function exactOf({ experiment, parameters }: Run): number | null {
  try {
    return experimentOf(experiment)?.model(parameters).exact() ?? null;
  } catch {
    return null;
  }
}

/** In a list the last step says enough. */
export const listedView = (one: Listed, mayChange: boolean) => ({
  ...simulationView(one, mayChange),
  last_run:
    one.lastRun === null
      ? null
      : {
          id: one.lastRun.id,
          state: one.lastRun.state,
          active: isActive(one.lastRun.state),
          failure: one.lastRun.failure,
          last_step: one.lastRun.steps.at(-1) ?? null,
          refinement_steps: one.lastRun.refinementSteps,
          created_at: iso(one.lastRun.createdAt),
        },
});

export const experimentsView = {
  tolerance: TOLERANCE,
  items: EXPERIMENTS.map((one) => ({
    id: one.id,
    title: one.title,
    question: one.question,
    outcome: one.outcome,
    unit: one.unit,
    smallest: one.smallest,
    technique: one.technique,
    technique_text: one.techniqueText,
    theory: one.theory,
    lesson: one.lesson ?? null,
    parameters: one.parameters.map(({ choices, ...parameter }) => ({
      ...parameter,
      choices: choices ?? null,
    })),
  })),
};

const HEAD = [
  "run",
  "started_at",
  "state",
  "experiment",
  "sim_type",
  "parameters",
  "confidence_threshold",
  "seed",
  "step",
  "samples",
  "estimate",
  "ci95_low",
  "ci95_high",
  "confidence",
];

/** Every step of every run that is kept. */
export const runsCsv = ({ name }: Simulation, runs: readonly Run[]): string =>
  csv([
    ["simulation", ...HEAD],
    ...runs.flatMap((run) =>
      run.steps.map((step) => [
        name,
        run.id,
        iso(run.createdAt),
        run.state,
        run.experiment,
        run.simType,
        Object.entries(run.parameters)
          .map(([key, value]) => `${key}=${value}`)
          .join(" "),
        ...[
          run.confidenceThreshold,
          run.seed,
          step.step,
          step.samples,
          step.estimate,
          step.low,
          step.high,
          step.confidence,
        ].map(String),
      ]),
    ),
  ]);

/** Opaque to whoever gets it; where it was tampered with it is no place at all. */
export const cursorOf = (place: Place, sort: string): string =>
  Buffer.from(JSON.stringify([sort, place.key, place.id])).toString("base64url");

export function placeOf(cursor: string, sort: string): Place | undefined {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
  } catch {
    return undefined;
  }
  if (!Array.isArray(value) || value.length !== 3) return undefined;
  const [of, key, id]: unknown[] = value;
  if (of !== sort || typeof key !== "string" || typeof id !== "string" || key.length > 256) return undefined;
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id) || key.includes("\0")) return undefined;
  if (!sort.endsWith("name") && !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(key)) return undefined;
  return { key, id };
}
