/** What is written down before it is done: a run that was killed is known by it, and completed or undone. */
import Type from "typebox";
import Value from "typebox/value";
import { ReleaseError } from "./settings.ts";

/** A folder's name and an argument: nothing that could be a path, an option or a hidden file. */
const ID = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$";
export const isReleaseId = (text: string): boolean => new RegExp(ID).test(text) && !text.includes("..");

const id = Type.String({ pattern: ID });
const text = Type.String({ maxLength: 8192 });
const orNull = <T extends Type.TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
const heads = Type.Array(Type.String({ maxLength: 256 }), { maxItems: 10_000 });
const facts = { version: orNull(text), commit: orNull(text), policy: orNull(text) };

const journalSchema = Type.Object({
  form: Type.Literal(1),
  run: id,
  kind: Type.Union([Type.Literal("release"), Type.Literal("rollback")]),
  to: id,
  from: orNull(id),
  /** The schema that the run found, as the last migration of each source. */
  before: orNull(heads),
  /** Where a rollback takes the schema back to. */
  target: orNull(heads),
  backup: Type.Boolean(),
  startedAt: Type.Number(),
  direction: Type.Union([Type.Literal("forward"), Type.Literal("back")]),
  /** Why it goes back. */
  reason: orNull(text),
  /** Forward steps that were begun: these are what must be undone. */
  begun: Type.Array(text, { maxItems: 1000 }),
  /** Steps that are done in the present direction. */
  done: Type.Array(text, { maxItems: 1000 }),
  /** The command that runs, by pid and when it was started: a pid alone may be somebody else's by now. */
  command: orNull(Type.Object({ pid: Type.Integer({ minimum: 1 }), started: text })),
  facts: Type.Object(facts),
});

export type Journal = Readonly<Type.Static<typeof journalSchema>>;

const recordSchema = Type.Object({
  run: id,
  id,
  kind: Type.Union([Type.Literal("release"), Type.Literal("rollback")]),
  ...facts,
  /** The schema after it, as the last migration of each source; null where nobody migrates. */
  migrations: orNull(heads),
  from: orNull(id),
  startedAt: text,
  seconds: Type.Number(),
  /** `live`: it is, or was until the next. `returned`: all is as before. `failed`: there was nothing to go back to. */
  outcome: Type.Union([Type.Literal("live"), Type.Literal("returned"), Type.Literal("failed")]),
  reason: orNull(text),
});

export type ReleaseRecord = Readonly<Type.Static<typeof recordSchema>>;

/** Lines of history; older ones go, so that no file grows without end. */
const MOST_RECORDS = 200;

/** @throws ReleaseError where it is damaged: guessing at it could undo what was never done */
export function parseJournal(source: string): Journal {
  const data = parsed(source, "journal.json");
  if (!Value.Check(journalSchema, data))
    throw new ReleaseError("journal.json is no journal of a release; look at it before you go on.");
  return data;
}

export function parseRecords(source: string | undefined): readonly ReleaseRecord[] {
  if (source === undefined) return [];
  const data = parsed(source, "releases.json");
  if (!Value.Check(Type.Array(recordSchema), data))
    throw new ReleaseError("releases.json is no list of releases; look at it before you go on.");
  return data;
}

/** Once for each run, whatever was killed between writing it down and forgetting the journal. */
export const withRecord = (all: readonly ReleaseRecord[], one: ReleaseRecord): readonly ReleaseRecord[] =>
  [...all.filter(({ run }) => run !== one.run), one].slice(-MOST_RECORDS);

/** Ids in the order of their last release; the way back leads along it, and a rollback adds nothing to it. */
export function releasedBefore(records: readonly ReleaseRecord[], current: string): readonly string[] {
  const order = records
    .filter(({ kind, outcome }) => kind === "release" && outcome === "live")
    .map(({ id: one }) => one);
  const last = order.lastIndexOf(current);
  return last === -1 ? [] : order.slice(0, last).filter((one) => one !== current);
}

/** Where a rollback goes to that names no release: the last one before `current` whose folder is there. */
export const wayBack = (
  records: readonly ReleaseRecord[],
  current: string,
  there: readonly string[],
): string | undefined => releasedBefore(records, current).findLast((one) => there.includes(one));

/** The last applied migration of each source ("source/NNNN_name"). */
export function headsOf(applied: readonly string[]): readonly string[] {
  const last = new Map<string, string>();
  for (const one of applied.toSorted((a, b) => (a < b ? -1 : 1))) last.set(one.split("/")[0] ?? "", one);
  return [...last.values()];
}

function parsed(source: string, file: string): unknown {
  try {
    return JSON.parse(source);
  } catch {
    throw new ReleaseError(`${file} is no JSON; look at it before you go on.`);
  }
}
