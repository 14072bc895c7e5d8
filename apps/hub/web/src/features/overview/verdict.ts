/** Is it safe now, and what is to be done: from what each page of the area shows, and from nothing else. Pure. */
import type { ChainStatus } from "../../api/audit.ts";
import type { Overview } from "../../api/attacks.ts";
import type { Posture } from "../../api/posture.ts";
import type { AtRisk, CspReports } from "../../api/upkeep.ts";
import type { State } from "../../ui/badge.tsx";
import { counted } from "../../ui/words.ts";

export type Place =
  | "/admin/security/posture"
  | "/admin/security/attacks"
  | "/admin/security/people"
  | "/admin/approvals"
  | "/admin/audit"
  | "/admin/security/csp"
  | "/admin/security/upkeep";

export interface Verdict {
  readonly name: string;
  readonly state: State;
  /** What is so: a sentence without its full stop. */
  readonly finding: string;
  /** What to do about it; nothing where nothing is to be done. */
  readonly todo?: string;
  readonly to: Place;
}

const DAY_MS = 86_400_000;
/** A proof that is older says little of what was changed since. */
const PROOF_DAYS = 7;

export function postureVerdict({ runs, folder, running_policy: running }: Posture, now: number): Verdict {
  const of = { name: "Proof", to: "/admin/security/posture" } as const;
  const last = runs.findLast(({ whole }) => whole);
  if (last === undefined)
    return {
      ...of,
      state: "unknown",
      finding: runs.length === 0 ? "Nothing is proven yet" : "No run has looked at every control",
      todo: `Save a run: aegis verify URL --save ${folder}/NAME.json`,
    };
  const { fail, error, unknown } = last.counts;
  const days = Math.floor((now - Date.parse(last.at)) / DAY_MS);
  if (fail + error > 0)
    return {
      ...of,
      state: "fail",
      finding: `${counted(fail + error, "control")} of ${last.applicable} ${fail + error === 1 ? "fails" : "fail"}`,
      todo: "Open what fails and do what it says, then verify again",
    };
  if (last.fingerprint !== running)
    return {
      ...of,
      state: "warn",
      finding: "The last run was held against another policy than the one that runs",
      todo: "Verify again, with the policy of this server",
    };
  if (days >= PROOF_DAYS)
    return { ...of, state: "warn", finding: `The last proof is ${days} days old`, todo: "Verify again" };
  if (unknown > 0)
    return {
      ...of,
      state: "warn",
      finding: `Nothing fails; ${counted(unknown, "control")} of ${last.applicable} could not be seen`,
      todo: "Verify with probe accounts, so that time-outs can be seen",
    };
  return { ...of, state: "pass", finding: `All ${last.applicable} controls are proven` };
}

export function attacksVerdict({ findings, bans }: Overview): Verdict {
  const of = { name: "Attacks", to: "/admin/security/attacks" } as const;
  const [first] = findings;
  const banned =
    bans.length === 0 ? "" : `; ${bans.length === 1 ? "one address" : `${bans.length} addresses`} banned`;
  if (first === undefined)
    return { ...of, state: "pass", finding: `No pattern of an attack in the last half hour${banned}` };
  return {
    ...of,
    state: "warn",
    finding: `${first.title}${findings.length > 1 ? ` and ${findings.length - 1} more` : ""} going on${banned}`,
    todo: "Look at where it comes from, and do what is advised there",
  };
}

export function peopleVerdict(items: readonly AtRisk[]): Verdict {
  const of = { name: "People", to: "/admin/security/people" } as const;
  const bare = items.filter(({ risks }) => risks.includes("no_second_factor")).length;
  if (bare > 0)
    return {
      ...of,
      state: "fail",
      finding: `${counted(bare, "privileged account")} without a second step`,
      todo: "Have them set one up, or take their rights",
    };
  return items.length === 0
    ? { ...of, state: "pass", finding: "Nobody is at risk as far as can be seen" }
    : {
        ...of,
        state: "warn",
        finding: `${counted(items.length, "account")} at risk`,
        todo: "Look at who failed to sign in, and whose password is due",
      };
}

export function approvalsVerdict(waiting: number): Verdict {
  const of = { name: "Approvals", to: "/admin/approvals" } as const;
  return waiting === 0
    ? { ...of, state: "pass", finding: "Nothing waits for a second administrator" }
    : {
        ...of,
        state: "warn",
        finding: `${counted(waiting, "request")} ${waiting === 1 ? "waits" : "wait"} for a second administrator`,
        todo: "Approve or reject what waits",
      };
}

export function auditVerdict({
  problems,
  broken_at: broken,
  failing,
  signed_head: head,
  entries,
}: ChainStatus): Verdict {
  const of = { name: "Audit log", to: "/admin/audit" } as const;
  if (problems.length > 0 || broken !== null)
    return {
      ...of,
      state: "fail",
      finding: "The audit log was touched",
      todo: "Keep the database as it is, and hold an export against the signed heads",
    };
  if (failing)
    return {
      ...of,
      state: "warn",
      finding: "The audit log is not being written",
      todo: "See to the database: entries wait in memory",
    };
  return head === null
    ? { ...of, state: "unknown", finding: "The audit log is not signed yet; it is signed by itself" }
    : { ...of, state: "pass", finding: `The audit log is whole at its end, entry ${entries}` };
}

export function cspVerdict({ items, reports, mode }: CspReports, now: number): Verdict {
  const of = { name: "Page policy", to: "/admin/security/csp" } as const;
  if (!reports)
    return {
      ...of,
      state: "unknown",
      finding: "Browsers are not asked to report",
      todo: "Set headers.csp.reports",
    };
  const recent = items.filter((one) => now - Date.parse(one.last_at) < DAY_MS).length;
  if (recent > 0)
    return {
      ...of,
      state: "warn",
      finding: `${counted(recent, "kind")} of violation reported in the last day`,
      todo: "See what was blocked, and whether it is yours",
    };
  return mode === "report-only"
    ? {
        ...of,
        state: "warn",
        finding: "The page policy only reports",
        todo: 'Set headers.csp.mode to "enforce"',
      }
    : { ...of, state: "pass", finding: "No violation reported in the last day" };
}

const URGENCY: Readonly<Record<State, number>> = { fail: 0, warn: 1, unknown: 2, pass: 3 };
export const byUrgency = (all: readonly Verdict[]): readonly Verdict[] =>
  all.toSorted((a, b) => URGENCY[a.state] - URGENCY[b.state]);

/** One sentence over all of them. What is not known is never called safe. */
export function summaryOf(all: readonly Verdict[]): { readonly state: State; readonly words: string } {
  const count = (state: State): number => all.filter((one) => one.state === state).length;
  const [fails, warns, unknowns] = [count("fail"), count("warn"), count("unknown")];
  if (fails > 0)
    return {
      state: "fail",
      words: `${counted(fails, "thing")} must be mended${warns > 0 ? `, ${warns} more looked at` : ""}`,
    };
  if (warns > 0)
    return { state: "warn", words: `Nothing is broken; ${counted(warns, "thing")} should be looked at` };
  if (unknowns > 0)
    return {
      state: "unknown",
      words: `Nothing is wrong as far as is known; ${counted(unknowns, "thing")} ${unknowns === 1 ? "is" : "are"} not known`,
    };
  return { state: "pass", words: "All that is looked at is as it should be" };
}
