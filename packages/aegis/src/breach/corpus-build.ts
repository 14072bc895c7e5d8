/** Makes a corpus from a list of any size and order, in bounded memory; the old corpus stays until the new one is whole. */
import { createReadStream } from "node:fs";
import { type FileHandle, mkdtemp, open, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { HEADER_BYTES, headerFor, isCorpus } from "./corpus-format.ts";
import { type Entry, LineReader, type ListFormat } from "./corpus-lines.ts";
import { Runs } from "./corpus-runs.ts";
import { CorpusError } from "./errors.ts";

export interface BuildProgress {
  readonly phase: "reading" | "merging";
  /** Bytes read so far in this phase. */
  readonly bytesRead: number;
  /** Undefined where the list is a pipe. */
  readonly bytesTotal: number | undefined;
}

export interface BuildOptions {
  /** Default "auto". */
  readonly format?: ListFormat;
  /** Entries that are sorted in memory at a time, 16 bytes each. Default 1,048,576. */
  readonly chunkEntries?: number;
  readonly onProgress?: (progress: BuildProgress) => void;
  /** Gives the work up; nothing is left behind. */
  readonly signal?: AbortSignal;
}

export interface BuildResult {
  readonly entries: number;
  readonly lines: number;
  /** Lines longer than any password. */
  readonly skipped: number;
}

const PIECE_BYTES = 64 * 1024;

/**
 * Builds the corpus `out` from `list`. Needs about 24 bytes of disk beside `out` per line while it works.
 * @throws CorpusError when the list cannot be used, or `out` is something else already.
 */
export async function buildCorpus(
  list: string,
  out: string,
  options: BuildOptions = {},
): Promise<BuildResult> {
  const bytesTotal = await checkedSize(list);
  await checkTarget(out);
  // A folder of our own, readable by us alone: no planted link is followed, and two builds do not meet.
  const folder = await mkdtemp(`${out}.tmp-`).catch((error: unknown) => {
    throw new CorpusError(`${dirname(out)} cannot be written.`, { cause: error });
  });
  try {
    const runs = new Runs(folder);
    const lines = await readList(list, bytesTotal, runs, options);
    if (runs.bytes === 0) throw new CorpusError(`${list} holds no password and no hash.`);
    const made = join(folder, "corpus");
    const handle = await open(made, "wx", 0o644);
    try {
      const entries = await writeCorpus(handle, runs, options);
      await handle.close();
      await rename(made, out);
      return { entries, lines: lines.lines, skipped: lines.skipped };
    } finally {
      await handle.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function readList(
  list: string,
  bytesTotal: number | undefined,
  runs: Runs,
  { format = "auto", chunkEntries = 1_048_576, onProgress, signal }: BuildOptions,
): Promise<LineReader> {
  const reader = new LineReader(format);
  const chunk = new Chunk(chunkEntries + PIECE_BYTES); // a piece is looked at whole, and no line is shorter than a byte
  const keep = (entry: Entry): void => chunk.add(entry);
  let bytesRead = 0;
  try {
    for await (const piece of createReadStream(list, { highWaterMark: PIECE_BYTES, signal })) {
      if (!Buffer.isBuffer(piece)) continue; // without an encoding it always is
      reader.push(piece, keep);
      bytesRead += piece.length;
      onProgress?.({ phase: "reading", bytesRead, bytesTotal });
      if (chunk.entries >= chunkEntries) await chunk.moveTo(runs);
    }
    reader.end(keep);
    await chunk.moveTo(runs);
  } finally {
    await runs.finish();
  }
  return reader;
}

async function writeCorpus(
  handle: FileHandle,
  runs: Runs,
  { onProgress, signal }: BuildOptions,
): Promise<number> {
  const bytesTotal = runs.bytes * runs.passes;
  let bytesRead = 0;
  // Zeros for now: until the true header is written, the last thing of all, the file is no corpus.
  await handle.writeFile(Buffer.alloc(HEADER_BYTES));
  const entries = await runs.mergeInto(handle, (bytes) => {
    signal?.throwIfAborted();
    bytesRead += bytes;
    onProgress?.({ phase: "merging", bytesRead, bytesTotal });
  });
  await handle.write(headerFor(entries), 0, HEADER_BYTES, 0);
  await handle.sync(); // a rename that outlives a power cut must not name a file that did not
  return entries;
}

/** Entries in memory, as columns: a million objects would take ten times the room. */
class Chunk {
  entries = 0;
  readonly #high: Uint32Array;
  readonly #low: Uint32Array;
  readonly #count: Uint32Array;
  readonly #order: Uint32Array;
  readonly #entry: Entry = { high: 0, low: 0, count: 0 };

  constructor(capacity: number) {
    this.#high = new Uint32Array(capacity);
    this.#low = new Uint32Array(capacity);
    this.#count = new Uint32Array(capacity);
    this.#order = new Uint32Array(capacity);
  }

  add({ high, low, count }: Entry): void {
    this.#high[this.entries] = high;
    this.#low[this.entries] = low;
    this.#count[this.entries] = count;
    this.entries += 1;
  }

  async moveTo(runs: Runs): Promise<void> {
    const order = this.#order.subarray(0, this.entries);
    for (let index = 0; index < order.length; index++) order[index] = index;
    order.sort((a, b) => this.#compare(a, b));
    await runs.add(this.entries, (index) => this.#entryAt(order[index] ?? 0));
    this.entries = 0;
  }

  #compare(a: number, b: number): number {
    return (this.#high[a] ?? 0) - (this.#high[b] ?? 0) || (this.#low[a] ?? 0) - (this.#low[b] ?? 0);
  }

  #entryAt(place: number): Entry {
    this.#entry.high = this.#high[place] ?? 0;
    this.#entry.low = this.#low[place] ?? 0;
    this.#entry.count = this.#count[place] ?? 0;
    return this.#entry;
  }
}

async function checkedSize(list: string): Promise<number | undefined> {
  const found = await stat(list).catch((error: unknown) => {
    throw new CorpusError(`${list} cannot be read.`, { cause: error });
  });
  if (found.isDirectory()) throw new CorpusError(`${list} is a folder.`);
  return found.isFile() ? found.size : undefined;
}

/** What is there may only be an older corpus: LIST and OUT in the wrong order must not cost the list. */
async function checkTarget(out: string): Promise<void> {
  const handle = await open(out, "r").catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw new CorpusError(`${out} cannot be replaced.`, { cause: error });
  });
  if (handle === undefined) return;
  try {
    const header = Buffer.alloc(HEADER_BYTES);
    const isFile = (await handle.stat()).isFile();
    if (isFile) await handle.read(header, 0, HEADER_BYTES, 0);
    if (!isFile || !isCorpus(header))
      throw new CorpusError(`${out} is there already, and is no corpus. Choose another name, or remove it.`);
  } finally {
    await handle.close();
  }
}
