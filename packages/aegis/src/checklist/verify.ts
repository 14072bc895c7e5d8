/** Holds a record against itself and a key that was handed in; believes nothing that it says of itself. */
import { type ChecklistRecord, GENESIS, hashOf, isRecordOfList, textOf } from "./record.ts";
import { type ChecklistKeys, isGenuine } from "./seal.ts";
import { listProblem, stepsOf } from "./steps.ts";

export type RecordProblemKind =
  /** No record, or written as we do not write it. */
  | "malformed"
  /** An entry is not what its hash says. */
  | "edited"
  /** An entry does not follow the one before: one was removed, moved or put in. */
  | "unlinked"
  /** The signature is for another end. */
  | "cut"
  /** The key did not sign this. */
  | "forged"
  /** Nobody handed the key in. */
  | "key-unknown"
  /** It does not hold an entry that it held. */
  | "older"
  /** Entries that contradict the list. */
  | "foreign";

export interface RecordProblem {
  readonly kind: RecordProblemKind;
  readonly detail: string;
}

export interface VerifiedRecord {
  readonly record: ChecklistRecord | undefined;
  readonly problems: readonly RecordProblem[];
}

export const MAX_RECORD_BYTES = 64_000_000;

export interface VerifyRecordOptions {
  readonly keys: ChecklistKeys;
  /** A hash that was told when the record was last written: an older copy, whole and signed, does not hold it. */
  readonly holds?: string;
}

export function verifyRecord(text: string, { keys, holds }: VerifyRecordOptions): VerifiedRecord {
  const problems: RecordProblem[] = [];
  const find = (kind: RecordProblemKind, detail: string): void => void problems.push({ kind, detail });
  const none = (detail: string): VerifiedRecord => ({
    record: undefined,
    problems: [{ kind: "malformed", detail }],
  });
  if (text.length > MAX_RECORD_BYTES) return none("it is too large to be a record");
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    return none("it is no JSON");
  }
  if (!isRecordOfList(data)) return none("it is no record of a checklist");
  try {
    if (textOf(data) !== text) find("malformed", "it is not written as we write it");
  } catch {
    return none("it holds half a character");
  }
  let previous = GENESIS;
  for (const [place, entry] of data.entries.entries()) {
    const seq = place + 1;
    if (hashOf(entry) !== entry.hash) find("edited", `entry ${entry.seq} is not what its hash says`);
    if (entry.seq !== seq || entry.previous !== previous)
      find("unlinked", `entry ${entry.seq}, in place ${seq}, does not follow the one before`);
    previous = entry.hash;
  }
  const last = data.entries.at(-1);
  if (last === undefined || data.seal.seq !== last.seq || data.seal.hash !== last.hash)
    find("cut", `the signature is for entry ${data.seal.seq}; the record ends with entry ${last?.seq ?? 0}`);
  const genuine = isGenuine(data.seal, keys);
  if (genuine === undefined)
    find("key-unknown", `it is signed by ${data.seal.kid}, a key that was not given`);
  else if (!genuine) find("forged", "the signature is not of this key");
  if (holds !== undefined && !data.entries.some(({ hash }) => hash === holds))
    find("older", `it does not hold the entry ${holds}: it is a copy from before that`);
  for (const detail of contradictions(data)) find("foreign", detail);
  return { record: data, problems };
}

function contradictions({ entries }: ChecklistRecord): readonly string[] {
  const found: string[] = [];
  const [first] = entries;
  if (first?.record.kind !== "started") return ["it does not begin with a start"];
  const { list } = first.record;
  const problem = listProblem(list);
  if (problem !== undefined) found.push(problem);
  const by = new Map(stepsOf(list).map((step) => [step.id, step.by]));
  for (const { seq, record } of entries.slice(1)) {
    if (record.kind === "started") found.push(`entry ${seq} starts it again`);
    else if (record.kind === "approved") {
      if (!list.roles.includes(record.role)) found.push(`entry ${seq}: nobody asked the role ${record.role}`);
    } else if (record.kind === "looked" ? by.get(record.step) !== "machine" : !by.has(record.step))
      found.push(`entry ${seq}: ${record.step} is no step of its`);
  }
  return found;
}
