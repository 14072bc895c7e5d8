/**
 * Saved runs of the verifier, in a folder that the operator fills (`aegis verify URL --save FILE`). What lies there is data
 * from outside: so many files and so many bytes of them are read, each is parsed by the library, and one that is damaged
 * is named and stops nothing.
 */
import { constants } from "node:fs";
import { lstat, open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as others } from "node:timers/promises";
import { parseRun, ReportError, type Run } from "aegis/report";

/** Runs of the history; a week of one every six hours. */
export const MOST_RUNS = 30;
/** As many again that are no runs may lie among them before older runs are not found. */
const MOST_FILES = 60;
/** A whole run of the hub takes 2 MB. */
const MAX_FILE_BYTES = 8_000_000;
const NAME = /^[\w][\w.@+-]{0,100}\.json$/;

export interface SavedRun {
  readonly file: string;
  /** Without exchanges: they are read when somebody asks for one. */
  readonly run: Run;
}

export interface ProofProblem {
  readonly file: string;
  readonly reason: string;
}

export interface ProofFolder {
  /** The oldest first. */
  readonly runs: readonly SavedRun[];
  readonly problems: readonly ProofProblem[];
  /** Files that were not looked at, because there are newer ones. */
  readonly leftOut: number;
}

export interface Proofs {
  read(): Promise<ProofFolder>;
  /** The whole run; undefined where the file went away or is none any more. */
  whole(file: string): Promise<Run | undefined>;
}

interface Known {
  readonly stamp: string;
  readonly run: Run | undefined;
  readonly reason: string;
}

const codeOf = (error: unknown): unknown =>
  error instanceof Error && "code" in error ? error.code : undefined;

const withoutExchanges = (run: Run): Run => ({
  ...run,
  findings: run.findings.map((finding) => ({ ...finding, evidence: [], matrix: [] })),
});

export function proofsIn(directory: string): Proofs {
  let known = new Map<string, Known>();
  let under: Promise<ProofFolder> | undefined;
  let last: { readonly file: string; readonly stamp: string; readonly run: Run } | undefined;

  const look = async (): Promise<ProofFolder> => {
    const { files, problems } = await filesIn(directory);
    const fresh = new Map<string, Known>();
    for (const { file, stamp } of files.slice(0, MOST_FILES)) {
      const before = known.get(file);
      if (before?.stamp === stamp) fresh.set(file, before);
      else {
        fresh.set(file, await readLean(directory, file, stamp));
        await others(); // reading one takes a while, and requests wait meanwhile
      }
    }
    known = fresh;
    const all = [...known].flatMap(([file, { run }]) => (run === undefined ? [] : [{ file, run }]));
    // A copy of a run is not another one.
    const once = new Map(all.map((one) => [`${one.run.origin} ${one.run.startedAt}`, one]));
    const runs = [...once.values()].toSorted((a, b) => (a.run.endedAt < b.run.endedAt ? -1 : 1));
    const damaged = [...known].flatMap(([file, { run, reason }]) =>
      run === undefined ? [{ file, reason }] : [],
    );
    return {
      runs: runs.slice(-MOST_RUNS),
      problems: [...problems, ...damaged].slice(0, MOST_FILES),
      leftOut: Math.max(0, files.length - MOST_FILES) + Math.max(0, runs.length - MOST_RUNS),
    };
  };

  return {
    read() {
      under ??= look().finally(() => (under = undefined));
      return under;
    },
    async whole(file) {
      const stamp = known.get(file)?.stamp;
      if (stamp === undefined) return undefined; // only what the folder was seen to hold
      if (last?.file === file && last.stamp === stamp) return last.run;
      const read = await readRun(directory, file).catch(() => undefined);
      if (read !== undefined) last = { file, stamp, run: read };
      return read;
    },
  };
}

async function filesIn(directory: string) {
  const problems: ProofProblem[] = [];
  const names = await readdir(directory).catch((error: unknown) => {
    if (codeOf(error) !== "ENOENT")
      problems.push({ file: ".", reason: `The folder cannot be read (${String(codeOf(error))}).` });
    return [];
  });
  const found: { file: string; stamp: string; at: number }[] = [];
  for (const file of names.filter((name) => NAME.test(name))) {
    const about = await lstat(join(directory, file)).catch(() => undefined);
    // A link would lead elsewhere; a folder is none of ours.
    if (about?.isFile() === true)
      found.push({ file, stamp: `${about.mtimeMs} ${about.size} ${about.ino}`, at: about.mtimeMs });
  }
  return { files: found.toSorted((a, b) => b.at - a.at || (a.file < b.file ? -1 : 1)), problems };
}

async function readLean(directory: string, file: string, stamp: string): Promise<Known> {
  try {
    return { stamp, run: withoutExchanges(await readRun(directory, file)), reason: "" };
  } catch (error) {
    const reason =
      error instanceof ReportError ? error.message : `It cannot be read (${String(codeOf(error))}).`;
    return { stamp, run: undefined, reason };
  }
}

async function readRun(directory: string, file: string): Promise<Run> {
  const handle = await open(join(directory, file), constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const { size } = await handle.stat();
    if (size === 0) throw new ReportError("It is empty: a run that is saved here may be under way.");
    if (size > MAX_FILE_BYTES)
      throw new ReportError(`It has more than ${MAX_FILE_BYTES / 1_000_000} MB, and no run of the hub does.`);
    return parseRun(await handle.readFile("utf8"));
  } finally {
    await handle.close();
  }
}
