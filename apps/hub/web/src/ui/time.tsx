const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const exact = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "medium" });

const UNITS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];

export function inWords(seconds: number): string {
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? ["second", 1];
  // What is still to come is not now; but the clocks of two machines differ by a little.
  return unit === "second" && seconds > -30 && seconds < 5
    ? "just now"
    : // Whole units that have passed, as every count of days left has them.
      relative.format(Math.trunc(seconds / size), unit);
}

/** Relative for people, exact on hover and for machines; in the viewer's zone. */
export function Time({ at }: { at: string }) {
  const date = new Date(at);
  return (
    <time dateTime={at} title={exact.format(date)}>
      {inWords((date.getTime() - Date.now()) / 1000)}
    </time>
  );
}

/** "15 minutes", "8 hours": a duration of the policy. */
export function duration(seconds: number): string {
  const [unit, size] = UNITS.find(([, length]) => seconds >= length && seconds % length === 0) ?? [
    "second",
    1,
  ];
  const count = seconds / size;
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}
