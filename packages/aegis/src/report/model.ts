/** What every format is made of: a run, its score, and its assessments. */
import type { Outcome } from "../control.ts";
import type { Assessment } from "./compliance/assess.ts";
import { ReportError } from "./errors.ts";
import type { Run, RunFinding } from "./run-file.ts";
import { type Score, scoreOf, scoreText, weakestFirst } from "./score.ts";

export interface ReportOptions {
  /** When the report is made, in milliseconds since the Unix epoch. */
  readonly now: number;
  /** What `assess` made of the same run, a framework each. */
  readonly assessments?: readonly Assessment[];
}

export interface SecurityReport {
  readonly run: Run;
  readonly score: Score;
  readonly assessments: readonly Assessment[];
  readonly madeAt: string;
  /** Controls that were left out on purpose (`--fast`, `--only`). */
  readonly leftOut: number;
  /** The finding of the whole, as a sentence. */
  readonly headline: string;
}

export const WORDS: Readonly<Record<Outcome, string>> = {
  pass: "pass",
  fail: "FAIL",
  "not-applicable": "not applicable",
  unknown: "not seen",
  error: "error",
};

/** @throws ReportError where an assessment is of another run, or two are of one framework */
export function reportOf(run: Run, { now, assessments = [] }: ReportOptions): SecurityReport {
  for (const { run: of } of assessments)
    if (of.origin !== run.origin || of.startedAt !== run.startedAt || of.fingerprint !== run.fingerprint)
      throw new ReportError("An assessment is of another run than the report.");
  if (new Set(assessments.map(({ framework }) => framework.id)).size !== assessments.length)
    throw new ReportError("There are two assessments of one framework.");
  const score = scoreOf(run.findings);
  const leftOut = Math.max(0, run.controlsKnown - run.findings.length);
  return {
    run,
    score,
    assessments,
    madeAt: new Date(now).toISOString(),
    leftOut,
    headline: headlineOf(run, score, leftOut),
  };
}

export const many = (count: number, one: string, more = `${one}s`): string =>
  `${count} ${count === 1 ? one : more}`;

/** Whoever reads nothing else must not take a part for the whole: what was not seen, and not looked at, is in it. */
function headlineOf({ reachable }: Run, { counts, applicable }: Score, leftOut: number): string {
  if (!reachable) return "The target could not be reached: nothing is proven.";
  if (applicable === 0) return "Nothing was looked at.";
  const unseen = counts.unknown + counts.error;
  const out = leftOut === 0 ? "" : `; ${many(leftOut, "control was", "controls were")} left out`;
  const rest = `${unseen === 0 ? "" : `; ${many(unseen, "control")} could not be seen`}${out}`;
  if (counts.fail > 0)
    return `${many(counts.fail, "control fails", "controls fail")} of ${applicable} that apply${rest}.`;
  return unseen === 0
    ? `All ${many(applicable, "control")} that apply pass${rest}.`
    : `No control fails, and ${counts.pass} of ${applicable} that apply pass${rest}.`;
}

/** What a chart of the components shows, as a sentence. */
export function weakestSentence({ components }: Score): string {
  const scored = weakestFirst(components).filter(({ score }) => score !== undefined);
  const weak = scored.filter(({ score }) => score !== 100);
  const [first, second] = weak;
  if (scored.length === 0) return "No component has a score";
  if (first === undefined) return `All ${many(scored.length, "component")} are at 100`;
  return second === undefined
    ? `${first.component} is the one component below 100, at ${scoreText(first.score)}`
    : `${first.component} (${scoreText(first.score)}) and ${second.component} (${scoreText(second.score)}) are weakest of ${scored.length} components`;
}

export const failed = ({ run }: SecurityReport): readonly RunFinding[] =>
  run.findings.filter(({ outcome }) => outcome === "fail");
export const unseen = ({ run }: SecurityReport): readonly RunFinding[] =>
  run.findings.filter(({ outcome }) => outcome === "unknown" || outcome === "error");

/** As people read it; to the millisecond it is in the run. */
export const timeText = (at: string): string => `${at.slice(0, 16).replace("T", " ")} UTC`;

export const policyText = ({ policyName, fingerprint }: Pick<Run, "policyName" | "fingerprint">): string =>
  policyName === undefined ? `policy ${fingerprint}` : `${policyName} (policy ${fingerprint})`;
