/** What a run's thread and its keeper say to each other, checked on both sides. */
import Type from "typebox";
import { Check } from "typebox/value";
import type { Ending, Plan, Step } from "./engine/refine.ts";

const plan = Type.Object({
  experiment: Type.String(),
  parameters: Type.Record(Type.String(), Type.Number()),
  simType: Type.Union([Type.Literal("standard"), Type.Literal("advanced")]),
  refinementSteps: Type.Integer(),
  confidenceThreshold: Type.Number(),
  seed: Type.Integer(),
});
const message = Type.Union([
  Type.Object({
    kind: Type.Literal("step"),
    step: Type.Object({
      step: Type.Integer(),
      samples: Type.Integer(),
      estimate: Type.Number(),
      low: Type.Number(),
      high: Type.Number(),
      confidence: Type.Number(),
    }),
  }),
  Type.Object({
    kind: Type.Literal("ended"),
    ending: Type.Union([Type.Literal("converged"), Type.Literal("exhausted")]),
  }),
]);

export type Message =
  | { readonly kind: "step"; readonly step: Step }
  | { readonly kind: "ended"; readonly ending: Ending };

export function readPlan(value: unknown): Plan {
  if (!Check(plan, value)) throw new TypeError("this is no plan");
  return value;
}

/** Undefined for what no worker of ours says. */
export const readMessage = (value: unknown): Message | undefined =>
  Check(message, value) ? value : undefined;
