/** An assessment as a part of the HTML report: counts first, then what is not met, then all of it by chapter, folded. */
import { htmlText as text } from "../../lib/markup.ts";
import type { EvidenceExchange } from "../../verify/finding.ts";
import { type Assessment, type Row, type RowControl, type Status, statuses } from "../compliance/assess.ts";
import { refusedText } from "../compliance/attestation.ts";
import { type Chapter, chaptersOf } from "../compliance/chapters.ts";
import { exchangeAt } from "../compliance/run.ts";
import { many, type SecurityReport, timeText } from "../model.ts";

/** Only what was measured whole looks like a pass; what is waived looks like what is open. */
const LOOKS: Readonly<Record<Status, string>> = {
  tested: "pass",
  "tested-in-part": "part",
  attested: "part",
  waived: "open",
  "not-applicable": "",
  "not-tested": "open",
  "not-attested": "open",
  "not-met": "fail",
};

export interface CitedExchange {
  readonly pointer: string;
  readonly exchange: EvidenceExchange;
}
type Cited = ReadonlyMap<string, CitedExchange>;

/** By control: the stored exchange that rows lead to. */
export function citedExchanges({ run, assessments }: SecurityReport): Cited {
  const controls = assessments.flatMap(({ rows }) => rows).flatMap((row) => row.controls);
  return new Map(
    controls.flatMap(({ id, exchange }) => {
      const found = exchange === undefined ? undefined : exchangeAt(run, exchange.pointer);
      return exchange === undefined || found === undefined
        ? []
        : [[id, { pointer: exchange.pointer, exchange: found }] as const];
    }),
  );
}

export const exchangeHtml = ({ request, status, headers, body, connection }: EvidenceExchange): string =>
  [
    `&gt; ${text(request)}`,
    `&lt; ${status}${connection === undefined ? "" : ` (${text(connection)})`}`,
    ...headers.map((line) => `&lt; ${text(line)}`),
    text(body),
  ]
    .filter((line) => line !== "")
    .join("\n");

const tag = (status: Status, count = ""): string =>
  `<span class="tag ${LOOKS[status]}">${count}${status}</span>`;

function tally(rows: readonly Row[]): string {
  const counted = statuses.map(
    (status) => [status, rows.filter((row) => row.status === status).length] as const,
  );
  return counted
    .filter(([, count]) => count > 0)
    .map(([status, count]) => tag(status, `${count} `))
    .join(" ");
}

export function assessmentHtml(assessment: Assessment, cited: Cited): string {
  const { framework, run, assessedAt, rows, refused } = assessment;
  const unmet = rows.filter(({ status }) => status === "not-met" || status === "waived");
  return [
    `<h2>${text(`${framework.name} ${framework.version}`)}</h2><p>${text(framework.note)}</p>`,
    `<p class="tally">${many(rows.length, "requirement")}: ${tally(rows)}</p>`,
    `<p class="quiet">Assessed ${timeText(assessedAt)}; of the run with the SHA-256 <code>${text(run.digest)}</code>.</p>`,
    unmet.length === 0
      ? ""
      : `<h3 class="component">Not met, or waived</h3>${table(unmet, cited, many(unmet.length, "requirement"))}`,
    ...chaptersOf(assessment).map((chapter) => folded(chapter, cited)),
    refused.length === 0
      ? ""
      : `<h3 class="component">Statements that do not count</h3><table class="controls"><caption>${many(refused.length, "statement")}</caption><thead><tr><th scope="col">Requirement</th><th scope="col">By</th><th scope="col">Why</th></tr></thead><tbody>${refused
          .map(refusedText)
          .map(
            ([requirement, by, why]) =>
              `<tr><th scope="row">${text(requirement)}</th><td>${text(by)}</td><td>${text(why)}</td></tr>`,
          )
          .join("\n")}</tbody></table>`,
  ].join("\n");
}

const folded = ({ id, title, rows }: Chapter, cited: Cited): string =>
  `<details class="chapter"><summary><strong>${text(`${id} ${title}`.trim())}</strong> ${tally(rows)}</summary>${table(rows, cited, many(rows.length, "requirement"))}</details>`;

/** One that has a stored exchange leads to it. */
const control = ({ id, outcome }: RowControl, cited: Cited): string =>
  `${cited.has(id) ? `<a href="#exchange-${text(id)}">${text(id)}</a>` : text(id)}${outcome === "pass" ? "" : `: ${outcome}`}`;

function table(rows: readonly Row[], cited: Cited, caption: string): string {
  const body = rows.map(({ requirement: { id, title, level }, status, reason, controls }) => {
    const shown = controls.map((one) => control(one, cited)).join(", ");
    return `<tr><th scope="row"><code>${text(id)}</code>${level === undefined ? "" : ` <span class="quiet">L${level}</span>`}<br>${text(title)}</th><td>${tag(status)}</td><td>${text(reason)}${shown === "" ? "" : `<br><code>${shown}</code>`}</td></tr>`;
  });
  return `<table class="controls"><caption>${caption}</caption><thead><tr><th scope="col">Requirement</th><th scope="col">Status</th><th scope="col">Why</th></tr></thead><tbody>${body.join("\n")}</tbody></table>`;
}
