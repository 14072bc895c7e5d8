/** Findings as commands print them, out of JSON: data from outside. */
import { isRecord, valueAt } from "../lib/freeze.ts";
import type { Outcome } from "../control.ts";
import { oneLine } from "../lib/one-line.ts";
import { ChecklistError } from "./errors.ts";
import type { Finding } from "./record.ts";

const OUTCOMES: readonly Outcome[] = ["pass", "fail", "not-applicable", "unknown", "error"];
const MAX_READ = 10_000;

/** One line; half characters have no canonical form. */
const cut = (value: unknown, longest: number): string | undefined =>
  typeof value === "string" ? oneLine(value.toWellFormed()).slice(0, longest).toWellFormed() : undefined;

/** @throws ChecklistError where the data is not what `aegis check --json` or `aegis verify --json` prints */
export function findingsFrom(data: unknown, from: Finding["from"]): readonly Finding[] {
  const list: unknown = isRecord(data) ? data["findings"] : undefined;
  if (!Array.isArray(list) || list.length > MAX_READ)
    throw new ChecklistError(
      `There are no findings in it: give what \`aegis ${from === "verify" ? "verify" : "check"} --json\` printed.`,
    );
  // Whoever could not reach the target proves nothing by what was found all the same.
  if (from === "verify" && isRecord(data) && data["reachable"] !== true)
    throw new ChecklistError("The target could not be reached when these findings were made.");
  return list.map((one: unknown): Finding => {
    const id = cut(valueAt(one, "id"), 120);
    const outcome = OUTCOMES.find((known) => known === valueAt(one, "outcome"));
    const observed = cut(valueAt(one, "observed"), 700);
    if (id === undefined || outcome === undefined || observed === undefined)
      throw new ChecklistError("One of the findings has no id, outcome or observation.");
    const isBad = outcome !== "pass" && outcome !== "not-applicable";
    const [subject, symptom, cause, fix] = [
      cut(valueAt(one, "subject"), 700),
      ...(isBad
        ? [
            cut(valueAt(one, "advice.symptom"), 1000),
            cut(valueAt(one, "advice.cause"), 1000),
            cut(valueAt(one, "advice.fix"), 2000),
          ]
        : []),
    ];
    return {
      from,
      id,
      claim: cut(valueAt(one, "claim"), 400) ?? "",
      outcome,
      observed,
      ...(subject === undefined ? {} : { subject }),
      ...(symptom === undefined ? {} : { symptom }),
      ...(cause === undefined ? {} : { cause }),
      ...(fix === undefined ? {} : { fix }),
    };
  });
}
