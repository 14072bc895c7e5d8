/**
 * A report as one HTML file. Threat: a target that answers with markup, and an auditor who opens the report of it. Rule:
 * nothing is fetched, nothing runs, every text is text; the page's own policy allows its one style and nothing else, so
 * that whatever slipped through would not run. References: requirement CHK-5; ASVS 5.0 1.2.1, 3.4.3; CWE-79.
 */
import { hash } from "node:crypto";
import type { Outcome } from "../../control.ts";
import { htmlText as text } from "../../lib/markup.ts";
import { assessmentHtml, type CitedExchange, citedExchanges, exchangeHtml } from "./assessment.ts";
import {
  failed,
  many,
  policyText,
  type SecurityReport,
  timeText,
  unseen,
  weakestSentence,
  WORDS,
} from "../model.ts";
import type { RunFinding } from "../run-file.ts";
import { scoreText, weakestFirst } from "../score.ts";
import { chartsOf, HATCH, LEGEND } from "./chart.ts";
import { STYLE } from "./style.ts";

const MARK =
  '<svg viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="7" fill="#0f6b62"/><path d="M16 6l8 3v6.500c0 5-3.300 8.600-8 10.500-4.700-1.900-8-5.500-8-10.500V9z" fill="none" stroke="#fff" stroke-width="2.200" stroke-linejoin="round"/><path d="M12.500 16l2.600 2.600 4.600-5" fill="none" stroke="#fff" stroke-width="2.200" stroke-linecap="round" stroke-linejoin="round"/></svg>';

/** No component is called so: a name has no space. */
const OVERALL = "all components";

const look = (outcome: Outcome): string =>
  outcome === "pass" ? "pass" : outcome === "fail" ? "fail" : outcome === "not-applicable" ? "" : "open";
const tag = (outcome: Outcome): string => `<span class="tag ${look(outcome)}">${WORDS[outcome]}</span>`;

export function htmlReport(report: SecurityReport): string {
  const { run, score, assessments } = report;
  const [bad, open] = [failed(report), unseen(report)];
  const cited = citedExchanges(report);
  const title = `Security report: ${run.target}`;
  const allowed = `default-src 'none'; style-src 'sha256-${hash("sha256", STYLE, "base64")}'; base-uri 'none'; form-action 'none'`;
  return [
    "<!doctype html>",
    '<html lang="en"><head><meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${allowed}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="referrer" content="no-referrer">',
    `<title>${text(title)}</title><style>${STYLE}</style></head><body>`,
    '<a class="skip" href="#content">To the findings</a>',
    `<header class="head"><div>${MARK}Aegis<span>Report of ${timeText(report.madeAt)}</span></div></header>`,
    `<main id="content"><h1>${text(title)}</h1><p class="quiet">${text(run.origin)}</p>${HATCH}`,
    summary(report),
    facts(report),
    `<h2>Components</h2><figure class="card"><figcaption><strong>${text(weakestSentence(score))}</strong><p>Share of the controls that pass, of those that apply, per component; weakest first.</p></figcaption>${chartsOf(weakestFirst(score.components))}${LEGEND}</figure>`,
    componentTable(report),
    "<h2>To mend</h2>",
    ...(bad.length === 0 ? ["<p>No control fails.</p>"] : bad.map(failure)),
    "<h2>Not seen</h2>",
    open.length === 0
      ? "<p>Everything that applies was seen.</p>"
      : `<p>Nobody knows whether these hold. In every score they count as not proven.</p>${table(open, "Why")}`,
    ...assessments.map((one) => assessmentHtml(one, cited)),
    "<h2>All controls</h2>",
    ...score.components.map(({ component }) => controlTable(component, report, cited)),
    "</main>",
    `<footer>Aegis ${text(run.tool.version)} on Node.js ${text(run.nodeVersion)}; ${text(policyText(run))}. A score is the share of controls that pass, of all that apply; what could not be seen counts as not proven. It says nothing of what no control looks at.</footer>`,
    "</body></html>",
    "",
  ].join("\n");
}

function summary({ score, headline }: SecurityReport): string {
  const order: readonly Outcome[] = ["fail", "error", "unknown", "pass", "not-applicable"];
  const counts = order
    .filter((outcome) => score.counts[outcome] > 0)
    .map(
      (outcome) =>
        `<li class="tag ${look(outcome)}">${score.counts[outcome]} ${WORDS[outcome].toLowerCase()}</li>`,
    );
  return `<section class="card summary" aria-label="Result"><div><div class="score">${scoreText(score.score)}<small> of 100</small></div><div class="quiet">coverage ${scoreText(score.coverage)} %</div></div><div><p class="headline">${text(headline)}</p><ul class="counts">${counts.join("")}</ul></div></section>`;
}

