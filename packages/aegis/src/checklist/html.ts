/** A record as one HTML file: nothing is fetched, nothing runs, everything that somebody typed is text. */
import { hash } from "node:crypto";
import type { Outcome } from "../control.ts";
import { byWhom, type ExportOptions, saidOf, timeOf, WORDS } from "./markdown.ts";
import { htmlText as text } from "../lib/markup.ts";
import type { ChecklistState, StepState } from "./state.ts";

const STYLE = `:root{color-scheme:light dark;--line:#c8ccd4;--quiet:#565d6b;--pass:#1a6b35;--fail:#b3261e;--open:#7a5200;--back:#fff;--fore:#1b1e24}
@media (prefers-color-scheme:dark){:root{--line:#454b57;--quiet:#aab1bf;--pass:#7ddb9b;--fail:#ffb4ab;--open:#f0c26b;--back:#15181d;--fore:#e6e8ec}}
body{margin:2rem auto;padding:0 1rem;max-width:62rem;font:16px/1.5 system-ui,sans-serif;background:var(--back);color:var(--fore)}
h1{font-size:1.6rem;line-height:1.25}h2{font-size:1.15rem;margin:2rem 0 .5rem}
table{width:100%;border-collapse:collapse;table-layout:fixed}caption{text-align:left;color:var(--quiet)}
th,td{text-align:left;vertical-align:top;padding:.4rem .6rem .4rem 0;border-bottom:1px solid var(--line);overflow-wrap:anywhere}
th{font-weight:600}th:nth-child(2){width:9rem}p,li,dd{overflow-wrap:anywhere}
.pass{color:var(--pass)}.fail{color:var(--fail);font-weight:700}.open{color:var(--open)}.quiet,dt{color:var(--quiet)}
dl{display:grid;grid-template-columns:6rem 1fr;margin:.2rem 0 1rem}dd{margin:0}
@media (max-width:40rem){table,caption,tbody,tr,td{display:block}thead{position:absolute;clip-path:inset(50%)}td{border:0;padding:.1rem 0}tr{border-bottom:1px solid var(--line);padding:.5rem 0}}
@media print{:root{--back:#fff;--fore:#000;--quiet:#333;--line:#888;--pass:#000;--fail:#000;--open:#000;color-scheme:light}body{margin:0;max-width:none;font-size:10.5pt}h2,tr{break-after:avoid}tr,dl{break-inside:avoid}}`;

const look = (outcome: Outcome): string =>
  outcome === "pass" || outcome === "not-applicable" ? "pass" : outcome === "fail" ? "fail" : "open";

const table = (caption: string, head: readonly string[], rows: readonly string[]): string =>
  `<table><caption>${text(caption)}</caption><thead><tr>${head.map((one) => `<th scope="col">${text(one)}</th>`).join("")}</tr></thead><tbody>${rows.join("\n")}</tbody></table>`;

const stepRow = (one: StepState): string =>
  `<tr><td>${text(one.step.title)}</td><td class="${look(one.outcome)}">${WORDS[one.outcome]}</td><td>${text(byWhom(one))}</td><td>${text(saidOf(one))}</td></tr>`;

export function htmlOf(state: ChecklistState, { signature }: ExportOptions): string {
  const { started, sections, approvals, isComplete, open } = state;
  const title = `${started.list.name}: ${started.application}`;
  const bad = sections.flatMap(({ steps }) =>
    steps.flatMap(({ last }) =>
      last?.kind === "looked" ? last.findings.filter(({ outcome }) => look(outcome) !== "pass") : [],
    ),
  );
  // The policy of the page allows this one style and nothing else: whatever slipped through would not run.
  const allowed = `default-src 'none'; style-src 'sha256-${hash("sha256", STYLE, "base64")}'; base-uri 'none'; form-action 'none'`;
  return [
    "<!doctype html>",
    '<html lang="en"><head><meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${allowed}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${text(title)}</title><style>${STYLE}</style></head><body><main>`,
    `<h1>${text(title)}</h1>`,
    isComplete
      ? '<p class="pass"><strong>Complete.</strong></p>'
      : `<p class="open"><strong>Not complete.</strong> Open: ${text(open.length === 0 ? "approvals" : open.join(", "))}.</p>`,
    `<p class="quiet">Started ${text(timeOf(started.at))}${started.origin === "" ? "" : `, for ${text(started.origin)}`}; policy ${text(started.policy)}. ${text(signature)}</p>`,
    ...sections.map(
      (section) =>
        `<h2>${text(section.title)}</h2>${table(`${section.steps.length} ${section.steps.length === 1 ? "step" : "steps"}`, ["Step", "State", "By", "What was seen or said"], section.steps.map(stepRow))}`,
    ),
    "<h2>Approvals</h2>",
    table(
      "By role",
      ["Role", "Answer", "By", "Note"],
      approvals.map(({ role, last, stale }) => {
        const isGood = last?.answer === "yes" && !stale;
        const answer =
          last === undefined ? "none" : `${last.answer}${stale ? ", before the last change: void" : ""}`;
        const note = `${last?.note ?? ""}${last === undefined || last.open.length === 0 ? "" : ` (open then: ${last.open.join(", ")})`}`;
        return `<tr><td>${text(role)}</td><td class="${isGood ? "pass" : last?.answer === "no" ? "fail" : "open"}">${text(answer)}</td><td>${text(last === undefined ? "" : `${last.by}, ${timeOf(last.at)}`)}</td><td>${text(note)}</td></tr>`;
      }),
    ),
    ...(bad.length === 0 ? [] : ["<h2>To mend</h2>"]),
    ...bad.map(
      (one) =>
        `<section><h3>${text(one.claim)}${one.subject === undefined ? "" : ` (${text(one.subject)})`}: <span class="${look(one.outcome)}">${WORDS[one.outcome]}</span></h3><dl>${(
          [
            ["seen", one.observed],
            ["symptom", one.symptom],
            ["cause", one.cause],
            ["fix", one.fix],
            ["id", `${one.from}:${one.id}`],
          ] as const
        )
          .map(([name, value]) => (value === undefined ? "" : `<dt>${name}</dt><dd>${text(value)}</dd>`))
          .join("")}</dl></section>`,
    ),
    "</main></body></html>",
    "",
  ].join("\n");
}
