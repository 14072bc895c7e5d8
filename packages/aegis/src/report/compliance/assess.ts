/**
 * A run held against a framework, requirement by requirement. Rule: nothing is tested without a stored exchange, by a
 * control that was seen to fail; a failure outweighs every word; what was not seen is never good. The result says what
 * was measured and what somebody said, and draws no conclusion about an organization.
 */
import type { Outcome } from "../../control.ts";
import { type Attestation, judge, type Judged } from "./attestation.ts";
import type { ChecklistKeys } from "../../checklist/seal.ts";
import type { Framework, Need, Requirement } from "./framework.ts";
import { controlsOf, type MappedControl } from "./mapping.ts";
import { printable } from "../../verify/wire/text.ts";
import type { SeenExchange, SeenRun } from "./run.ts";

export type Status =
  /** Every control of the requirement passed in this run, each with a stored exchange. */
  | "tested"
  /** The same, of a requirement that controls prove in part; the rest is open. */
  | "tested-in-part"
  /** Somebody signed for it, the word still holds, and no control says otherwise. */
  | "attested"
  /** Not met, and somebody signed that they live with it. */
  | "waived"
  /** It has no bearing here, and why. */
  | "not-applicable"
  /** Controls could have seen it, and did not. */
  | "not-tested"
  /** No probe sees it, and nobody signed for it. */
  | "not-attested"
  /** A control failed, or the policy asks for less than the requirement. */
  | "not-met";

export const statuses: readonly Status[] = [
  "tested",
  "tested-in-part",
  "attested",
  "waived",
  "not-applicable",
  "not-tested",
  "not-attested",
  "not-met",
];

export interface RowControl {
  readonly id: string;
  readonly claim: string;
  /** `absent`: the run says nothing of it. */
  readonly outcome: Outcome | "absent";
  readonly observed: string;
  readonly isProof: boolean;
  readonly exchange?: SeenExchange;
}

export interface Row {
  readonly requirement: Requirement;
  readonly status: Status;
  /** Why, in one line. */
  readonly reason: string;
  readonly controls: readonly RowControl[];
  readonly statement?: Attestation["body"];
}

export interface Assessment {
  readonly framework: Pick<Framework, "id" | "name" | "version" | "note" | "chapters">;
  readonly run: Pick<SeenRun, "origin" | "startedAt" | "fingerprint" | "digest">;
  readonly assessedAt: string;
  readonly rows: readonly Row[];
  readonly counts: Readonly<Record<Status, number>>;
  /** Statements that do not count, and why. */
  readonly refused: readonly Judged[];
}

export interface AssessOptions {
  readonly framework: Framework;
  readonly run: SeenRun;
  /** As `readAttestations` gives them. */
  readonly statements?: readonly unknown[];
  readonly keys?: ChecklistKeys;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
}

export function assess({
  framework,
  run,
  statements = [],
  keys = new Map(),
  now,
}: AssessOptions): Assessment {
  const judged = statements.map((one) => judge(one, keys, now));
  // A word for another framework is nobody's concern here.
  const ours = judged.filter(({ body }) => body === undefined || body.framework === framework.id);
  const words = ours.flatMap(({ body, objection }) =>
    body === undefined || objection !== undefined ? [] : [body],
  );
  const rows = framework.requirements.map((requirement) => {
    const said = (kind: Attestation["body"]["kind"]) =>
      words.findLast((word) => word.requirement === requirement.id && word.kind === kind);
    const seen = controlsOf(framework, requirement).map((control) => rowControl(control, run));
    return rowOf(requirement, seen, run, said("attested"), said("waived"));
  });
  const { id, name, version, note, chapters } = framework;
  const { origin, startedAt, fingerprint, digest } = run;
  const count = (status: Status): number => rows.filter((row) => row.status === status).length;
  return {
    framework: { id, name, version, note, ...(chapters === undefined ? {} : { chapters }) },
    run: { origin, startedAt, fingerprint, digest },
    assessedAt: new Date(now).toISOString(),
    rows,
    counts: {
      tested: count("tested"),
      "tested-in-part": count("tested-in-part"),
      attested: count("attested"),
      waived: count("waived"),
      "not-applicable": count("not-applicable"),
      "not-tested": count("not-tested"),
      "not-attested": count("not-attested"),
      "not-met": count("not-met"),
    },
    refused: ours.filter(({ objection }) => objection !== undefined),
  };
}

function rowControl({ id, claim, isProof }: MappedControl, { findings }: SeenRun): RowControl {
  const seen = findings.get(id);
  if (seen === undefined) return { id, claim, isProof, outcome: "absent", observed: "" };
  const { outcome, observed, exchange } = seen;
  return { id, claim, isProof, outcome, observed, ...(exchange === undefined ? {} : { exchange }) };
}

