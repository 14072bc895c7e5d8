/** The latest run: how far it is, what it found, and each step of the way there. */
import { getRouteApi, Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import type { Experiment, Run } from "../../api/simulations.ts";
import { Badge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { Card } from "../../ui/page.tsx";
import { Notice } from "../../ui/states.tsx";
import { Convergence, StepsTable } from "./chart.tsx";
import { failureWords, simTypeWords, STATES } from "./words.ts";

const route = getRouteApi("/simulations/$id");
const PLAY_MS = 500;

export function RunPanel({ run, experiment }: { run: Run; experiment: Experiment }) {
  const { step: wanted } = route.useSearch();
  const [state, word] = STATES[run.state];
  const shown = run.active || wanted === undefined ? run.steps : run.steps.slice(0, wanted);
  return (
    <Card>
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <span role="status">
          <Badge state={state}>{word}</Badge>
        </span>
        <span className="text-muted tabular-nums">
          {simTypeWords[run.sim_type]}, step {run.steps.length} of {run.refinement_steps}
          {run.state === "converged" ? ": no more were needed" : ""}
        </span>
        {run.active ? (
          <progress
            className="h-2 w-full appearance-none overflow-hidden rounded-full bg-sunken sm:ml-auto sm:w-48 [&::-moz-progress-bar]:bg-accent [&::-webkit-progress-bar]:bg-sunken [&::-webkit-progress-value]:bg-accent"
            aria-label="Steps of the run"
            max={run.refinement_steps}
            value={run.steps.length}
          />
        ) : null}
      </div>
      {run.state === "failed" ? (
        <div className="mt-4">
          <Notice tone="fail" live={false}>
            {failureWords(run.failure)}
          </Notice>
        </div>
      ) : null}
      {run.steps.length === 0 ? (
        <p className="mt-6 text-muted">
          {run.active ? "The first step is under way." : "It ended before its first step."}
        </p>
      ) : (
        <div className="mt-6 space-y-6">
          <Convergence run={run} steps={shown} experiment={experiment} />
          {run.active ? null : <Walk run={run} shown={shown.length} />}
          <StepsTable steps={shown} experiment={experiment} />
          <p className="text-sm text-muted">
            {run.sim_type === "advanced" ? `${experiment.technique_text} ` : ""}
            {run.exact === null
              ? "Theory gives no short answer to this question."
              : `The dashed line is theory: ${experiment.theory.slice(0, 1).toLowerCase()}${experiment.theory.slice(1)}`}
            {` Seed ${run.seed}.`}
            {experiment.lesson === null ? null : (
              <>
                {" "}
                <Link
                  to="/courses/$course/$lesson"
                  params={experiment.lesson}
                  className="text-accent underline underline-offset-4"
                >
                  Read the lesson
                </Link>
              </>
            )}
          </p>
        </div>
      )}
    </Card>
  );
}

/** Back through the steps, or once more from the first: a fast run is over before anybody has seen it narrow. */
function Walk({ run, shown }: { run: Run; shown: number }) {
  const navigate = route.useNavigate();
  const most = run.steps.length;
  /** The step that is to be shown next while it plays by itself. */
  const [next, setNext] = useState<number | undefined>(undefined);
  const go = (to: number) =>
    void navigate({
      search: ({ step: _old, ...rest }) => (to >= most ? rest : { ...rest, step: to }),
      replace: true,
      resetScroll: false,
    });
  useEffect(() => {
    if (next === undefined) return;
    go(next);
    const timer = window.setTimeout(() => setNext(next >= most ? undefined : next + 1), PLAY_MS);
    return () => window.clearTimeout(timer);
  }, [next, most]);
  if (most < 2) return null;
  return (
    <div className="flex flex-wrap items-center gap-3">
      <Button look="quiet" onClick={() => setNext(next === undefined ? 1 : undefined)}>
        {next === undefined ? "Watch it converge" : "Stop"}
      </Button>
      <label className="flex min-w-0 grow flex-wrap items-center gap-x-3">
        <span className="whitespace-nowrap tabular-nums">
          Step {shown} of {most}
        </span>
        <input
          type="range"
          className="h-11 min-w-32 grow accent-accent"
          min={1}
          max={most}
          step={1}
          value={shown}
          onChange={(event) => {
            setNext(undefined);
            go(Number(event.target.value));
          }}
        />
      </label>
    </div>
  );
}
