/** One run: a question refined step by step, until the answer is sure enough or the steps are used up. */
import { experimentOf } from "./catalogue.ts";
import { advanced, type Reading, standard } from "./estimators.ts";
import type { Values } from "./model.ts";
import { seeded } from "./random.ts";
import { within, Z95 } from "./statistics.ts";

export const SIM_TYPES = ["standard", "advanced"] as const;
export type SimType = (typeof SIM_TYPES)[number];

export interface Plan {
  readonly experiment: string;
  readonly parameters: Values;
  readonly simType: SimType;
  readonly refinementSteps: number;
  readonly confidenceThreshold: number;
  readonly seed: number;
}

export interface Step {
  readonly step: number;
  /** Trials so far. */
  readonly samples: number;
  readonly estimate: number;
  /** The 95 % confidence interval. */
  readonly low: number;
  readonly high: number;
  /** The chance that the estimate is within the tolerance of the truth, 0 to 1. */
  readonly confidence: number;
}

export type Ending = "converged" | "exhausted";

export const MOST_STEPS = 20;
const FIRST = 256;
const GROWTH = 1.45;
/** Close enough: a twentieth of the estimate, or what does not matter at all. */
export const TOLERANCE = 0.05;

/** No number of trials makes certain: whoever asks for 1 gets all the steps. */
const MOST_SURE = 1 - 1e-6;

/** Trials after so many steps: fewer than 300,000 in all, whatever is asked for. */
export const samplesAfter = (step: number): number => Math.round(FIRST * GROWTH ** (step - 1));

export function* refine(plan: Plan): Generator<Step, Ending, undefined> {
  const experiment = experimentOf(plan.experiment);
  if (experiment === undefined) throw new RangeError("there is no such experiment");
  const model = experiment.model(plan.parameters);
  const estimator = (plan.simType === "advanced" ? advanced : standard)(model, seeded(plan.seed));
  for (let step = 1; step <= Math.min(plan.refinementSteps, MOST_STEPS); step++) {
    estimator.add(samplesAfter(step) - estimator.read().samples);
    const reached = stepOf(step, estimator.read(), model, experiment.smallest);
    yield reached;
    if (reached.confidence >= plan.confidenceThreshold) return "converged";
  }
  return "exhausted";
}

function stepOf(
  step: number,
  { samples, estimate, error }: Reading,
  { lowest, highest }: { readonly lowest: number; readonly highest: number },
  smallest: number,
): Step {
  // Where nothing varied, nothing is known of how much it could: after n trials without an event, its share is below
  // 3/n with 95 % confidence (the rule of three).
  const half = error > 0 ? Z95 * error : (3 * (highest - lowest)) / samples;
  const bounded = (value: number): number => Math.min(highest, Math.max(lowest, value));
  const tolerance = Math.max(smallest, TOLERANCE * Math.abs(estimate));
  return {
    step,
    samples,
    estimate: bounded(estimate),
    low: bounded(estimate - half),
    high: bounded(estimate + half),
    confidence: Math.min(MOST_SURE, within((tolerance / half) * Z95)),
  };
}
