import type { Experiment, Run, RunState, Step, Unit } from "../../api/simulations.ts";
import type { State } from "../../ui/badge.tsx";

const digits = { maximumSignificantDigits: 3 } as const;
const share = new Intl.NumberFormat("en", { style: "percent", ...digits });
const plain = new Intl.NumberFormat("en", digits);
export const count = new Intl.NumberFormat("en");
const whole = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 0 });
const exact = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 1 });

/** "1.25%", "312 h". */
export const amount = (value: number, unit: Unit): string =>
  unit === "share" ? share.format(value) : `${plain.format(value)} h`;

const roughShare = new Intl.NumberFormat("en", { style: "percent", maximumSignificantDigits: 2 });
const roughly = new Intl.NumberFormat("en", { maximumSignificantDigits: 2 });
/** How far off it may be: two digits say enough. */
export const spread = (value: number, unit: Unit): string =>
  unit === "share" ? roughShare.format(value) : `${roughly.format(value)} h`;

/** Never "100 %" of what is not sure, nor "0 %" of what is not impossible. */
export function sureness(confidence: number): string {
  if (confidence > 0.999 && confidence < 1) return "more than 99.9%";
  if (confidence > 0.99) return exact.format(confidence);
  return whole.format(confidence);
}

export const STATES: Readonly<Record<RunState, readonly [state: State, word: string]>> = {
  queued: ["unknown", "Waiting"],
  running: ["unknown", "Running"],
  converged: ["pass", "Converged"],
  exhausted: ["warn", "Out of steps"],
  cancelled: ["unknown", "Cancelled"],
  failed: ["fail", "Failed"],
};

const FAILURES: Readonly<Record<NonNullable<Run["failure"]>, string>> = {
  crashed: "The computation broke down. Run it again; if that happens anew, tell the operator.",
  time_limit: "It took longer than a run may. Ask for fewer steps, or for smaller numbers.",
  interrupted: "The server was stopped while it ran. Run it again.",
};
export const failureWords = (failure: Run["failure"]): string => FAILURES[failure ?? "crashed"];

/** The finding of a run in one sentence: what a chart's title is for. */
export function finding(state: RunState, last: Step | undefined, { unit }: Experiment): string {
  if (last === undefined)
    return state === "queued" || state === "running" ? "The first answer is being computed" : "No answer yet";
  const about = `About ${amount(last.estimate, unit)}`;
  const sure = `${sureness(last.confidence)} sure`;
  if (state === "converged") return `${about}, and ${sure}`;
  if (state === "running" || state === "queued") return `${about} so far, ${sure}`;
  return last.confidence >= 0.95 ? `${about}, and ${sure}` : `${about}, but only ${sure}`;
}

export const simTypeWords = { standard: "Standard", advanced: "Advanced" } as const;
