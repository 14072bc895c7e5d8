/**
 * The report as one HTML file. Threat: a target that answers with markup, and an operator who opens the report of it.
 * Rule: nothing is fetched, nothing runs, every text is text; the page's own policy allows its one style and nothing
 * else. References: requirement OPS-4; ASVS 5.0 1.2.1, 3.4.3; CWE-79.
 */
import { hash } from "node:crypto";
import { htmlText as text } from "../lib/markup.ts";
import { factsOf, rowsOf } from "./markdown.ts";
import { durationText, timeText } from "./notices.ts";
import type { Episode, WatchReport } from "./timeline.ts";

const STYLE = `:root{color-scheme:light dark;--back:#fbfbfa;--fore:#1c1c1a;--quiet:#5b5b55;--line:#c9c9c4;--good:#0f6b62;--bad:#a92b21;--open:#7d4e00;--none:#d9d9d4}
@media (prefers-color-scheme:dark){:root{--back:#131413;--fore:#ececea;--quiet:#a6aaa6;--line:#454846;--good:#5cc9bb;--bad:#ff9a8f;--open:#ecb95c;--none:#3a3d3b}}
body{margin:2rem auto;padding:0 1rem;max-width:64rem;font:16px/1.5 system-ui,sans-serif;background:var(--back);color:var(--fore)}
h1{font-size:1.7rem;line-height:1.25;overflow-wrap:anywhere}h2{font-size:1.2rem;margin:2rem 0 .5rem}.headline{font-size:1.1rem;font-weight:600}
dl{display:grid;grid-template-columns:9rem minmax(0,1fr);gap:.2rem .75rem}dt,caption,figcaption,.quiet{color:var(--quiet)}dd{margin:0;overflow-wrap:anywhere}
table{width:100%;border-collapse:collapse}caption{text-align:left}th,td{text-align:left;vertical-align:top;padding:.4rem .6rem .4rem 0;border-bottom:1px solid var(--line);overflow-wrap:anywhere}
.when{min-width:11.5rem;font-variant-numeric:tabular-nums}.bad{color:var(--bad);font-weight:600}.unseen,.gap{color:var(--open)}figure{margin:1rem 0}svg{display:block;width:100%;height:auto}
svg text{font-size:11px;fill:var(--fore)}svg .tick{fill:var(--quiet)}.f-good{fill:var(--good)}.f-bad{fill:var(--bad)}.f-unseen,.f-gap{fill:var(--open)}.f-none{fill:var(--none)}.s-line{stroke:var(--line)}.s-p95{fill:none;stroke:var(--good);stroke-width:1.5}
.scroll{overflow-x:auto}@media (max-width:40rem){dl{grid-template-columns:1fr}dt{margin-top:.4rem}.scroll svg{min-width:40rem}}
@media print{:root{--back:#fff;--fore:#000;--quiet:#333;color-scheme:light}body{margin:0;max-width:none;font-size:10pt}tr,figure,dl{break-inside:avoid}*{print-color-adjust:exact}}`;

const list = (rows: readonly (readonly [string, string])[]): string =>
  `<dl>${rows.map(([name, value]) => `<dt>${text(name)}</dt><dd>${text(value)}</dd>`).join("")}</dl>`;

export function watchHtml(report: WatchReport): string {
  const title = `Watch of ${report.origin}`;
  const allowed = `default-src 'none'; style-src 'sha256-${hash("sha256", STYLE, "base64")}'; base-uri 'none'; form-action 'none'`;
  const rows = rowsOf(report);
  const open = report.episodes.filter(({ to, advice }) => to === undefined && advice !== undefined);
  return [
    "<!doctype html>",
    '<html lang="en"><head><meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${allowed}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer">',
    `<title>${text(title)}</title><style>${STYLE}</style></head><body><main>`,
    `<h1>${text(title)}</h1><p class="headline${report.verdict === "well" ? "" : " bad"}">${text(report.headline)}</p>`,
    list(factsOf(report)),
    "<h2>Timeline</h2>",
    chart(report),
    rows.length === 0
      ? "<p>Nothing changed.</p>"
      : `<div class="scroll" role="region" aria-label="Timeline" tabindex="0"><table><caption>${rows.length} ${rows.length === 1 ? "entry" : "entries"}, in UTC</caption><thead><tr><th scope="col">From</th><th scope="col">To</th><th scope="col">Lasted</th><th scope="col">What</th><th scope="col">Seen</th></tr></thead><tbody>${rows
          .map(
            (row) =>
              `<tr><td class="when">${row.from}</td><td class="when">${row.to}</td><td>${row.lasted}</td><td class="${row.kind}">${text(row.what)}</td><td>${text(row.seen)}</td></tr>`,
          )
          .join("\n")}</tbody></table></div>`,
    ...open.map(({ subject, claim, observed, advice, from }) =>
      [
        `<h2>To mend: ${text(subject)}</h2>`,
        list([
          ["claim", claim],
          ["seen", observed],
          ["since", `${timeText(from)} (${durationText(Math.max(0, report.endedAt - from))})`],
          ["symptom", advice?.symptom ?? ""],
          ["cause", advice?.cause ?? ""],
          ["fix", advice?.fix ?? ""],
        ]),
      ].join(""),
    ),
    ...(report.controls.unseen.length === 0
      ? []
      : [
          `<h2>Controls that nobody could see</h2><p>${text(report.controls.unseen.join(", "))}. <code>aegis verify</code> says why.</p>`,
        ]),
    "</main></body></html>",
    "",
  ].join("\n");
}

