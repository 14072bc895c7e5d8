/** A record as Markdown. Everything that somebody typed, or a server answered, is text and stays text. */
import type { Outcome } from "../control.ts";
import { markdownText as plain } from "../lib/markup.ts";
import type { ChecklistState, StepState } from "./state.ts";

export const WORDS: Readonly<Record<Outcome, string>> = {
  pass: "done",
  fail: "FAILED",
  "not-applicable": "not applicable",
  unknown: "open",
  error: "open (an error)",
};

/** As people read it; to the millisecond it is in the record. */
export const timeOf = (at: string): string => `${at.slice(0, 16).replace("T", " ")} UTC`;

/** Who or what had the last word on a step, and when. */
export function byWhom({ last, step }: StepState): string {
  if (last === undefined) return step.by === "machine" ? "the machine" : "";
  return last.kind === "marked" ? `${last.by}, ${timeOf(last.at)}` : `the machine, ${timeOf(last.at)}`;
}

export const saidOf = ({ last, looked }: StepState): string =>
  last === undefined
    ? ""
    : last.kind === "looked"
      ? last.observed
      : `${last.note}${looked === undefined ? "" : ` (the machine had seen: ${looked.observed})`}`;

export interface ExportOptions {
  /** What was found out about the signature, as a sentence. */
  readonly signature: string;
}

export function markdownOf(state: ChecklistState, { signature }: ExportOptions): string {
  const { started, sections, approvals, isComplete, open } = state;
  const row = (cells: readonly string[]): string => `| ${cells.map(plain).join(" | ")} |`;
  const bad = sections.flatMap(({ steps }) =>
    steps.flatMap(({ step, last }) =>
      last?.kind === "looked"
        ? last.findings
            .filter(({ outcome }) => !["pass", "not-applicable"].includes(outcome))
            .map((one) => ({ step, one }))
        : [],
    ),
  );
  return [
    `# ${plain(started.list.name)}: ${plain(started.application)}`,
    "",
    isComplete
      ? "**Complete.**"
      : `**Not complete.** Open: ${open.length === 0 ? "approvals" : open.map(plain).join(", ")}.`,
    "",
    `Started ${plain(timeOf(started.at))}${started.origin === "" ? "" : `, for ${plain(started.origin)}`}; policy ${plain(started.policy)}. ${plain(signature)}`,
    ...sections.flatMap(({ title, steps }) => [
      "",
      `## ${plain(title)}`,
      "",
      "| step | | by | |",
      "| --- | --- | --- | --- |",
      ...steps.map((one) => row([one.step.title, WORDS[one.outcome], byWhom(one), saidOf(one)])),
    ]),
    "",
    "## Approvals",
    "",
    "| role | answer | by | when | note |",
    "| --- | --- | --- | --- | --- |",
    ...approvals.map(({ role, last, stale }) =>
      row([
        role,
        last === undefined ? "none" : `${last.answer}${stale ? ", before the last change: void" : ""}`,
        last?.by ?? "",
        last === undefined ? "" : timeOf(last.at),
        `${last?.note ?? ""}${last === undefined || last.open.length === 0 ? "" : ` (open then: ${last.open.join(", ")})`}`,
      ]),
    ),
    ...(bad.length === 0
      ? []
      : [
          "",
          "## To mend",
          "",
          ...bad.flatMap(({ step, one }) => [
            `- **${plain(one.claim)}** ${plain(one.subject === undefined ? "" : `(${one.subject})`)} ${WORDS[one.outcome]}; step ${plain(step.id)}, ${plain(`${one.from}:${one.id}`)}`,
            `  - seen: ${plain(one.observed)}`,
            ...(one.symptom === undefined ? [] : [`  - symptom: ${plain(one.symptom)}`]),
            ...(one.cause === undefined ? [] : [`  - cause: ${plain(one.cause)}`]),
            ...(one.fix === undefined ? [] : [`  - fix: ${plain(one.fix)}`]),
          ]),
        ]),
    "",
  ].join("\n");
}
