/** The report as Markdown: for a terminal, a ticket, a letter. What a server answered is text and stays text. */
import { markdownText as plain } from "../lib/markup.ts";
import { durationText, timeText, WORDS } from "./notices.ts";
import type { Episode, WatchReport } from "./timeline.ts";

export const percent = (share: number | undefined): string =>
  share === undefined ? "unknown" : `${(Math.floor(share * 100_000) / 1000).toString()} %`;

export const msText = (ms: number | undefined): string => (ms === undefined ? "unknown" : `${ms} ms`);

/** The facts of a watch as [what, how it was]. */
export function factsOf(report: WatchReport): readonly (readonly [string, string])[] {
  const { beats, latency, looks, parcels, accountsMade, controls } = report;
  return [
    ["Target", report.origin],
    ["Held against", `${report.policyName} (policy ${report.fingerprint})`],
    [
      "Watched",
      `${timeText(report.startedAt)} to ${timeText(report.endedAt)}${report.finished ? "" : `, ended before its time (${timeText(report.until)})`}`,
    ],
    ["Not watched", report.notWatchedMs === 0 ? "never" : durationText(report.notWatchedMs)],
    [
      "Availability",
      `${percent(report.availability)} (${beats.good} good beats, ${beats.bad} bad, ${beats.unseen} that could not tell)`,
    ],
    ["Latency", `p50 at most ${msText(latency.p50)}, p95 at most ${msText(latency.p95)}`],
    [
      "Controls",
      `${report.scope}: ${looks.done} looks, ${looks.void} void because it was away; at the end ${controls.good} hold, ${controls.bad.length} fail, ${controls.unseen.length} not seen`,
    ],
    [
      "Messages",
      `${parcels.sent} sent, ${parcels.waiting} not delivered yet, ${parcels.lost} lost${report.changesLost === 0 ? "" : `; ${report.changesLost} changes are too many for this report`}`,
    ],
    ...(report.once.length === 0
      ? []
      : [["Seen bad once, at the end", report.once.join(", ")] satisfies [string, string]]),
    ...(accountsMade === 0
      ? []
      : [["Accounts made", `${accountsMade}, all named probe-...`] satisfies [string, string]]),
  ];
}

export const lastedText = ({ from, to }: Episode, endedAt: number): string =>
  `${durationText(Math.max(0, (to ?? endedAt) - from))}${to === undefined ? ", and still" : ""}`;

export function watchMarkdown(report: WatchReport): string {
  const { episodes, gaps, moments, endedAt, controls } = report;
  return [
    `# Watch of ${plain(report.origin)}`,
    "",
    `**${plain(report.headline)}**`,
    "",
    "| | |",
    "| --- | --- |",
    ...factsOf(report).map(([name, value]) => `| ${name} | ${plain(value)} |`),
    "",
    "## Timeline",
    "",
    ...(episodes.length === 0 && moments.length === 0 && gaps.length === 0
      ? ["Nothing changed."]
      : ["| from | to | lasted | what | seen |", "| --- | --- | --- | --- | --- |"]),
    ...rowsOf(report).map(
      ({ from, to, lasted, what, seen }) =>
        `| ${from} | ${to} | ${lasted} | ${plain(what)} | ${plain(seen)} |`,
    ),
    "",
    ...episodes
      .filter(({ to, advice }) => to === undefined && advice !== undefined)
      .flatMap(({ subject, claim, observed, advice, from }) => [
        `## To mend: ${plain(subject)}`,
        "",
        `- claim: ${plain(claim)}`,
        `- seen: ${plain(observed)}, since ${timeText(from)} (${durationText(Math.max(0, endedAt - from))})`,
        `- symptom: ${plain(advice?.symptom ?? "")}`,
        `- cause: ${plain(advice?.cause ?? "")}`,
        `- fix: ${plain(advice?.fix ?? "")}`,
        "",
      ]),
    ...(controls.unseen.length === 0
      ? []
      : [
          "## Controls that nobody could see",
          "",
          `${plain(controls.unseen.join(", "))}. \`aegis verify\` says why.`,
          "",
        ]),
  ].join("\n");
}

export interface TimelineRow {
  readonly at: number;
  readonly kind: "bad" | "unseen" | "other" | "gap";
  readonly from: string;
  readonly to: string;
  readonly lasted: string;
  readonly what: string;
  readonly seen: string;
}

/** Everything that happened, in its order. */
export function rowsOf({ episodes, moments, gaps, endedAt }: WatchReport): readonly TimelineRow[] {
  return [
    ...episodes.map((one) => ({
      at: one.from,
      kind: one.kind,
      from: `${timeText(one.from)}${one.before ? " or earlier" : ""}`,
      to: one.to === undefined ? "" : timeText(one.to),
      lasted: lastedText(one, endedAt),
      what: `${one.subject}: ${WORDS[one.kind]}`,
      seen: one.observed,
    })),
    ...moments.map((one) => ({
      at: one.at,
      kind: "other" as const,
      from: timeText(one.at),
      to: "",
      lasted: "",
      what: `${one.subject}: ${WORDS.other}`,
      seen: one.observed,
    })),
    ...gaps.map(({ from, to }) => ({
      at: from,
      kind: "gap" as const,
      from: timeText(from),
      to: timeText(to),
      lasted: durationText(to - from),
      what: "not watched",
      seen: "the watch itself did not run",
    })),
  ].toSorted((a, b) => a.at - b.at);
}
