import { useQuery } from "@tanstack/react-query";
import { type ApiKey, type Usage, usageQuery } from "../../api/api-keys.ts";
import { Answer } from "../../ui/answer.tsx";
import { Time } from "../../ui/time.tsx";
import { counted, number } from "../../ui/words.ts";

/** How much of the quota is used, as a bar and in words. */
export function QuotaBar({ apiKey: { name, quota } }: { apiKey: ApiKey }) {
  const { limit, used, resets_at: resetsAt } = quota;
  const spent = used >= limit;
  const percent = Math.min(100, (used / limit) * 100);
  return (
    <div>
      <div
        role="meter"
        aria-label={`Quota of ${name}`}
        aria-valuemin={0}
        aria-valuemax={limit}
        aria-valuenow={used}
        aria-valuetext={`${number.format(used)} of ${number.format(limit)} requests used`}
      >
        <svg viewBox="0 0 100 6" preserveAspectRatio="none" className="h-1.5 w-full" aria-hidden="true">
          <rect width="100" height="6" rx="1" className="fill-line" />
          <rect
            width={used === 0 ? 0 : Math.max(1, percent)}
            height="6"
            rx="1"
            className={spent ? "fill-fail" : percent >= 80 ? "fill-warn" : "fill-accent"}
          />
        </svg>
      </div>
      <p className="mt-1 text-sm text-muted tabular-nums">
        {spent ? <span className="font-medium text-fail">× Spent: </span> : null}
        {number.format(used)} of {counted(limit, "request")} used · begins anew <Time at={resetsAt} />
      </p>
    </div>
  );
}

const DAY_MS = 86_400_000;
const HEIGHT = 48;
const shortDay = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", timeZone: "UTC" });

/** Every day of the time, those without a request too. */
function everyDay({ items, from, to }: Usage) {
  const known = new Map(items.map(({ day, requests }) => [day, requests]));
  const days: { readonly day: string; readonly requests: number }[] = [];
  for (let at = Date.parse(from); at <= Date.parse(to); at += DAY_MS) {
    const day = new Date(at).toISOString().slice(0, 10);
    days.push({ day, requests: known.get(day) ?? 0 });
  }
  return days;
}

export function UsageByDay({ apiKey }: { apiKey: ApiKey }) {
  const query = useQuery(usageQuery(apiKey.id));
  return (
    <Answer query={query} label="the usage" shape="h-20">
      {(usage) => <Chart days={everyDay(usage)} />}
    </Answer>
  );
}

function Chart({ days }: { days: ReturnType<typeof everyDay> }) {
  const most = Math.max(1, ...days.map(({ requests }) => requests));
  const total = days.reduce((sum, { requests }) => sum + requests, 0);
  const busiest = days.find(({ requests }) => requests === most);
  if (total === 0) return <p className="text-muted">No request in the last {days.length} days.</p>;
  return (
    <figure>
      <figcaption className="text-sm text-muted">
        {counted(total, "request")} in {days.length} days
        {busiest === undefined
          ? ""
          : `, most on ${shortDay.format(new Date(busiest.day))} (${number.format(most)})`}
        . Days are those of UTC.
      </figcaption>
      <svg
        viewBox={`0 0 ${days.length * 10} ${HEIGHT}`}
        preserveAspectRatio="none"
        className="mt-2 h-12 w-full"
        aria-hidden="true"
      >
        {days.map(({ day, requests }, place) => {
          const height = requests === 0 ? 1 : Math.max(3, (requests / most) * HEIGHT);
          return (
            <rect
              key={day}
              x={place * 10 + 1}
              y={HEIGHT - height}
              width="8"
              height={height}
              className={requests === 0 ? "fill-line" : "fill-accent"}
            />
          );
        })}
      </svg>
      <div className="mt-1 flex justify-between text-sm text-muted" aria-hidden="true">
        <span>{shortDay.format(new Date(days[0]?.day ?? 0))}</span>
        <span>today</span>
      </div>
      <table className="sr-only">
        <caption>Requests by day</caption>
        <thead>
          <tr>
            <th scope="col">Day</th>
            <th scope="col">Requests</th>
          </tr>
        </thead>
        <tbody>
          {days
            .filter(({ requests }) => requests > 0)
            .map(({ day, requests }) => (
              <tr key={day}>
                <th scope="row">{day}</th>
                <td>{requests}</td>
              </tr>
            ))}
        </tbody>
      </table>
    </figure>
  );
}
