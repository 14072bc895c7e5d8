/** A run as pictures: the estimate with its band, and how sure it is against the threshold. */
import type { ReactNode } from "react";
import type { Experiment, Run, Step } from "../../api/simulations.ts";
import { linear, logarithmic, type Scale } from "./scale.ts";
import { useWidth } from "./use-width.ts";
import { amount, count, finding, sureness } from "./words.ts";

const LEFT = 64;
const RIGHT = 16;
const TOP = 12;
const BOTTOM = 40;
const short = new Intl.NumberFormat("en", { notation: "compact" });
const text = "fill-muted text-sm tabular-nums";
/** Words among lines: with a rim in the colour of the ground, so that a line behind them does not strike them out. */
const label = "stroke-surface text-sm [paint-order:stroke] [stroke-linejoin:round] [stroke-width:4px]";

export function Convergence({
  run,
  steps,
  experiment,
}: {
  run: Run;
  steps: readonly Step[];
  experiment: Experiment;
}) {
  const shown = steps.length < run.steps.length;
  const state = shown ? "running" : run.state;
  const threshold = run.confidence_threshold;
  return (
    <div className="grid gap-6">
      <figure className="min-w-0">
        <figcaption className="font-medium">
          {finding(state, steps.at(-1), experiment)}
          <span className="block text-sm font-normal text-muted">
            {experiment.outcome}, with the band that holds the truth 95 times in a hundred, by trials
          </span>
        </figcaption>
        <Estimate run={run} steps={steps} experiment={experiment} />
      </figure>
      <figure className="min-w-0">
        <figcaption className="font-medium">
          {reached(steps, threshold)}
          <span className="block text-sm font-normal text-muted">
            How sure the estimate is to be within a twentieth of the truth, by trials
          </span>
        </figcaption>
        <Confidence run={run} steps={steps} threshold={threshold} />
      </figure>
    </div>
  );
}

function reached(steps: readonly Step[], threshold: number): string {
  const first = steps.find(({ confidence }) => confidence >= threshold);
  const last = steps.at(-1);
  if (first !== undefined)
    return `Sure enough after ${count.format(first.samples)} trials: the threshold of ${sureness(threshold)} is reached`;
  return last === undefined
    ? `The threshold is ${sureness(threshold)}`
    : `${capital(sureness(last.confidence))} sure after ${count.format(last.samples)} trials: the threshold of ${sureness(threshold)} is not reached`;
}

const capital = (words: string): string => words.slice(0, 1).toUpperCase() + words.slice(1);

interface Frame {
  readonly x: Scale;
  readonly width: number;
  readonly height: number;
}

/** Axes and lines of a picture; what it shows comes from whoever draws it. */
function Plot({
  height,
  samples,
  y,
  format,
  children,
}: {
  height: number;
  samples: readonly number[];
  y: (range: readonly [number, number]) => Scale;
  format: (value: number) => string;
  children: (frame: Frame & { y: Scale }) => ReactNode;
}) {
  const [place, width] = useWidth<HTMLDivElement>();
  const bottom = height - BOTTOM;
  const x = logarithmic([samples[0] ?? 256, samples.at(-1) ?? 1000], [LEFT, width - RIGHT]);
  const vertical = y([bottom, TOP]);
  return (
    <div ref={place} className="mt-3">
      <svg
        viewBox={`0 0 ${width} ${height}`}
        width={width}
        height={height}
        className="block max-w-full"
        aria-hidden="true"
      >
        {vertical.ticks.map((tick) => (
          <g key={tick}>
            <path d={`M${LEFT},${vertical.at(tick)} H${width - RIGHT}`} className="stroke-line" />
            <text x={LEFT - 8} y={vertical.at(tick) + 4} textAnchor="end" className={text}>
              {format(tick)}
            </text>
          </g>
        ))}
        {x.ticks.map((tick) => (
          <g key={tick}>
            <path d={`M${x.at(tick)},${bottom} v5`} className="stroke-line-strong" />
            <text x={x.at(tick)} y={bottom + 20} textAnchor="middle" className={text}>
              {short.format(tick)}
            </text>
          </g>
        ))}
        <text x={width - RIGHT} y={height - 4} textAnchor="end" className={text}>
          trials
        </text>
        {children({ x, y: vertical, width, height })}
      </svg>
    </div>
  );
}

const line = (points: readonly (readonly [number, number])[]): string =>
  points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" L");

