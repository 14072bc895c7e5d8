/** A report as JSON, for programs: the run's facts and findings, the score, its assessments. */
import type { SecurityReport } from "../model.ts";
import type { Tally } from "../score.ts";

export const REPORT_FORMAT = "aegis-report/1";

/** What has no score is null, so that nobody takes it for a nought. */
const tally = ({ counts, applicable, score, coverage }: Tally) => ({
  score: score ?? null,
  coverage: coverage ?? null,
  applicable,
  counts,
});

export function jsonReport({ run, score, assessments, madeAt, leftOut, headline }: SecurityReport): string {
  const { findings, ...facts } = run;
  return `${JSON.stringify(
    {
      ...facts,
      format: REPORT_FORMAT,
      madeAt,
      headline,
      controlsLeftOut: leftOut,
      score: {
        ...tally(score),
        components: score.components.map((one) => ({ component: one.component, ...tally(one) })),
      },
      assessments,
      findings,
    },
    undefined,
    2,
  )}\n`;
}
