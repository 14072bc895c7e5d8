import type { Overview } from "../../api/attacks.ts";
import { counted, number } from "../../ui/words.ts";

type Minutes = Overview["minutes"];

const STEP = 10;
const HEIGHT = 60;
const clock = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

/** One figure over an hour: its finding in words, the picture, and the numbers behind it for whoever cannot see it. */
export function Chart({
  title,
  thing,
  names,
  minutes,
  bad = false,
}: {
  title: string;
  /** What is counted, one of it. */
  thing: string;
  names: readonly string[];
  minutes: Minutes;
  bad?: boolean;
}) {
  const points = minutes.map(({ at, counts }) => ({
    at,
    count: names.reduce((sum, name) => sum + (counts[name] ?? 0), 0),
  }));
  const total = points.reduce((sum, { count }) => sum + count, 0);
  const most = Math.max(1, ...points.map(({ count }) => count));
  const peak = points.find(({ count }) => count === most);
  const y = (count: number): number => HEIGHT - (count / most) * (HEIGHT - 4);
  const line = points.map(({ count }, place) => `${place * STEP},${y(count).toFixed(1)}`).join(" L");
  const width = Math.max(1, points.length - 1) * STEP;
  const tone = bad && total > 0 ? "fail" : "accent";
  return (
    <figure className="relative overflow-hidden rounded-lg border border-line bg-surface p-4">
      <figcaption>
        <span className="block font-medium">{title}</span>
        <span className="block text-sm text-muted tabular-nums">
          {total === 0
            ? `no ${thing} in the last hour`
            : `${counted(total, thing)} in the last hour, at most ${number.format(most)} a minute${
                peak === undefined ? "" : ` at ${clock.format(new Date(peak.at))}`
              }`}
        </span>
      </figcaption>
      <svg
        viewBox={`0 0 ${width} ${HEIGHT}`}
        preserveAspectRatio="none"
        className="mt-3 h-16 w-full"
        aria-hidden="true"
      >
        <path
          d={`M0,${HEIGHT} L${width},${HEIGHT}`}
          className="stroke-line"
          vectorEffect="non-scaling-stroke"
        />
        {total === 0 ? null : (
          <>
            <path
              d={`M0,${HEIGHT} L${line} L${width},${HEIGHT} Z`}
              className={tone === "fail" ? "fill-fail-soft" : "fill-accent-soft"}
            />
            <path
              d={`M${line}`}
              fill="none"
              strokeWidth="1.5"
              vectorEffect="non-scaling-stroke"
              className={tone === "fail" ? "stroke-fail" : "stroke-accent"}
            />
          </>
        )}
      </svg>
      <div className="mt-1 flex justify-between text-sm text-muted tabular-nums" aria-hidden="true">
        <span>{clock.format(new Date(points[0]?.at ?? 0))}</span>
        <span>now</span>
      </div>
      <table className="sr-only">
        <caption>{title}, by minute; minutes without any are left out</caption>
        <thead>
          <tr>
            <th scope="col">Minute</th>
            <th scope="col">Count</th>
          </tr>
        </thead>
        <tbody>
          {points
            .filter(({ count }) => count > 0)
            .map(({ at, count }) => (
              <tr key={at}>
                <th scope="row">{clock.format(new Date(at))}</th>
                <td>{count}</td>
              </tr>
            ))}
        </tbody>
      </table>
    </figure>
  );
}

export const Charts = ({ minutes }: { minutes: Minutes }) => (
  <div className="grid gap-4 sm:grid-cols-2">
    <Chart title="Requests" thing="request" names={["requests"]} minutes={minutes} />
    <Chart title="Failed sign-ins" thing="failure" names={["sign_in_failed"]} minutes={minutes} bad />
    <Chart title="Refused by a limit or ban" thing="refusal" names={["limited"]} minutes={minutes} bad />
    <Chart
      title="Not allowed, forged or malformed"
      thing="refusal"
      names={["unauthenticated", "forbidden", "forged", "malformed"]}
      minutes={minutes}
      bad
    />
    <Chart title="Pages that are not there" thing="request" names={["not_found"]} minutes={minutes} bad />
    <Chart
      title="Registrations, resets and codes asked for"
      thing="request"
      names={["asked"]}
      minutes={minutes}
    />
  </div>
);
