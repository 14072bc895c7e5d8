/** The experiments, by name. */
import { lockoutStuffing } from "./experiments/lockout-stuffing.ts";
import { passwordGuessing } from "./experiments/password-guessing.ts";
import { queueFlood } from "./experiments/queue-flood.ts";
import { rateLimit } from "./experiments/rate-limit.ts";
import { sessionTheft } from "./experiments/session-theft.ts";
import { tokenCollision } from "./experiments/token-collision.ts";
import type { Experiment, Parameter, Values } from "./model.ts";

export const EXPERIMENTS: readonly Experiment[] = [
  passwordGuessing,
  rateLimit,
  lockoutStuffing,
  sessionTheft,
  tokenCollision,
  queueFlood,
];

export const experimentOf = (id: string): Experiment | undefined => EXPERIMENTS.find((one) => one.id === id);

export interface Misfit {
  readonly name: string;
  readonly reason: "unknown_field" | "too_small" | "too_large" | "not_allowed" | "wrong_type";
  readonly message: string;
}

/** What is wrong with values that somebody sent for this experiment. */
export function misfits({ parameters }: Experiment, values: Values): readonly Misfit[] {
  const known = new Map(parameters.map((one) => [one.name, one]));
  return Object.entries(values).flatMap(([name, value]): Misfit[] => {
    const parameter = known.get(name);
    if (parameter === undefined)
      return [{ name, reason: "unknown_field", message: "This experiment has no such parameter." }];
    const found = misfit(parameter, value);
    return found === undefined ? [] : [{ name, ...found }];
  });
}

function misfit(
  { lowest, highest, whole, choices }: Parameter,
  value: number,
): Omit<Misfit, "name"> | undefined {
  if (!Number.isFinite(value) || (whole && !Number.isInteger(value)))
    return { reason: "wrong_type", message: whole ? "It must be a whole number." : "It must be a number." };
  if (value < lowest) return { reason: "too_small", message: `At least ${lowest}.` };
  if (value > highest) return { reason: "too_large", message: `At most ${highest}.` };
  if (choices !== undefined && !choices.some((choice) => choice.value === value))
    return { reason: "not_allowed", message: "It is none of the allowed values." };
  return undefined;
}

/** Every parameter with a value: those that were given, and the standard ones. */
export const completed = ({ parameters }: Experiment, values: Values): Values =>
  Object.fromEntries(parameters.map(({ name, standard }) => [name, values[name] ?? standard]));
