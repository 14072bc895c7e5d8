/**
 * A number for a run, from its findings and nothing else. Threat: a score that looks good because nobody looked. Rule:
 * only a pass counts; unknown and error count as not proven, and what does not apply is no part of it; 100 is said where
 * everything passed and nowhere else. References: requirement CHK-4.
 */
import type { Outcome } from "../control.ts";

export interface Scored {
  readonly outcome: Outcome;
  readonly room: string;
}

export interface Tally {
  readonly counts: Readonly<Record<Outcome, number>>;
  /** Findings that count: all but those that do not apply. */
  readonly applicable: number;
  /** 0 to 100 in steps of 0.1, rounded down: passes of what applies. Undefined where nothing applies. */
  readonly score: number | undefined;
  /** 0 to 100 likewise: how much of what applies was seen at all, pass or fail. */
  readonly coverage: number | undefined;
}

export interface ComponentScore extends Tally {
  readonly component: string;
}

export interface Score extends Tally {
  /** In the order in which the run has them. */
  readonly components: readonly ComponentScore[];
}

/** Whole numbers in, so that the same findings give the same number on every machine. */
const share = (part: number, whole: number): number | undefined =>
  whole === 0 ? undefined : Math.floor((part * 1000) / whole) / 10;

function tallyOf(findings: readonly Scored[]): Tally {
  const counts = { pass: 0, fail: 0, "not-applicable": 0, unknown: 0, error: 0 };
  for (const { outcome } of findings) counts[outcome] += 1;
  const applicable = findings.length - counts["not-applicable"];
  return {
    counts,
    applicable,
    score: share(counts.pass, applicable),
    coverage: share(counts.pass + counts.fail, applicable),
  };
}

export function scoreOf(findings: readonly Scored[]): Score {
  const components = Map.groupBy(findings, ({ room }) => room);
  return {
    ...tallyOf(findings),
    components: [...components].map(([component, own]) => ({ component, ...tallyOf(own) })),
  };
}

/** As it is printed: "97.3", "100", or a dash where there is nothing to score. */
export const scoreText = (score: number | undefined): string =>
  score === undefined ? "–" : Number.isInteger(score) ? String(score) : score.toFixed(1);

/** Weakest first; of one score those first where more fails, then where more applies, then by name. */
export const weakestFirst = (components: readonly ComponentScore[]): readonly ComponentScore[] =>
  components.toSorted(
    (a, b) =>
      (a.score ?? 101) - (b.score ?? 101) ||
      b.counts.fail - a.counts.fail ||
      b.applicable - a.applicable ||
      (a.component < b.component ? -1 : 1),
  );
