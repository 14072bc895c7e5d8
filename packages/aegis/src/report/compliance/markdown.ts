/** An assessment as Markdown. Everything that a server answered, or somebody typed, is text and stays text. */
import { timeOf } from "../../checklist/markdown.ts";
import { markdownText } from "../../lib/markup.ts";
import { refusedText } from "./attestation.ts";
import { type Assessment, type Row, statuses } from "./assess.ts";
import { chaptersOf } from "./chapters.ts";

const row = (cells: readonly string[]): string => `| ${cells.map(markdownText).join(" | ")} |`;

const evidence = ({ controls }: Row): string =>
  controls
    .map(({ id, outcome, exchange }) =>
      exchange === undefined
        ? `${id}: ${outcome}`
        : `${id}: ${outcome}, ${exchange.request} ${exchange.status} (${exchange.pointer})`,
    )
    .join("; ");

/** One that stands alone. */
export const complianceMarkdown = (assessment: Assessment): string =>
  [...assessmentLines(assessment, "#"), ""].join("\n");

/** One as a part of a page: its own heading, and below it one a chapter; counts first. */
export function assessmentLines(assessment: Assessment, heading: "#" | "##"): readonly string[] {
  const { framework, run, assessedAt, counts, refused } = assessment;
  return [
    `${heading} ${markdownText(`${framework.name} ${framework.version}`)}`,
    "",
    markdownText(framework.note),
    "",
    `${markdownText(run.origin)}, as seen on ${markdownText(timeOf(run.startedAt))}; policy ${markdownText(run.fingerprint)}; run SHA-256 ${markdownText(run.digest)}. Assessed ${markdownText(timeOf(assessedAt))}.`,
    "",
    "| status | requirements |",
    "| --- | --- |",
    ...statuses.map((status) => row([status, String(counts[status])])),
    ...chaptersOf(assessment).flatMap(({ id, title, rows }) => [
      "",
      `${heading}# ${markdownText(`${id} ${title}`.trim())}`,
      "",
      "| requirement | | level | status | why | evidence |",
      "| --- | --- | --- | --- | --- | --- |",
      ...rows.map((one) =>
        row([
          one.requirement.id,
          one.requirement.title,
          one.requirement.level === undefined ? "" : `L${one.requirement.level}`,
          one.status,
          one.reason,
          evidence(one),
        ]),
      ),
    ]),
    ...(refused.length === 0
      ? []
      : [
          "",
          `${heading}# Statements that do not count`,
          "",
          "| requirement | by | why |",
          "| --- | --- | --- |",
          ...refused.map((one) => row(refusedText(one))),
        ]),
  ];
}