const WIDTH = 960;
const LEFT = 190;
const LANE = 22;
const PLOT = WIDTH - LEFT - 10;
const CURVE = 60;
/** More lanes than anybody reads; the table has all. */
const MOST_LANES = 24;

const n = (value: number): string => String(Math.round(value * 10) / 10);

/** Availability, what did not hold, and p95 over time. The table below says the same, so it is hidden from readers aloud. */
function chart(report: WatchReport): string {
  const { startedAt, endedAt, stretches, stretchMs, episodes, gaps } = report;
  const span = Math.max(1, endedAt - startedAt);
  const x = (at: number): number => LEFT + (PLOT * Math.min(span, Math.max(0, at - startedAt))) / span;
  // Half as high what nobody saw: colour is not all that tells it.
  const box = (from: number, to: number, lane: number, look: string): string => {
    const height = look === "good" || look === "bad" ? 12 : 6;
    return `<rect class="f-${look}" x="${n(x(from))}" y="${lane * LANE + 11 - height / 2}" width="${n(Math.max(1.5, x(to) - x(from)))}" height="${height}"/>`;
  };
  const label = (words: string, lane: number): string =>
    `<text x="${LEFT - 8}" y="${lane * LANE + 15}" text-anchor="end">${text(words.length > 30 ? `${words.slice(0, 29)}…` : words)}</text>`;
  const lanes = [...Map.groupBy(episodes, ({ subject }) => subject)].slice(0, MOST_LANES);
  const top = (lanes.length + 1) * LANE + 14;
  const most = Math.max(1, ...stretches.map(({ p95 }) => p95 ?? 0));
  // Where nobody watched, or nothing answered, the curve ends.
  const curves: string[][] = [];
  let lastAt = Number.NEGATIVE_INFINITY;
  for (const { at, p95 } of stretches) {
    if (p95 === undefined) continue;
    if (at - lastAt > stretchMs) curves.push([]);
    curves.at(-1)?.push(`${n(x(at + stretchMs / 2))},${n(top + CURVE - (CURVE * p95) / most)}`);
    lastAt = at;
  }
  const bottom = top + CURVE;
  return [
    `<figure><div class="scroll"><svg viewBox="0 0 ${WIDTH} ${bottom + 24}" aria-hidden="true" focusable="false">`,
    label("answers", 0),
    `<rect class="f-none" x="${LEFT}" y="5" width="${PLOT}" height="12"/>`,
    ...runsOf(report).map(({ from, to, look }) => box(from, to, 0, look)),
    ...gaps.map(({ from, to }) => box(from, to, 0, "gap")),
    ...lanes.map(([subject, own], lane) =>
      [
        label(subject, lane + 1),
        ...own.map((one: Episode) => box(one.from, one.to ?? endedAt, lane + 1, one.kind)),
      ].join(""),
    ),
    `<text x="${LEFT - 8}" y="${top + 10}" text-anchor="end">p95, to ${most} ms</text>`,
    ...curves.map((points) => `<polyline class="s-p95" points="${points.join(" ")}"/>`),
    `<line class="s-line" x1="${LEFT}" x2="${LEFT + PLOT}" y1="${bottom}" y2="${bottom}"/>`,
    `<text class="tick" x="${LEFT}" y="${bottom + 16}">${timeText(startedAt)}</text>`,
    `<text class="tick" x="${LEFT + PLOT}" y="${bottom + 16}" text-anchor="end">${timeText(endedAt)}</text>`,
    `</svg></div><figcaption>Green: it answers. Red: it does not, or a claim does not hold. Amber and half as high: nobody could see, or nobody watched.</figcaption></figure>`,
  ].join("");
}

/** Stretches of one kind that follow each other, as one. */
function runsOf({ stretches, stretchMs }: WatchReport) {
  const runs: { readonly from: number; to: number; readonly look: string }[] = [];
  for (const { at, bad, good } of stretches) {
    const look = bad > 0 ? "bad" : good > 0 ? "good" : "unseen";
    const last = runs.at(-1);
    if (last !== undefined && last.look === look && last.to === at) last.to = at + stretchMs;
    else runs.push({ from: at, to: at + stretchMs, look });
  }
  return runs;
}