function Estimate({ run, steps, experiment }: { run: Run; steps: readonly Step[]; experiment: Experiment }) {
  const { unit } = experiment;
  const all = run.steps.length > 0 ? run.steps : steps;
  // The first bands are so wide that they would press what matters into a line: what lies outside is cut.
  const settled = all.slice(Math.min(1, all.length - 1));
  const values = [
    ...settled.flatMap(({ low, high }) => [low, high]),
    ...(run.exact === null ? [] : [run.exact]),
    ...all.map(({ estimate }) => estimate),
  ];
  const format = (value: number) => amount(value, unit);
  return (
    <Plot
      height={280}
      samples={all.map(({ samples }) => samples)}
      y={(range) => linear(values, range)}
      format={format}
    >
      {({ x, y, width, height }) => {
        const clamp = (value: number) => Math.min(height - BOTTOM, Math.max(TOP, y.at(value)));
        const point = (of: (step: Step) => number) =>
          steps.map((step) => [x.at(step.samples), clamp(of(step))] as const);
        const [low, high] = [point((step) => step.low), point((step) => step.high)];
        const last = steps.at(-1);
        return (
          <>
            {steps.length > 1 ? (
              <path d={`M${line([...high, ...low.toReversed()])} Z`} className="fill-accent-soft" />
            ) : null}
            {steps.map(({ step, samples, low: from, high: to }) => (
              <path
                key={step}
                d={`M${x.at(samples)},${clamp(from)} V${clamp(to)}`}
                className="stroke-accent/40"
              />
            ))}
            {run.exact === null ? null : (
              <path
                d={`M${LEFT},${y.at(run.exact)} H${width - RIGHT}`}
                strokeDasharray="6 4"
                className="stroke-text"
              />
            )}
            <path
              d={`M${line(point(({ estimate }) => estimate))}`}
              fill="none"
              strokeWidth="2"
              className="stroke-accent"
            />
            {steps.map(({ step, samples, estimate }) => (
              <circle key={step} cx={x.at(samples)} cy={clamp(estimate)} r="3" className="fill-accent" />
            ))}
            {last === undefined ? null : (
              <circle
                cx={x.at(last.samples)}
                cy={clamp(last.estimate)}
                r="5"
                className="fill-accent stroke-surface"
                strokeWidth="2"
              />
            )}
            {run.exact === null ? null : (
              <text
                x={LEFT + 8}
                y={y.at(run.exact) + ((steps[0]?.estimate ?? 0) > run.exact ? 17 : -7)}
                className={`${label} fill-text`}
              >
                theory: {format(run.exact)}
              </text>
            )}
          </>
        );
      }}
    </Plot>
  );
}

function Confidence({ run, steps, threshold }: { run: Run; steps: readonly Step[]; threshold: number }) {
  return (
    <Plot
      height={180}
      samples={(run.steps.length > 0 ? run.steps : steps).map(({ samples }) => samples)}
      y={(range) => linear([0, 1], range, 4)}
      format={(value) => amount(value, "share")}
    >
      {({ x, y, width }) => (
        <>
          <path
            d={`M${LEFT},${y.at(threshold)} H${width - RIGHT}`}
            strokeDasharray="6 4"
            className="stroke-warn"
          />
          <path
            d={`M${line(steps.map(({ samples, confidence }) => [x.at(samples), y.at(confidence)]))}`}
            fill="none"
            strokeWidth="2"
            className="stroke-accent"
          />
          {steps.map(({ step, samples, confidence }) => (
            <circle
              key={step}
              cx={x.at(samples)}
              cy={y.at(confidence)}
              r="3.5"
              className={confidence >= threshold ? "fill-pass" : "fill-accent"}
            />
          ))}
          <text
            x={LEFT + 8}
            y={y.at(threshold) + (threshold > 0.5 ? 17 : -7)}
            className={`${label} fill-warn`}
          >
            threshold: {sureness(threshold)}
          </text>
        </>
      )}
    </Plot>
  );
}

/** What the pictures show, for whoever reads numbers. */
export function StepsTable({ steps, experiment }: { steps: readonly Step[]; experiment: Experiment }) {
  return (
    <details className="rounded-lg border border-line bg-surface">
      <summary className="flex min-h-11 cursor-pointer items-center px-4 font-medium">
        The numbers of each step
      </summary>
      <div className="overflow-x-auto px-4 pb-4" tabIndex={0} role="region" aria-label="Numbers of each step">
        <table className="w-full text-right whitespace-nowrap">
          <caption className="sr-only">{experiment.outcome}, after each step</caption>
          <thead>
            <tr className="border-b border-line text-sm text-muted">
              {["Step", "Trials", "Estimate", "From", "To", "How sure"].map((name) => (
                <th key={name} scope="col" className="px-2 py-2 font-medium first:pl-0 last:pr-0">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {steps.map(({ step, samples, estimate, low, high, confidence }) => (
              <tr key={step} className="border-b border-line last:border-0">
                <th scope="row" className="py-1.5 pr-2 font-normal">
                  {step}
                </th>
                <td className="px-2">{count.format(samples)}</td>
                <td className="px-2 font-medium">{amount(estimate, experiment.unit)}</td>
                <td className="px-2">{amount(low, experiment.unit)}</td>
                <td className="px-2">{amount(high, experiment.unit)}</td>
                <td className="pl-2">{sureness(confidence)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

export { label, line, Plot };
