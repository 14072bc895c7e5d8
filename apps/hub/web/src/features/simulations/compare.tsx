/** Runs beside each other: who was sure with fewer trials. */
import { Link } from "@tanstack/react-router";
import type { Experiment, Run } from "../../api/simulations.ts";
import { Badge } from "../../ui/badge.tsx";
import { Time } from "../../ui/time.tsx";
import { label, line, Plot } from "./chart.tsx";
import { linear } from "./scale.ts";
import { amount, count, simTypeWords, spread, STATES, sureness } from "./words.ts";

export const MOST_COMPARED = 3;
const LOOKS = [
  { line: "stroke-accent", fill: "fill-accent", dash: undefined },
  { line: "stroke-warn", fill: "fill-warn", dash: "8 4" },
  { line: "stroke-fail", fill: "fill-fail", dash: "2 4" },
] as const;
const NAMES = ["A", "B", "C"] as const;

/** What was asked must be the same, or the answers do not speak of the same thing. */
const question = ({ experiment, parameters }: Run): string =>
  `${experiment} ${JSON.stringify(Object.entries(parameters).toSorted(([a], [b]) => (a < b ? -1 : 1)))}`;

const widthOf = (run: Run): number => {
  const last = run.steps.at(-1);
  return last === undefined ? Number.NaN : (last.high - last.low) / 2;
};
/** Trials for one and the same width: a band narrows with their root, so a run's is told from where it ended. */
const costOf = (run: Run): number => (run.steps.at(-1)?.samples ?? Number.NaN) * widthOf(run) ** 2;

function verdict(runs: readonly Run[]): string {
  if (new Set(runs.map(question)).size > 1) return "These runs asked different questions";
  const ranked = runs
    .map((run, place) => ({ name: NAMES[place] ?? "", cost: costOf(run) }))
    .filter(({ cost }) => Number.isFinite(cost) && cost > 0)
    .toSorted((a, b) => a.cost - b.cost);
  const [best, worst] = [ranked[0], ranked.at(-1)];
  if (best === undefined || worst === undefined || best === worst) return "There is nothing to compare yet";
  const times = worst.cost / best.cost;
  return times < 1.1
    ? "All need about as many trials for one answer"
    : `${best.name} needs ${times.toFixed(times < 10 ? 1 : 0)} times fewer trials than ${worst.name} for one answer`;
}

export function Compare({
  runs,
  chosen,
  experiment,
  onChoose,
}: {
  runs: readonly Run[];
  chosen: readonly string[];
  experiment: Experiment;
  onChoose: (ids: readonly string[]) => void;
}) {
  const compared = chosen.flatMap((id) => runs.filter((run) => run.id === id));
  return (
    <div className="space-y-6">
      <ul className="divide-y divide-line rounded-lg border border-line bg-surface">
        {runs.map((run) => {
          const place = chosen.indexOf(run.id);
          const [state, word] = STATES[run.state];
          const last = run.steps.at(-1);
          return (
            <li key={run.id}>
              <label className="flex min-h-14 flex-wrap items-center gap-x-4 gap-y-1 px-4 py-3">
                <input
                  type="checkbox"
                  className="size-5 shrink-0 accent-accent"
                  checked={place >= 0}
                  disabled={place < 0 && chosen.length >= MOST_COMPARED}
                  onChange={(event) =>
                    onChoose(
                      event.target.checked ? [...chosen, run.id] : chosen.filter((id) => id !== run.id),
                    )
                  }
                />
                <span className="w-5 font-semibold">{NAMES[place] ?? ""}</span>
                <span className="grow">
                  {simTypeWords[run.sim_type]}, <Time at={run.created_at} />
                  <span className="block text-sm text-muted tabular-nums">
                    {last === undefined
                      ? run.active
                        ? "under way"
                        : "no answer"
                      : `${amount(last.estimate, experiment.unit)} ± ${spread(widthOf(run), experiment.unit)} from ${count.format(last.samples)} trials`}
                    {`, seed ${run.seed}`}
                  </span>
                </span>
                <Badge state={state}>{word}</Badge>
              </label>
            </li>
          );
        })}
      </ul>
      {compared.length < 2 ? (
        <p className="text-muted">Choose two or three runs to see them beside each other.</p>
      ) : (
        <Beside runs={compared} experiment={experiment} />
      )}
    </div>
  );
}

function Beside({ runs, experiment }: { runs: readonly Run[]; experiment: Experiment }) {
  const { unit } = experiment;
  const samples = runs.flatMap(({ steps }) => steps.map((step) => step.samples)).toSorted((a, b) => a - b);
  const half = ({ low, high }: { low: number; high: number }) => (high - low) / 2;
  const widths = runs.flatMap(({ steps }) => steps.map(half));
  return (
    <figure className="min-w-0 rounded-lg border border-line bg-surface p-4 sm:p-6">
      <figcaption className="font-medium">
        <span role="status">{verdict(runs)}</span>
        <span className="block text-sm font-normal text-muted">
          Half the width of the 95 % band, by trials: the lower, the more is known
        </span>
      </figcaption>
      <Plot
        height={240}
        samples={samples}
        y={(range) => linear([0, ...widths], range)}
        format={(value) => amount(value, unit)}
      >
        {({ x, y }) =>
          runs.map(({ id, steps }, place) => {
            const look = LOOKS[place] ?? LOOKS[0];
            const first = steps[0];
            return (
              <g key={id}>
                <path
                  d={`M${line(steps.map((step) => [x.at(step.samples), y.at(half(step))]))}`}
                  fill="none"
                  strokeWidth="2"
                  strokeDasharray={look.dash}
                  className={look.line}
                />
                {first === undefined ? null : (
                  <text
                    x={x.at(first.samples) + 8 + place * 16}
                    y={y.at(half(first)) - 4}
                    className={`${label} font-semibold ${look.fill}`}
                  >
                    {NAMES[place]}
                  </text>
                )}
              </g>
            );
          })
        }
      </Plot>
      <div className="mt-4 overflow-x-auto" tabIndex={0} role="region" aria-label="The runs in numbers">
        <table className="w-full text-right whitespace-nowrap">
          <caption className="sr-only">The runs that are compared</caption>
          <thead>
            <tr className="border-b border-line text-sm text-muted">
              {["Run", "Type", "Trials", "Estimate", "Half of the band", "How sure"].map((name) => (
                <th key={name} scope="col" className="px-2 py-2 font-medium first:text-left">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {runs.map((run, place) => {
              const last = run.steps.at(-1);
              return (
                <tr key={run.id} className="border-b border-line last:border-0">
                  <th scope="row" className="px-2 py-1.5 text-left">
                    {NAMES[place]}
                  </th>
                  <td className="px-2">{simTypeWords[run.sim_type]}</td>
                  <td className="px-2">{last === undefined ? "none" : count.format(last.samples)}</td>
                  <td className="px-2">{last === undefined ? "none" : amount(last.estimate, unit)}</td>
                  <td className="px-2">{last === undefined ? "none" : spread(widthOf(run), unit)}</td>
                  <td className="px-2">{last === undefined ? "none" : sureness(last.confidence)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      {experiment.lesson === null ? null : (
        <p className="mt-4 text-sm text-muted">
          Read on:{" "}
          <Link
            to="/courses/$course/$lesson"
            params={experiment.lesson}
            className="text-accent underline underline-offset-4"
          >
            the lesson on this question
          </Link>
        </p>
      )}
    </figure>
  );
}
