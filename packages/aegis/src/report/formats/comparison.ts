/** Two runs beside each other, for a terminal, as Markdown and as JSON. Texts are printable since they were read. */
import type { Outcome } from "../../control.ts";
import type { ComparedRun, Comparison, ControlChange, Effect } from "../compare.ts";
import { many, policyText, timeText, WORDS } from "../model.ts";
import { scoreText } from "../score.ts";
import { plain, row } from "./markdown.ts";

const EFFECTS: readonly Effect[] = ["worse", "better", "other"];
const SIGNS: Readonly<Record<Effect, string>> = { better: "+", worse: "-", other: "~" };
const word = (outcome: Outcome | undefined): string =>
  outcome === undefined ? "no such control" : WORDS[outcome];
const move = ({ before, after }: ControlChange): string => `${word(before)} → ${word(after)}`;
const delta = (points: number | undefined): string =>
  points === undefined ? "" : `${points > 0 ? "+" : points < 0 ? "−" : "±"}${scoreText(Math.abs(points))}`;
const causesOf = (changes: readonly ControlChange[]): readonly ControlChange[] =>
  changes.toSorted((a, b) => EFFECTS.indexOf(a.effect) - EFFECTS.indexOf(b.effect));
const run = (one: ComparedRun): string =>
  `${one.target}, ${one.origin}, ${policyText(one)}, ${timeText(one.startedAt)}`;

export const comparisonSummary = ({ counts }: Comparison): string =>
  counts.better + counts.worse + counts.other === 0
    ? "No control changed."
    : `${many(counts.better, "control")} better, ${counts.worse} worse, ${counts.other} otherwise changed.`;

const pad = (text: string, width: number): string => text.padStart(width);

export function comparisonText(comparison: Comparison): string {
  const { before, after, components, differences } = comparison;
  const name = Math.max(9, ...components.map(({ component }) => component.length));
  const line = (
    label: string,
    was: number | undefined,
    is: number | undefined,
    change: number | undefined,
  ): string =>
    `${label.padEnd(name)}  ${pad(scoreText(was), 6)}  ${pad(scoreText(is), 6)}  ${pad(delta(change), 6)}`.trimEnd();
  return [
    `before  ${run(before)}`,
    `after   ${run(after)}`,
    ...differences.map((one) => `note    ${one}`),
    "",
    `${"".padEnd(name)}  before   after  change`,
    ...components.flatMap(({ component, before: was, after: is, delta: change, causes }) => [
      line(component, was?.score, is?.score, change),
      ...causesOf(causes).map((one) => `    ${SIGNS[one.effect]} ${one.id}: ${move(one)}`),
    ]),
    line("overall", before.score.score, after.score.score, comparison.delta),
    line("coverage", before.score.coverage, after.score.coverage, undefined),
    "",
    comparisonSummary(comparison),
    "",
  ].join("\n");
}

export function comparisonMarkdown(comparison: Comparison): string {
  const { before, after, components, differences } = comparison;
  const line = (
    label: string,
    was: number | undefined,
    is: number | undefined,
    change: number | undefined,
  ): string => row([label, scoreText(was), scoreText(is), delta(change)]);
  const changed = components.filter(({ causes }) => causes.length > 0);
  return [
    "# Before and after",
    "",
    `- before: ${plain(run(before))}`,
    `- after: ${plain(run(after))}`,
    ...differences.map((one) => `- **note:** ${plain(one)}`),
    "",
    comparisonSummary(comparison),
    "",
    row(["Component", "Before", "After", "Change"]),
    "| --- | ---: | ---: | ---: |",
    ...components.map((one) => line(one.component, one.before?.score, one.after?.score, one.delta)),
    line("overall", before.score.score, after.score.score, comparison.delta),
    line("coverage", before.score.coverage, after.score.coverage, undefined),
    ...changed.flatMap(({ component, causes }) => [
      "",
      `## ${plain(component)}`,
      "",
      row(["Control", "Claim", "Change", "Seen before", "Seen after"]),
      "| --- | --- | --- | --- | --- |",
      ...causesOf(causes).map((one) =>
        row([
          one.id,
          one.claim,
          `${one.effect === "other" ? "changed" : one.effect}: ${move(one)}`,
          one.observedBefore ?? "",
          one.observedAfter ?? "",
        ]),
      ),
    ]),
    "",
  ].join("\n");
}

/** What is not there is null, so that it is told from a nought. */
export const comparisonJson = ({ delta: change, components, ...rest }: Comparison): string =>
  `${JSON.stringify(
    {
      format: "aegis-comparison/1",
      ...rest,
      delta: change ?? null,
      components: components.map((one) => ({
        component: one.component,
        before: one.before ?? null,
        after: one.after ?? null,
        delta: one.delta ?? null,
        causes: one.causes.map((cause) => ({
          ...cause,
          before: cause.before ?? null,
          after: cause.after ?? null,
        })),
      })),
    },
    undefined,
    2,
  )}\n`;