type Word = Attestation["body"] | undefined;

function rowOf(
  requirement: Requirement,
  controls: readonly RowControl[],
  run: SeenRun,
  attested: Word,
  waived: Word,
): Row {
  const row = (status: Status, reason: string, statement?: Word): Row => ({
    requirement,
    status,
    // Words of people and values of a policy out of a file: neither may steer a terminal.
    reason: printable(reason.toWellFormed(), 3000),
    controls,
    ...(statement === undefined ? {} : { statement }),
  });
  const signed = (word: NonNullable<Word>): string =>
    `${word.by}, until ${word.expires.slice(0, 10)}: ${word.statement}`;
  /** Waived is never met: it is shown as what it is. */
  const orWaived = (status: Status, reason: string): Row =>
    waived === undefined ? row(status, reason) : row("waived", `${signed(waived)} (${reason})`, waived);

  const [failed] = controls.filter(({ outcome }) => outcome === "fail");
  if (failed !== undefined) return orWaived("not-met", `${failed.id}: ${failed.observed}`);
  if (requirement.outOfScope !== undefined)
    return attested === undefined
      ? row("not-applicable", requirement.outOfScope)
      : row("attested", signed(attested), attested);
  if (requirement.covers === "none")
    return attested === undefined
      ? orWaived("not-attested", `to be shown: ${requirement.attest ?? ""}`)
      : row("attested", signed(attested), attested);

  const weak = weakness(requirement, run);
  if (weak?.isKnown === true) return orWaived("not-met", weak.reason);
  const unseen = controls.find(({ outcome }) => !["pass", "not-applicable"].includes(outcome));
  if (unseen !== undefined || controls.length === 0)
    return orWaived("not-tested", `${unseen?.id ?? "no control"}: ${unseen?.observed || "not in this run"}`);
  if (requirement.covers === "part" && attested !== undefined)
    return row("attested", signed(attested), attested);

  const passed = controls.filter(({ outcome }) => outcome === "pass");
  const bare = passed.find(({ exchange }) => exchange === undefined);
  if (bare !== undefined) return orWaived("not-tested", `${bare.id} passed, but no exchange is stored`);
  if (weak !== undefined) return orWaived("not-tested", weak.reason);
  const proofs = passed.filter(({ isProof }) => isProof);
  if (requirement.covers === "part")
    return proofs.length > 0
      ? row("tested-in-part", `still to be shown: ${requirement.attest ?? ""}`)
      : orWaived(
          "not-tested",
          passed.length === 0
            ? `nothing to look at: ${controls[0]?.observed ?? ""}`
            : "its controls passed, but none was ever seen to fail",
        );
  if (passed.length === 0) return row("not-applicable", controls[0]?.observed ?? "");
  const unproven = controls.find(({ isProof }) => !isProof);
  if (unproven !== undefined) return orWaived("not-tested", `${unproven.id} was never seen to fail`);
  const others = controls.filter(({ outcome }) => outcome === "not-applicable").map((one) => one.id);
  return row(
    "tested",
    `${passed.length === 1 ? "1 control" : `${passed.length} controls`} passed${others.length === 0 ? "" : `; not applicable: ${others.join(", ")}`}`,
  );
}

/** Whether the policy asks for what the requirement names. Not known where the run does not say what it was held against; what it says of one setting outweighs what it does not say of another. */
function weakness(
  { needs = {} }: Requirement,
  { setting }: SeenRun,
): { readonly isKnown: boolean; readonly reason: string } | undefined {
  let unsaid: string | undefined;
  for (const [leaf, need] of Object.entries(needs)) {
    const value = setting(leaf);
    if (value === undefined) unsaid ??= leaf;
    else if (!holds(value, need))
      return {
        isKnown: true,
        reason: `the policy has ${leaf} ${JSON.stringify(value).slice(0, 60)}: ${wanted(need)}`,
      };
  }
  return unsaid === undefined
    ? undefined
    : { isKnown: false, reason: `the run does not say what ${unsaid} it was held against` };
}

function holds(value: unknown, need: Need): boolean {
  if ("oneOf" in need) return need.oneOf.some((one) => one === value);
  if (typeof value !== "number") return false;
  return "atLeast" in need ? value >= need.atLeast : value <= need.atMost;
}

const wanted = (need: Need): string =>
  "oneOf" in need
    ? `asked for is ${need.oneOf.join(" or ")}`
    : "atLeast" in need
      ? `asked for is ${need.atLeast} or more`
      : `asked for is ${need.atMost} or less`;
