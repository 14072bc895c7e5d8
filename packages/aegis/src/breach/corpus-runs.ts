/** Sorts more entries than memory holds: sorted runs on disk, merged a bounded number at a time. */
import { type FileHandle, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { ENTRY_BYTES, MOST_SEEN } from "./corpus-format.ts";
import type { Entry } from "./corpus-lines.ts";

const BLOCK_BYTES = 8192 * ENTRY_BYTES;
const MOST_AT_ONCE = 64; // open files: a process may have as few as 256 (macOS)

/** Entries in ascending order into a file; the same hash again adds to its count. */
class EntryWriter {
  entries = 0;
  readonly handle: FileHandle;
  readonly #block = Buffer.alloc(BLOCK_BYTES);
  #used = 0;

  constructor(handle: FileHandle) {
    this.handle = handle;
  }

  add(high: number, low: number, count: number): Promise<void> | undefined {
    const last = this.#used - ENTRY_BYTES;
    if (last >= 0 && this.#block.readUInt32BE(last + 4) === low && this.#block.readUInt32BE(last) === high) {
      const sum = Math.min(this.#block.readUInt32BE(last + 8) + count, MOST_SEEN);
      this.#block.writeUInt32BE(sum, last + 8);
      return undefined;
    }
    this.entries += 1;
    this.#block.writeUInt32BE(high, this.#used);
    this.#block.writeUInt32BE(low, this.#used + 4);
    this.#block.writeUInt32BE(count, this.#used + 8);
    this.#used += ENTRY_BYTES;
    return this.#used === BLOCK_BYTES ? this.#write(BLOCK_BYTES - ENTRY_BYTES) : undefined;
  }

  /** Whether an entry could follow without breaking the order. */
  takes(high: number, low: number): boolean {
    if (this.#used === 0) return true;
    const last = this.#used - ENTRY_BYTES;
    const lastHigh = this.#block.readUInt32BE(last);
    return lastHigh < high || (lastHigh === high && this.#block.readUInt32BE(last + 4) <= low);
  }

  end(): Promise<void> {
    return this.#write(this.#used);
  }

  /** The last entry stays here until the end, for the next may be the same hash. */
  async #write(bytes: number): Promise<void> {
    await this.handle.writeFile(this.#block.subarray(0, bytes));
    this.#block.copyWithin(0, bytes, this.#used);
    this.#used -= bytes;
  }
}

class RunReader implements Entry {
  high = 0;
  low = 0;
  count = 0;
  readonly #handle: FileHandle;
  readonly #block = Buffer.alloc(BLOCK_BYTES);
  #at = 0;
  #end = 0;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  /** Takes the next entry from the block; false when the block is used up. */
  next(): boolean {
    if (this.#at === this.#end) return false;
    this.high = this.#block.readUInt32BE(this.#at);
    this.low = this.#block.readUInt32BE(this.#at + 4);
    this.count = this.#block.readUInt32BE(this.#at + 8);
    this.#at += ENTRY_BYTES;
    return true;
  }

  async fill(): Promise<number> {
    this.#at = 0;
    this.#end = 0;
    while (this.#end < BLOCK_BYTES) {
      const { bytesRead } = await this.#handle.read(this.#block, this.#end, BLOCK_BYTES - this.#end);
      if (bytesRead === 0) break;
      this.#end += bytesRead;
    }
    return this.#end;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

const isBefore = (a: Entry, b: Entry): boolean => a.high < b.high || (a.high === b.high && a.low < b.low);

/** Sorted runs in a folder of their own. */
export class Runs {
  bytes = 0;
  readonly #folder: string;
  readonly #finished: string[] = [];
  #made = 0;
  #open: { readonly file: string; readonly writer: EntryWriter } | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Adds sorted entries; they lengthen the run before where they follow it, so that a sorted list makes one run. */
  async add(count: number, entryAt: (index: number) => Entry): Promise<void> {
    if (count === 0) return;
    const first = entryAt(0);
    if (this.#open !== undefined && !this.#open.writer.takes(first.high, first.low)) await this.finish();
    this.#open ??= await this.#begin();
    const { writer } = this.#open;
    for (let index = 0; index < count; index++) {
      const { high, low, count: seen } = entryAt(index);
      const full = writer.add(high, low, seen);
      if (full !== undefined) await full;
    }
  }

  /** Ends the run that is being written, if any; also what to do when the work is given up. */
  async finish(): Promise<void> {
    const done = this.#open;
    if (done === undefined) return;
    this.#open = undefined;
    await closing(done.writer.handle, done.writer.end());
    this.bytes += done.writer.entries * ENTRY_BYTES;
    this.#finished.push(done.file);
  }

  /** How often every entry is read until one run is left, so that progress can be told. */
  get passes(): number {
    return Math.max(1, Math.ceil(Math.log(this.#finished.length) / Math.log(MOST_AT_ONCE)));
  }

  /** Merges all runs into the handle, from its position on, and returns how many entries that makes. */
  async mergeInto(target: FileHandle, onBytes: (bytes: number) => void): Promise<number> {
    while (this.#finished.length > MOST_AT_ONCE) {
      const level = this.#finished.splice(0);
      while (level.length > 0) {
        const { file, writer } = await this.#begin();
        await closing(writer.handle, merge(level.splice(0, MOST_AT_ONCE), writer, onBytes));
        this.#finished.push(file);
      }
    }
    const writer = new EntryWriter(target);
    await merge(this.#finished.splice(0), writer, onBytes);
    return writer.entries;
  }

  async #begin(): Promise<{ file: string; writer: EntryWriter }> {
    const file = join(this.#folder, `run-${this.#made++}`);
    return { file, writer: new EntryWriter(await open(file, "wx", 0o600)) };
  }
}

async function closing(handle: FileHandle, work: Promise<void>): Promise<void> {
  try {
    await work;
  } finally {
    await handle.close();
  }
}

async function merge(files: readonly string[], writer: EntryWriter, onBytes: (bytes: number) => void) {
  const readers: RunReader[] = [];
  try {
    for (const file of files) readers.push(new RunReader(await open(file, "r")));
    const heap: RunReader[] = [];
    for (const reader of readers) {
      onBytes(await reader.fill());
      if (reader.next()) heap.push(reader);
    }
    for (let at = (heap.length >> 1) - 1; at >= 0; at--) sink(heap, at);
    for (let least = heap[0]; least !== undefined; least = heap[0]) {
      const full = writer.add(least.high, least.low, least.count);
      if (full !== undefined) await full;
      if (!least.next()) {
        onBytes(await least.fill());
        if (!least.next()) {
          const last = heap.pop();
          if (last !== undefined && last !== least) heap[0] = last;
        }
      }
      sink(heap, 0);
    }
    await writer.end();
  } finally {
    for (const reader of readers) await reader.close();
  }
  for (const file of files) await rm(file); // at once: else every level would take the room of all
}

/** Moves a reader of a binary heap down to where it belongs. */
function sink(heap: RunReader[], from: number): void {
  const moved = heap[from];
  if (moved === undefined) return;
  let at = from;
  for (;;) {
    const [left, right] = [heap[2 * at + 1], heap[2 * at + 2]];
    if (left === undefined) break;
    const [child, place] =
      right !== undefined && isBefore(right, left) ? [right, 2 * at + 2] : [left, 2 * at + 1];
    if (!isBefore(child, moved)) break;
    heap[at] = child;
    at = place;
  }
  heap[at] = moved;
}
