/** A report as Markdown. Every text of the target is text and stays text (CWE-79: renderers differ in what they clean). */
import { oneLine } from "../../lib/one-line.ts";
import { markdownText } from "../../lib/markup.ts";
import { assessmentLines } from "../compliance/markdown.ts";
import { failed, policyText, type SecurityReport, timeText, unseen, WORDS } from "../model.ts";
import { scoreText, weakestFirst } from "../score.ts";

export const plain = (text: string): string => markdownText(oneLine(text));
export const row = (cells: readonly (string | number)[]): string =>
  `| ${cells.map((cell) => plain(String(cell))).join(" | ")} |`;
const percent = (share: number | undefined): string => (share === undefined ? "–" : `${scoreText(share)} %`);

export function markdownReport(report: SecurityReport): string {
  const { run, score, assessments, headline, leftOut, madeAt } = report;
  const bad = failed(report);
  const open = unseen(report);
  return [
    `# Security report: ${plain(run.target)}`,
    "",
    `**${scoreText(score.score)} of 100**, coverage ${percent(score.coverage)}. ${plain(headline)}`,
    "",
    row(["", ""]),
    "| --- | --- |",
    row(["Target", run.origin]),
    row(["Held against", policyText(run)]),
    row(["Environment", run.environment]),
    row(["Looked at", `${timeText(run.startedAt)}, for ${Math.max(1, Math.round(run.seconds))} s`]),
    row(["Controls", `${run.findings.length} of ${run.controlsKnown}, ${leftOut} left out on purpose`]),
    row(["Verifier", `Aegis ${run.tool.version}, Node.js ${run.nodeVersion}`]),
    row(["Report", timeText(madeAt)]),
    "",
    "## Components",
    "",
    row(["Component", "Score", "Coverage", "Pass", "Fail", "Not seen", "Error", "Not applicable"]),
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ...[...weakestFirst(score.components), { component: "overall", ...score }].map((one) =>
      row([
        one.component,
        scoreText(one.score),
        percent(one.coverage),
        one.counts.pass,
        one.counts.fail,
        one.counts.unknown,
        one.counts.error,
        one.counts["not-applicable"],
      ]),
    ),
    "",
    "## To mend",
    "",
    ...(bad.length === 0 ? ["No control fails."] : []),
    ...bad.flatMap((one) => [
      `- **${plain(one.claim)}** (${plain(one.id)})`,
      `  - seen: ${plain(one.observed)}`,
      `  - expected: ${plain(one.expected ?? "as claimed")}`,
      `  - symptom: ${plain(one.advice.symptom)}`,
      `  - cause: ${plain(one.advice.cause)}`,
      `  - fix: ${plain(one.advice.fix)}`,
    ]),
    "",
    "## Not seen",
    "",
    ...(open.length === 0 ? ["Everything that applies was seen."] : []),
    ...open.map((one) => `- ${plain(one.claim)} (${plain(one.id)}): ${plain(one.observed)}`),
    ...assessments.flatMap((one) => ["", ...assessmentLines(one, "##")]),
    "",
    "## All controls",
    "",
    row(["Control", "Claim", "Outcome", "What was seen"]),
    "| --- | --- | --- | --- |",
    ...run.findings.map((one) => row([one.id, one.claim, WORDS[one.outcome], one.observed])),
    "",
  ].join("\n");
}
