/** Reads rows as what they are: data from outside, checked before it is believed. */
import Type from "typebox";
import { Check } from "typebox/value";
import { SIM_TYPES } from "./engine/refine.ts";
import { FAILURES, type Run, RUN_STATES, type Simulation } from "./repository.ts";

const oneOf = <const T extends string>(words: readonly T[]) =>
  Type.Union(words.map((word) => Type.Literal(word)));
const epoch = Type.Number(); // milliseconds
const plan = {
  experiment: Type.String(),
  parameters: Type.Record(Type.String(), Type.Number()),
  sim_type: oneOf(SIM_TYPES),
  refinement_steps: Type.Integer(),
  confidence_threshold: Type.Number(),
};
const simulationRow = Type.Object({
  ...plan,
  id: Type.String(),
  name: Type.String(),
  description: Type.String(),
  seed: Type.Union([Type.Number(), Type.Null()]),
  created_by: Type.Union([Type.String(), Type.Null()]),
  created_at: epoch,
  updated_at: epoch,
});
const runRow = Type.Object({
  run_id: Type.String(),
  simulation_id: Type.String(),
  run_experiment: Type.String(),
  run_parameters: plan.parameters,
  run_sim_type: plan.sim_type,
  run_refinement_steps: Type.Integer(),
  run_confidence_threshold: Type.Number(),
  run_seed: Type.Number(),
  state: oneOf(RUN_STATES),
  failure: Type.Union([oneOf(FAILURES), Type.Null()]),
  steps: Type.Array(
    Type.Object({
      step: Type.Number(),
      samples: Type.Number(),
      estimate: Type.Number(),
      low: Type.Number(),
      high: Type.Number(),
      confidence: Type.Number(),
    }),
  ),
  started_by: Type.Union([Type.String(), Type.Null()]),
  run_created_at: epoch,
  finished_at: Type.Union([epoch, Type.Null()]),
});

const milliseconds = (column: string, name: string): string =>
  `round(extract(epoch from ${column}) * 1000)::float8 as ${name}`;

export const SIMULATION_COLUMNS = `s.id, s.name, s.description, s.experiment, s.parameters, s.sim_type, s.refinement_steps,
  s.confidence_threshold, s.seed::float8 as seed, s.created_by, ${milliseconds("s.created_at", "created_at")}, ${milliseconds("s.updated_at", "updated_at")}`;

/** Under names of their own, so that they stand beside a simulation's. */
export const RUN_COLUMNS = `r.id as run_id, r.simulation_id, r.experiment as run_experiment, r.parameters as run_parameters,
  r.sim_type as run_sim_type, r.refinement_steps as run_refinement_steps, r.confidence_threshold as run_confidence_threshold,
  r.seed::float8 as run_seed, r.state, r.failure, r.steps, r.started_by, ${milliseconds("r.created_at", "run_created_at")}, ${milliseconds("r.finished_at", "finished_at")}`;

export function rowOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) throw new TypeError("a database row is not an object");
  return { ...value };
}

export function readSimulation(row: unknown): Simulation {
  if (!Check(simulationRow, row)) throw new TypeError("a row of hub_simulations is not as expected");
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    experiment: row.experiment,
    parameters: row.parameters,
    simType: row.sim_type,
    refinementSteps: row.refinement_steps,
    confidenceThreshold: row.confidence_threshold,
    seed: row.seed,
    createdBy: row.created_by,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

export function readRun(row: unknown): Run {
  if (!Check(runRow, row)) throw new TypeError("a row of hub_simulation_runs is not as expected");
  return {
    id: row.run_id,
    simulationId: row.simulation_id,
    experiment: row.run_experiment,
    parameters: row.run_parameters,
    simType: row.run_sim_type,
    refinementSteps: row.run_refinement_steps,
    confidenceThreshold: row.run_confidence_threshold,
    seed: row.run_seed,
    state: row.state,
    failure: row.failure,
    steps: row.steps,
    startedBy: row.started_by,
    createdAt: row.run_created_at,
    finishedAt: row.finished_at,
  };
}

export const isoOf = (time: number): string => new Date(time).toISOString();
