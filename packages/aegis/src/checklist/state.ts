/** What a record says now. Pure. */
import type { Outcome } from "../control.ts";
import { ChecklistError } from "./errors.ts";
import type { Approved, ChecklistRecord, Entry, Looked, Marked, Started } from "./record.ts";
import { type Step, stepsOf } from "./steps.ts";

export interface StepState {
  readonly step: Step;
  readonly outcome: Outcome;
  /** The last word on it. */
  readonly last: Looked | Marked | undefined;
  /** What the machine saw last, where a person has spoken since. */
  readonly looked: Looked | undefined;
}

export interface ApprovalState {
  readonly role: string;
  readonly last: Approved | undefined;
  /** Something was looked at or marked since: it was given for something else. */
  readonly stale: boolean;
}

export interface ChecklistState {
  readonly started: Started;
  readonly sections: readonly { readonly title: string; readonly steps: readonly StepState[] }[];
  readonly approvals: readonly ApprovalState[];
  /** Steps that are not done, the approval left out. */
  readonly open: readonly string[];
  readonly isComplete: boolean;
  readonly entries: readonly Entry[];
}

const isDone = (outcome: Outcome): boolean => outcome === "pass" || outcome === "not-applicable";

export function stateOf({ entries }: Pick<ChecklistRecord, "entries">): ChecklistState {
  const [first] = entries;
  if (first?.record.kind !== "started") throw new ChecklistError("The record does not begin with a start.");
  const { record: started } = first;
  const last = new Map<string, Looked | Marked>();
  const looked = new Map<string, Looked>();
  const approved = new Map<string, { readonly seq: number; readonly record: Approved }>();
  let lastChange = 0;
  for (const { seq, record } of entries)
    if (record.kind === "approved") approved.set(record.role, { seq, record });
    else if (record.kind !== "started") {
      last.set(record.step, record);
      if (record.kind === "looked") looked.set(record.step, record);
      lastChange = seq;
    }
  const approvals = started.list.roles.map((role): ApprovalState => {
    const found = approved.get(role);
    return { role, last: found?.record, stale: found !== undefined && found.seq < lastChange };
  });
  const stepState = (step: Step): StepState =>
    step.by === "approval"
      ? { step, outcome: approvalOutcome(approvals), last: undefined, looked: undefined }
      : {
          step,
          outcome: last.get(step.id)?.outcome ?? "unknown",
          last: last.get(step.id),
          looked: looked.get(step.id),
        };
  const sections = started.list.sections.map(({ title, steps }) => ({ title, steps: steps.map(stepState) }));
  const states = sections.flatMap(({ steps }) => steps);
  return {
    started,
    sections,
    approvals,
    open: states
      .filter(({ step, outcome }) => step.by !== "approval" && !isDone(outcome))
      .map(({ step }) => step.id),
    isComplete: states.every(({ outcome }) => isDone(outcome)),
    entries,
  };
}

function approvalOutcome(approvals: readonly ApprovalState[]): Outcome {
  if (approvals.some(({ last, stale }) => last?.answer === "no" && !stale)) return "fail";
  return approvals.every(({ last, stale }) => last?.answer === "yes" && !stale) ? "pass" : "unknown";
}

/** Whether a person may put their name to a step. @throws ChecklistError saying why not */
export function demandMarkable(state: ChecklistState, id: string, note: string): void {
  const found = state.sections.flatMap(({ steps }) => steps).find(({ step }) => step.id === id);
  if (found === undefined)
    throw new ChecklistError(
      `There is no step ${id}. Known: ${stepsOf(state.started.list)
        .map((step) => step.id)
        .join(", ")}.`,
    );
  if (found.step.by === "approval") throw new ChecklistError(`${id} is done by approving.`);
  if (found.step.by === "person") return;
  // Nobody's word stands above what was seen: a failure is mended, and looked at again.
  if (found.looked?.outcome === "fail")
    throw new ChecklistError(
      `${id} failed when it was looked at. Mend it, and look again: aegis checklist run.`,
    );
  if (note.trim() === "")
    throw new ChecklistError(`${id} is the machine's: say in a note how you saw to it yourself.`);
}
