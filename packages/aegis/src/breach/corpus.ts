/**
 * Looks passwords up in a file on this machine: nothing leaves it, and nothing is held in memory. Binary search with
 * positional reads; a file that turns out damaged on the way is "not checked", never "never seen".
 */
import { type FileHandle, open } from "node:fs/promises";
import { type BreachAnswer, breachHash, type BreachSource, notChecked } from "./checker.ts";
import { ENTRY_BYTES, entriesOf, HEADER_BYTES, PREFIX_BYTES } from "./corpus-format.ts";
import { CorpusError } from "./errors.ts";

export interface Corpus {
  readonly entries: number;
  /** How often a SHA-1 was seen; needs its first eight bytes. Rejects where the file cannot be read or is damaged. */
  count(sha1: Uint8Array): Promise<number>;
  close(): Promise<void>;
}

const BLOCK_ENTRIES = 340; // what fits in a page of 4 KiB: read at once rather than halved eight times more
const SAMPLES = 256;

/**
 * Opens a corpus and looks whether it is whole and in order.
 * @throws CorpusError when it is missing, cut off, damaged, or another kind of file.
 */
export async function openCorpus(file: string): Promise<Corpus> {
  const handle = await open(file, "r").catch((error: unknown) => {
    throw new CorpusError(`${file} cannot be opened.`, { cause: error });
  });
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw new CorpusError(`${file} is no file.`);
    const header = Buffer.alloc(HEADER_BYTES);
    const { bytesRead } = await handle.read(header, 0, HEADER_BYTES, 0);
    const entries = entriesOf(header.subarray(0, bytesRead), stat.size, file);
    await checkOrder(handle, entries, file);
    return {
      entries,
      count: (sha1) => search(handle, entries, Buffer.from(sha1.subarray(0, PREFIX_BYTES)), file),
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** A corpus as a source of answers. Closing the corpus stays with the one who opened it. */
export function corpusSource(corpus: Pick<Corpus, "count">): BreachSource {
  return {
    count: (password): Promise<BreachAnswer> =>
      corpus.count(breachHash(password)).then(
        (count) => ({ checked: true, count }),
        () => notChecked("the corpus of breached passwords cannot be read"),
      ),
  };
}

async function search(handle: FileHandle, entries: number, wanted: Buffer, file: string): Promise<number> {
  if (wanted.length < PREFIX_BYTES) throw new TypeError("A look-up needs eight bytes of the hash.");
  let low = 0;
  let high = entries;
  let floor: Buffer | undefined; // what lies before `low`, and at `high`: the rest must lie between them
  let ceiling: Buffer | undefined;
  while (high - low > BLOCK_ENTRIES) {
    const middle = low + Math.floor((high - low) / 2);
    const entry = await readEntries(handle, middle, 1, file);
    const found = entry.subarray(0, PREFIX_BYTES);
    if ((floor && floor.compare(found) >= 0) || (ceiling && ceiling.compare(found) <= 0)) throw damaged(file);
    if (found.compare(wanted) < 0) [low, floor] = [middle + 1, found];
    else if (found.compare(wanted) > 0) [high, ceiling] = [middle, found];
    else return entry.readUInt32BE(PREFIX_BYTES);
  }
  if (low === high) return 0;
  const block = await readEntries(handle, low, high - low, file);
  if (!isAscending(block)) throw damaged(file);
  for (let at = 0; at < block.length; at += ENTRY_BYTES)
    if (block.compare(wanted, 0, PREFIX_BYTES, at, at + PREFIX_BYTES) === 0)
      return block.readUInt32BE(at + PREFIX_BYTES);
  return 0;
}

/** Blocks all over the file; a small one is read whole. Reading all of a large one would take a minute at every start. */
async function checkOrder(handle: FileHandle, entries: number, file: string): Promise<void> {
  const step = Math.max(BLOCK_ENTRIES, Math.floor(entries / SAMPLES));
  let last: Buffer | undefined;
  for (let at = 0; at < entries; at += step) {
    const block = await readEntries(handle, at, Math.min(BLOCK_ENTRIES, entries - at), file);
    if (!isAscending(block, last)) throw damaged(file);
    last = block.subarray(-ENTRY_BYTES);
  }
}

function isAscending(block: Buffer, before?: Buffer): boolean {
  if (before !== undefined && before.compare(block, 0, PREFIX_BYTES, 0, PREFIX_BYTES) >= 0) return false;
  for (let at = ENTRY_BYTES; at < block.length; at += ENTRY_BYTES)
    if (block.compare(block, at - ENTRY_BYTES, at - ENTRY_BYTES + PREFIX_BYTES, at, at + PREFIX_BYTES) <= 0)
      return false;
  return true;
}

async function readEntries(handle: FileHandle, at: number, entries: number, file: string): Promise<Buffer> {
  const wanted = Buffer.alloc(entries * ENTRY_BYTES);
  const { bytesRead } = await handle.read(wanted, 0, wanted.length, HEADER_BYTES + at * ENTRY_BYTES);
  if (bytesRead !== wanted.length) throw damaged(file); // shortened while it was open
  return wanted;
}

const damaged = (file: string): CorpusError =>
  new CorpusError(`${file} cannot be used as a corpus: its entries are damaged; build it anew.`);
