/** The only ways in which a record grows. Pure: time and keys are handed in. */
import { oneLine } from "../lib/one-line.ts";
import { ChecklistError } from "./errors.ts";
import {
  appended,
  type Approved,
  type ChecklistRecord,
  type Entry,
  isRecordOfList,
  type Marked,
  type Started,
} from "./record.ts";
import { type ChecklistSigner, sealed } from "./seal.ts";
import { demandMarkable, stateOf } from "./state.ts";
import type { StepList } from "./steps.ts";

/** What somebody typed. */
const typed = (text: string): string => oneLine(text.toWellFormed()).trim();

/** @throws ChecklistError where the entry is none: a name that is empty or too long */
export function withEntries(
  before: ChecklistRecord | undefined,
  records: readonly Entry["record"][],
  signer: ChecklistSigner,
  at: string,
): ChecklistRecord {
  let entries: readonly Entry[] = before?.entries ?? [];
  for (const record of records) entries = appended(entries, record);
  const last = entries.at(-1);
  if (last === undefined) throw new ChecklistError("There is nothing to write down.");
  const after: unknown = { format: 1, entries: [...entries], seal: sealed(last, at, signer) };
  if (!isRecordOfList(after))
    throw new ChecklistError(
      "That cannot be written down: a name has 1 to 120 characters, a note 2000 at most, a record 10,000 entries.",
    );
  return after;
}

export interface StartOptions {
  readonly application: string;
  readonly origin: string;
  readonly policy: string;
  readonly list: StepList;
  readonly at: string;
}

export const started = ({ application, origin, policy, list, at }: StartOptions): Started => ({
  kind: "started",
  at,
  application: typed(application),
  origin: typed(origin),
  policy,
  list,
});

export interface MarkOptions {
  readonly step: string;
  readonly outcome: Marked["outcome"];
  readonly by: string;
  readonly note: string;
  readonly at: string;
}

/** @throws ChecklistError where nobody may put their name to that step */
export function marked(before: ChecklistRecord, { step, outcome, by, note, at }: MarkOptions): Marked {
  demandMarkable(stateOf(before), step, note);
  return { kind: "marked", at, step, outcome, by: typed(by), note: typed(note) };
}

export interface ApproveOptions {
  readonly role: string;
  readonly answer: Approved["answer"];
  readonly by: string;
  readonly note: string;
  readonly at: string;
}

/** A yes with steps open says why, and which they were. @throws ChecklistError */
export function approved(before: ChecklistRecord, { role, answer, by, note, at }: ApproveOptions): Approved {
  const { started: first, open } = stateOf(before);
  if (!first.list.roles.includes(role))
    throw new ChecklistError(`Nobody asked the role ${role}. Known: ${first.list.roles.join(", ")}.`);
  const said = typed(note);
  if (answer === "yes" && open.length > 0 && said === "")
    throw new ChecklistError(
      `Not done yet: ${open.join(", ")}. Do them first, or say in a note why it is right all the same.`,
    );
  return { kind: "approved", at, by: typed(by), role, answer, note: said, open: [...open] };
}
