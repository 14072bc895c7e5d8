/** An assessment as Markdown. Everything that a server answered, or somebody typed, is text and stays text. */
import { timeOf } from "../../checklist/markdown.ts";
import { markdownText } from "../../lib/markup.ts";
import { type Assessment, type Row, statuses } from "./assess.ts";

const row = (cells: readonly string[]): string => `| ${cells.map(markdownText).join(" | ")} |`;

const evidence = ({ controls }: Row): string =>
  controls
    .map(({ id, outcome, exchange }) =>
      exchange === undefined
        ? `${id}: ${outcome}`
        : `${id}: ${outcome}, ${exchange.request} ${exchange.status} (${exchange.pointer})`,
    )
    .join("; ");

export function complianceMarkdown({
  framework,
  run,
  assessedAt,
  rows,
  counts,
  refused,
}: Assessment): string {
  return [
    `# ${markdownText(`${framework.name} ${framework.version}`)}`,
    "",
    markdownText(framework.note),
    "",
    `${markdownText(run.origin)}, as seen on ${markdownText(timeOf(run.startedAt))}; policy ${markdownText(run.fingerprint)}; run SHA-256 ${markdownText(run.digest)}. Assessed ${markdownText(timeOf(assessedAt))}.`,
    "",
    "| status | requirements |",
    "| --- | --- |",
    ...statuses.map((status) => row([status, String(counts[status])])),
    "",
    "| requirement | | status | why | evidence |",
    "| --- | --- | --- | --- | --- |",
    ...rows.map((one) =>
      row([one.requirement.id, one.requirement.title, one.status, one.reason, evidence(one)]),
    ),
    ...(refused.length === 0
      ? []
      : [
          "",
          "## Statements that do not count",
          "",
          "| requirement | by | why |",
          "| --- | --- | --- |",
          ...refused.map(({ body, objection }) =>
            row([body?.requirement ?? "", body?.by ?? "", objection ?? ""]),
          ),
        ]),
    "",
  ].join("\n");
}
