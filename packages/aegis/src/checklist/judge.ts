/** A step of the machine, judged by findings. Pure: what nobody looked at is unknown. */
import type { Outcome } from "../control.ts";
import { type Finding, type Looked, MAX_FINDINGS } from "./record.ts";
import type { Step } from "./steps.ts";

const matches = (look: string, { from, id }: Finding): boolean =>
  look.endsWith(".*") ? `${from}:${id}`.startsWith(look.slice(0, -1)) : look === `${from}:${id}`;

const WORST: readonly Outcome[] = ["fail", "error", "unknown", "pass", "not-applicable"];

export function judged({ id: step, looks = [] }: Step, findings: readonly Finding[], at: string): Looked {
  const own = findings.filter((finding) => looks.some((look) => matches(look, finding)));
  const unseen = looks.filter((look) => !findings.some((finding) => matches(look, finding)));
  const outcomes = new Set<Outcome>(own.map(({ outcome }) => outcome));
  if (unseen.length > 0) outcomes.add("unknown");
  const outcome = WORST.find((one) => outcomes.has(one)) ?? "unknown";
  const count = (which: Outcome): number => own.filter((one) => one.outcome === which).length;
  const counted = WORST.filter((one) => count(one) > 0).map((one) => `${count(one)} ${one}`);
  const observed = [
    ...(counted.length === 0 ? [] : [counted.join(", ")]),
    ...(unseen.length === 0 ? [] : [`nobody looked at ${unseen.join(", ")}`]),
  ].join("; ");
  const kept = own
    .toSorted((a, b) => WORST.indexOf(a.outcome) - WORST.indexOf(b.outcome))
    .slice(0, MAX_FINDINGS);
  return {
    kind: "looked",
    at,
    step,
    outcome,
    observed: observed.slice(0, 700),
    findings: kept,
    left_out: own.length - kept.length,
  };
}
