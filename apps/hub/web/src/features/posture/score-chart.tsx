import type { SavedRun } from "../../api/posture.ts";
import { cell, head, TableFrame } from "../../ui/table.tsx";
import { Time } from "../../ui/time.tsx";
import { useWidth } from "../simulations/use-width.ts";
import { linear } from "../simulations/scale.ts";
import { points, scoreWords } from "./words.ts";

const HEIGHT = 220;
const [TOP, RIGHT, BOTTOM, LEFT] = [16, 44, 28, 40];
const day = new Intl.DateTimeFormat("en", { month: "short", day: "numeric" });
const minute = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const DAY_MS = 86_400_000;
const label = "fill-muted text-sm tabular-nums";

interface Point {
  readonly run: SavedRun;
  readonly score: number;
}

/** The finding in words, the picture, and the numbers behind it. Only runs that looked at every control can be compared. */
export function ScoreChart({ runs }: { runs: readonly SavedRun[] }) {
  const all = runs.flatMap((run): Point[] =>
    run.whole && run.score !== null ? [{ run, score: run.score }] : [],
  );
  const [last, before] = [all.at(-1), all.at(-2)];
  if (last === undefined)
    return (
      <p className="text-muted">
        No run has looked at every control yet (without <code className="font-mono">--only</code>, and to its
        end), so there is no score.
      </p>
    );
  return (
    <div className="space-y-4">
      <figure className="rounded-lg border border-line bg-surface p-4">
        <figcaption>
          <span className="block font-medium">
            {before === undefined
              ? `The score is ${scoreWords(last.score)} of 100; a line appears with the second run`
              : `The score ${points(Math.round((last.score - before.score) * 10) / 10)} with the last run, ${last.score === before.score ? "at" : "to"} ${scoreWords(last.score)} of 100`}
          </span>
          <span className="block text-sm text-muted">
            Controls that are proven, of each hundred that apply, by run
          </span>
        </figcaption>
        <Picture all={all} />
      </figure>
      <details className="rounded-lg border border-line bg-surface">
        <summary className="flex min-h-11 cursor-pointer items-center px-4 font-medium">
          The numbers of each run
        </summary>
        <div className="px-4 pb-4">
          <Numbers all={all} />
        </div>
      </details>
    </div>
  );
}

function Picture({ all }: { all: readonly Point[] }) {
  const [place, width] = useWidth<HTMLDivElement>();
  const times = all.map(({ run }) => Date.parse(run.at));
  const [first, last] = [times[0] ?? 0, times.at(-1) ?? 0];
  const lowest = Math.min(...all.map(({ score }) => score));
  const bottom = HEIGHT - BOTTOM;
  // A small fall would be nothing on a scale from 0: it begins below the lowest, and its numbers say where.
  const y = linear([Math.max(0, Math.min(90, lowest - 5)), 100], [bottom, TOP], 4);
  const x = (at: number): number =>
    last === first
      ? (LEFT + width - RIGHT) / 2
      : LEFT + ((at - first) / (last - first)) * (width - LEFT - RIGHT);
  const spots = all.map(({ run, score }) => [x(Date.parse(run.at)), y.at(score)] as const);
  const path = spots.map(([across, down]) => `${across.toFixed(1)},${down.toFixed(1)}`).join(" L");
  const when = last - first > DAY_MS ? day : minute;
  const end = spots.at(-1);
  return (
    <div ref={place} className="mt-3">
      <svg
        viewBox={`0 0 ${width} ${HEIGHT}`}
        width={width}
        height={HEIGHT}
        className="block max-w-full"
        aria-hidden="true"
      >
        {y.ticks
          .filter((tick) => tick <= 100)
          .map((tick) => (
            <g key={tick}>
              <path d={`M${LEFT},${y.at(tick)} H${width - RIGHT}`} className="stroke-line" />
              <text x={LEFT - 8} y={y.at(tick) + 4} textAnchor="end" className={label}>
                {tick}
              </text>
            </g>
          ))}
        {spots.length > 1 ? (
          <path
            d={`M${spots[0]?.[0].toFixed(1)},${bottom} L${path} L${end?.[0].toFixed(1)},${bottom} Z`}
            className="fill-accent-soft"
          />
        ) : null}
        <path d={`M${path}`} fill="none" strokeWidth="2" className="stroke-accent" />
        {all.map(({ run, score }, at) => {
          const fell = score < (all[at - 1]?.score ?? score);
          return (
            <circle
              key={run.file}
              cx={spots[at]?.[0]}
              cy={spots[at]?.[1]}
              r={fell ? 5 : 3.5}
              strokeWidth="2"
              className={fell ? "fill-surface stroke-fail" : "fill-accent stroke-accent"}
            />
          );
        })}
        {end === undefined ? null : (
          <text x={end[0] + 9} y={end[1] + 4} className="fill-text text-sm font-medium tabular-nums">
            {scoreWords(all.at(-1)?.score ?? null)}
          </text>
        )}
        <text x={LEFT} y={HEIGHT - 6} className={label}>
          {when.format(first)}
        </text>
        {last === first ? null : (
          <text x={width - RIGHT} y={HEIGHT - 6} textAnchor="end" className={label}>
            {when.format(last)}
          </text>
        )}
      </svg>
    </div>
  );
}

const Numbers = ({ all }: { all: readonly Point[] }) => (
  <TableFrame label="Numbers of each run">
    <caption className="sr-only">The score of each run, the newest first</caption>
    <thead>
      <tr>
        {["When", "Score", "Change", "Proven", "Failing", "Not proven"].map((name, place) => (
          <th key={name} scope="col" className={`${head} ${place === 0 ? "" : "text-right"}`}>
            {name}
          </th>
        ))}
      </tr>
    </thead>
    <tbody>
      {all
        .map(({ run, score }, place) => ({ run, score, before: all[place - 1]?.score }))
        .toReversed()
        .map(({ run, score, before }) => (
          <tr key={run.file}>
            <th scope="row" className={`${cell} text-left font-normal whitespace-nowrap`}>
              <Time at={run.at} />
            </th>
            {[
              scoreWords(score),
              before === undefined ? "first" : points(Math.round((score - before) * 10) / 10),
              run.counts.pass,
              run.counts.fail + run.counts.error,
              run.counts.unknown,
            ].map((value, place) => (
              <td key={place} className={`${cell} text-right tabular-nums`}>
                {value}
              </td>
            ))}
          </tr>
        ))}
    </tbody>
  </TableFrame>
);
