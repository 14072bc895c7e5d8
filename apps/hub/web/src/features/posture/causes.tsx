import { Link } from "@tanstack/react-router";
import type { Change, Outcome } from "../../api/posture.ts";
import { Badge, type State } from "../../ui/badge.tsx";
import { OUTCOME_WORDS } from "../../ui/outcome.tsx";
import { Empty } from "../../ui/states.tsx";
import { Time } from "../../ui/time.tsx";
import { counted } from "../../ui/words.ts";
import { points } from "./words.ts";

type Cause = Change["causes"][number];

const EFFECTS: Record<Cause["effect"], readonly [state: State, word: string]> = {
  worse: ["fail", "Worse"],
  better: ["pass", "Better"],
  other: ["unknown", "Other"],
};
const wordsOf = (outcome: Outcome | null): string =>
  outcome === null ? "not looked at" : OUTCOME_WORDS[outcome].toLowerCase();

/** Every change with the controls that made it: a number that moves by itself would be worth nothing. */
export const Causes = ({ changes, target }: { changes: readonly Change[]; target: string | undefined }) =>
  changes.length === 0 ? (
    <Empty title="Nothing has moved">
      When a control passes or fails anew from one run to the next, it appears here with what was seen.
    </Empty>
  ) : (
    <ol className="space-y-4">
      {changes.map((change) => (
        <li key={change.file} className="rounded-lg border border-line bg-surface p-4 sm:p-5">
          <h3 className="font-medium">
            The score {points(change.delta)} <span className="font-normal text-muted">with the run </span>
            <span className="font-normal text-muted">
              <Time at={change.at} />
            </span>
          </h3>
          {change.differences.length === 0 ? null : (
            <ul className="mt-1 list-disc pl-5 text-muted">
              {change.differences.map((one) => (
                <li key={one} className="break-words">
                  {one}
                </li>
              ))}
            </ul>
          )}
          <ul className="mt-3 space-y-3">
            {change.causes.map((cause) => (
              <One key={`${cause.room} ${cause.id}`} cause={cause} target={target} />
            ))}
          </ul>
          {change.more_causes === 0 ? null : (
            <p className="mt-3 text-muted">
              And {counted(change.more_causes, "more control")}. All of them:{" "}
              <code className="font-mono">aegis compare BEFORE AFTER</code>
            </p>
          )}
        </li>
      ))}
    </ol>
  );

const One = ({ cause, target }: { cause: Cause; target: string | undefined }) => (
  <li className="flex flex-wrap items-start gap-x-4 gap-y-1">
    <span className="w-24 shrink-0">
      <Badge state={EFFECTS[cause.effect][0]}>{EFFECTS[cause.effect][1]}</Badge>
    </span>
    <span className="min-w-0 grow basis-60 break-words">
      <Link
        to="/admin/security/posture/$control"
        params={{ control: cause.id }}
        search={target === undefined ? {} : { target }}
        preload={false}
        className="font-medium text-accent underline underline-offset-4"
      >
        {cause.claim}
      </Link>
      <span className="block text-sm text-muted">
        {wordsOf(cause.before)} → {wordsOf(cause.after)}
        {cause.observed_after === null ? "" : `: ${cause.observed_after}`}
      </span>
    </span>
  </li>
);
