/**
 * Holds an export against itself and against heads that were kept elsewhere, without a network or a database. It believes
 * nothing that the file says of itself: a line has one spelling, every hash is computed again, and a signature counts
 * only under a key that was handed in.
 */
import { canonical } from "../lib/canonical.ts";
import { isRecord } from "../lib/freeze.ts";
import { type ChainHead, type FoundEntry, GENESIS, isIntact } from "./chain.ts";
import { type HeadKeys, isGenuine, isSignedHead, type SignedHead } from "./heads.ts";

export type ProblemKind =
  /** The line is no entry, or is written as nobody writes it. */
  | "malformed"
  /** The entry is not what its hash says. */
  | "edited"
  /** It does not follow the one before: that one, or this one, was written anew. */
  | "unlinked"
  | "missing"
  /** It comes after entries that it was before. */
  | "moved"
  /** There is another of this number. */
  | "inserted"
  /** A signed head says that there was more. */
  | "cut"
  /** A signed head says that another entry was here. */
  | "rewritten"
  /** A head that the key did not sign. */
  | "forged-head";

export interface ChainProblem {
  /** The entry's number; for a line that has none, the number that it stands at. */
  readonly seq: number;
  readonly kind: ProblemKind;
  readonly detail: string;
}

export interface ChainReport {
  readonly entries: number;
  readonly last: ChainHead | undefined;
  /** Signed heads that hold; and those that no key was there for. */
  readonly headsHeld: number;
  readonly headsUnchecked: number;
  /** The first hundred. */
  readonly problems: readonly ChainProblem[];
  readonly problemCount: number;
}

export interface VerifyOptions {
  /** Keys that may sign; a head in the file brings none that would be believed. */
  readonly keys: HeadKeys;
  /** Heads from elsewhere: a log, a file, another machine. */
  readonly heads?: readonly SignedHead[];
  /** The lines begin behind this entry, whose hash nobody has looked at. Default: with the first. */
  readonly after?: number;
}

const MOST_PROBLEMS = 100;

export async function verifyChain(
  lines: AsyncIterable<string> | Iterable<string>,
  { keys, heads = [], after = 0 }: VerifyOptions,
): Promise<ChainReport> {
  const problems: ChainProblem[] = [];
  let problemCount = 0;
  const report = (seq: number, kind: ProblemKind, detail: string): void => {
    problemCount += 1;
    if (problems.length < MOST_PROBLEMS) problems.push({ seq, kind, detail });
  };

  let headsUnchecked = 0;
  const genuine = new Map<string, SignedHead>();
  const take = (head: SignedHead): void => {
    const holds = isGenuine(head, keys);
    if (holds === undefined) headsUnchecked += 1;
    else if (holds) genuine.set(head.signature, head);
    else report(head.seq, "forged-head", `a signed head of ${head.at} was not signed by its key`);
  };
  for (const head of heads) take(head);

  const state: State & { entries: number } = {
    last: after === 0 ? GENESIS : { seq: after, hash: undefined },
    entries: 0,
    seen: new Map(),
    kept: new Set(heads.map(({ seq }) => seq)),
  };
  const missing = new Set<number>();
  for await (const line of lines) {
    const found = parsed(line);
    if (found === undefined) {
      report(state.last.seq + 1, "malformed", `the line behind entry ${state.last.seq} is no entry`);
      continue;
    }
    if ("signature" in found) {
      take(found);
      continue;
    }
    state.entries += 1;
    follow(found, state, missing, report);
  }
  for (const seq of missing) report(seq, "missing", `entry ${seq} is not there`);
  const { last } = state;
  for (const head of genuine.values()) {
    const there = state.seen.get(head.seq);
    if (head.seq > last.seq)
      report(last.seq + 1, "cut", `entry ${head.seq} was there at ${head.at}; the log ends at ${last.seq}`);
    else if (there !== undefined && there !== head.hash)
      report(head.seq, "rewritten", `at ${head.at} another entry ${head.seq} was signed`);
  }
  return {
    entries: state.entries,
    last: last.hash === undefined || last.seq === 0 ? undefined : { seq: last.seq, hash: last.hash },
    headsHeld: [...genuine.values()].filter(({ seq, hash }) => state.seen.get(seq) === hash).length,
    headsUnchecked,
    problems: problems.toSorted((a, b) => a.seq - b.seq),
    problemCount,
  };
}

interface State {
  last: { readonly seq: number; readonly hash: string | undefined };
  /** Numbers that heads from elsewhere speak of. */
  readonly kept: ReadonlySet<number>;
  readonly seen: Map<number, string>;
}

/** Hashes at hand for heads in the file, which stand behind their entry: a log of any length takes the same memory. */
const MOST_REMEMBERED = 50_000;
/** Gaps longer than this are told as one. */
const MOST_MISSING = 10_000;

function follow(
  entry: FoundEntry,
  state: State,
  missing: Set<number>,
  report: (seq: number, kind: ProblemKind, detail: string) => void,
): void {
  const { seq, previous, hash } = entry;
  if (!isIntact(entry)) report(seq, "edited", `entry ${seq} is not what its hash says`);
  if (seq <= state.last.seq) {
    if (missing.delete(seq)) {
      state.seen.set(seq, hash);
      return report(seq, "moved", `entry ${seq} comes after entry ${state.last.seq}`);
    }
    return report(seq, "inserted", `there is another entry ${seq}`);
  }
  if (seq > state.last.seq + 1) {
    if (seq - state.last.seq > MOST_MISSING)
      report(state.last.seq + 1, "missing", `entries ${state.last.seq + 1} to ${seq - 1} are not there`);
    else for (let gone = state.last.seq + 1; gone < seq; gone++) missing.add(gone);
  } else if (state.last.hash !== undefined && previous !== state.last.hash)
    report(
      seq,
      "unlinked",
      `entry ${seq} does not follow entry ${state.last.seq}: one of them was written anew`,
    );
  state.seen.set(seq, hash);
  if (state.seen.size > state.kept.size + MOST_REMEMBERED)
    for (const oldest of state.seen.keys()) {
      if (state.kept.has(oldest)) continue;
      state.seen.delete(oldest);
      break;
    }
  state.last = { seq, hash };
}

/** Undefined for a line that is neither, or has a second spelling. */
function parsed(line: string): FoundEntry | SignedHead | undefined {
  let data: unknown;
  try {
    data = JSON.parse(line);
    if (canonical(data) !== line) return undefined;
  } catch {
    return undefined;
  }
  if (!isRecord(data)) return undefined;
  const { head, seq, previous, hash, record, ...more } = data;
  if (Object.keys(more).length > 0) return undefined;
  if (isSignedHead(head) && seq === undefined && record === undefined) return head;
  if (head !== undefined || typeof previous !== "string" || typeof hash !== "string") return undefined;
  if (typeof seq !== "number" || !Number.isSafeInteger(seq) || seq < 1) return undefined;
  return { seq, previous, hash, record };
}

/** A head as a line of an export. */
export const headLine = (head: SignedHead): string => canonical({ head });