function facts({ run, leftOut }: SecurityReport): string {
  const rows: readonly (readonly [string, string])[] = [
    ["Target", run.origin],
    ["Held against", policyText(run)],
    ["Environment", run.environment],
    ["Looked at", `${timeText(run.startedAt)}, for ${Math.max(1, Math.round(run.seconds))} s`],
    [
      "Controls",
      `${run.findings.length} of ${run.controlsKnown}${leftOut === 0 ? "" : `; ${leftOut} left out on purpose, and in no score`}`,
    ],
    ["Verifier", `Aegis ${run.tool.version}, Node.js ${run.nodeVersion}`],
  ];
  return `<dl class="facts">${rows.map(([name, value]) => `<div><dt>${name}</dt><dd>${text(value)}</dd></div>`).join("")}</dl>`;
}

const cells = (values: readonly (string | number)[]): string =>
  values.map((value) => `<td class="num">${value}</td>`).join("");

function componentTable({ score }: SecurityReport): string {
  const head = ["Score", "Coverage", "Pass", "Fail", "Not seen", "Error", "Not applicable"];
  const row = ({ counts, score: own, coverage }: SecurityReport["score"]["components"][number]): string =>
    cells([
      scoreText(own),
      coverage === undefined ? "–" : `${scoreText(coverage)} %`,
      counts.pass,
      counts.fail,
      counts.unknown,
      counts.error,
      counts["not-applicable"],
    ]);
  const rows = [...weakestFirst(score.components), { component: OVERALL, ...score }];
  return `<div class="wide" role="region" aria-label="Scores by component" tabindex="0"><table><caption>The numbers of the chart</caption><thead><tr><th scope="col">Component</th>${head.map((one) => `<th scope="col" class="num">${one}</th>`).join("")}</tr></thead><tbody>${rows.map((one) => `<tr${one.component === OVERALL ? ' class="total"' : ""}><th scope="row">${text(one.component)}</th>${row(one)}</tr>`).join("\n")}</tbody></table></div>`;
}

function failure(one: RunFinding): string {
  const { id, claim, observed, expected, advice, references } = one;
  const rows: readonly (readonly [string, string])[] = [
    ["seen", observed],
    ["expected", expected ?? "as claimed"],
    ["symptom", advice.symptom],
    ["cause", advice.cause],
    ["fix", advice.fix],
    ["references", references.join(", ")],
  ];
  // What a failure is decided by comes last; all exchanges are in the run and in the bundle.
  const last = one.evidence.at(-1);
  return [
    `<article class="card finding"><h3>${text(claim)}${tag(one.outcome)}</h3><code>${text(id)}</code><dl>`,
    ...rows.map(([name, value]) => (value === "" ? "" : `<dt>${name}</dt><dd>${text(value)}</dd>`)),
    "</dl>",
    last === undefined ? "" : `<pre>${exchangeHtml(last)}</pre>`,
    "</article>",
  ].join("");
}

function controlTable(
  component: string,
  { run }: SecurityReport,
  cited: ReadonlyMap<string, CitedExchange>,
): string {
  const own = run.findings.filter(({ room }) => room === component);
  return `<h3 class="component">${text(component)}</h3>${table(own, "What was seen", cited)}`;
}

function table(
  findings: readonly RunFinding[],
  observation: string,
  cited: ReadonlyMap<string, CitedExchange> = new Map(),
): string {
  const evidence = (id: string): string => {
    const seen = cited.get(id);
    return seen === undefined
      ? ""
      : `<details class="exchange"><summary>${text(seen.pointer)}</summary><pre id="exchange-${text(id)}">${exchangeHtml(seen.exchange)}</pre></details>`;
  };
  const rows = findings.map(
    ({ id, claim, outcome, observed }) =>
      `<tr><th scope="row">${text(claim)}<br><code>${text(id)}</code></th><td>${tag(outcome)}</td><td>${text(observed)}${evidence(id)}</td></tr>`,
  );
  return `<table class="controls"><caption>${many(findings.length, "control")}</caption><thead><tr><th scope="col">Claim</th><th scope="col">Outcome</th><th scope="col">${observation}</th></tr></thead><tbody>${rows.join("\n")}</tbody></table>`;
}
