/** Outcomes of controls: glyph and word with every colour. */
import type { Outcome } from "../api/posture.ts";
import { Badge, type State } from "./badge.tsx";

export const OUTCOME_WORDS: Readonly<Record<Outcome, string>> = {
  pass: "Proven",
  fail: "Fails",
  error: "Error",
  unknown: "Not proven",
  "not-applicable": "Does not apply",
};
export const OUTCOME_GLYPHS: Readonly<Record<Outcome, string>> = {
  pass: "✓",
  fail: "×",
  error: "!",
  unknown: "○",
  "not-applicable": "–",
};
const STATES: Readonly<Record<Outcome, State>> = {
  pass: "pass",
  fail: "fail",
  error: "warn",
  unknown: "unknown",
  "not-applicable": "unknown",
};
/** A cell: what fails is solid, so that it is found at a glance. */
export const OUTCOME_CELLS: Readonly<Record<Outcome, string>> = {
  pass: "bg-pass-soft text-pass",
  fail: "bg-fail text-surface",
  error: "bg-warn text-surface",
  unknown: "bg-surface text-muted ring-1 ring-line-strong ring-inset",
  "not-applicable": "bg-sunken text-muted",
};

export const OutcomeBadge = ({ outcome }: { outcome: Outcome }) => (
  <Badge state={STATES[outcome]}>{OUTCOME_WORDS[outcome]}</Badge>
);

const FILLS: Readonly<Record<Outcome, string>> = {
  pass: "fill-pass",
  fail: "fill-fail",
  error: "fill-warn",
  unknown: "fill-line-strong",
  "not-applicable": "fill-line",
};
/** Heights tell what colours tell. */
const HEIGHTS: Readonly<Record<Outcome, number>> = {
  pass: 6,
  fail: 18,
  error: 14,
  unknown: 10,
  "not-applicable": 3,
};
const STEP = 7;

/** One bar a run, the oldest first: low and green is proven, high and red fails. */
export function HistoryStrip({ history }: { history: readonly (Outcome | null)[] }) {
  const runs = history.filter((one) => one !== null);
  const last = runs.at(-1);
  const since = runs.length - 1 - runs.findLastIndex((one) => one !== last);
  return (
    <span className="inline-flex items-end gap-2">
      <svg
        viewBox={`0 0 ${history.length * STEP} 18`}
        width={history.length * STEP}
        height="18"
        className="max-w-full"
        aria-hidden="true"
      >
        {history.map((outcome, place) =>
          outcome === null ? null : (
            <rect
              key={place}
              x={place * STEP}
              y={18 - HEIGHTS[outcome]}
              width={STEP - 2}
              height={HEIGHTS[outcome]}
              className={FILLS[outcome]}
            />
          ),
        )}
      </svg>
      <span className="sr-only">
        {last === undefined
          ? "never looked at"
          : `${OUTCOME_WORDS[last].toLowerCase()} in the last ${since === 1 ? "run" : `${since} runs`} of ${runs.length}`}
      </span>
    </span>
  );
}
