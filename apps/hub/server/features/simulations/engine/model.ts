/** What an experiment is: a question with parameters, and a model that answers it one trial at a time. Types only. */
import type { Draw } from "./random.ts";

export type Values = Readonly<Record<string, number>>;

export interface Parameter {
  readonly name: string;
  readonly label: string;
  readonly unit: string;
  readonly help: string;
  readonly lowest: number;
  readonly highest: number;
  readonly standard: number;
  readonly whole: boolean;
  /** Where only some values make sense, each with its name. */
  readonly choices?: readonly { readonly value: number; readonly label: string }[];
}

/** How an advanced run says more with as many trials. */
export type Technique = "antithetic" | "control" | "stratified" | "importance";

interface Basis {
  /** Between these lies every outcome's mean. */
  readonly lowest: number;
  readonly highest: number;
  readonly trial: (draw: Draw) => number;
  /** What theory says, where it says something. */
  readonly exact: () => number | undefined;
}

export type Model = Basis &
  (
    | { /** The trial falls, or rises, with its draws. */ readonly technique: "antithetic" }
    | { /** The first draw decides most. */ readonly technique: "stratified" }
    | {
        readonly technique: "control";
        /** Outcome, and beside it a number whose mean is known. */
        readonly beside: (draw: Draw) => readonly [outcome: number, control: number];
        readonly mean: number;
      }
    | {
        readonly technique: "importance";
        /** Draws what is rare more often than it happens, and weighs it down by as much. */
        readonly weighted: (draw: Draw) => number;
      }
  );

export interface Experiment {
  readonly id: string;
  readonly title: string;
  readonly question: string;
  /** What the estimate is of. */
  readonly outcome: string;
  readonly unit: "share" | "hours";
  /** Differences below this do not matter: a share that is next to nothing need not be known to a twentieth of itself. */
  readonly smallest: number;
  readonly technique: Technique;
  readonly techniqueText: string;
  /** What theory says, in words. */
  readonly theory: string;
  readonly lesson?: { readonly course: string; readonly lesson: string };
  readonly parameters: readonly Parameter[];
  readonly model: (values: Values) => Model;
}

/** A parameter by name; models ask for their own alone. */
export function valueOf(values: Values, name: string): number {
  const value = values[name];
  if (value === undefined) throw new RangeError(`there is no parameter ${name}`);
  return value;
}
