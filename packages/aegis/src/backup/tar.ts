/**
 * Folders as tar (POSIX ustar), a piece at a time, so that `tar` reads by hand what is kept. Only what we write is read:
 * plain files and folders with plain relative names. Threat: an archive that writes through a link or above its folder.
 * References: POSIX.1-2017 pax, "ustar Interchange Format"; CWE-22, CWE-59.
 */
import { BackupError } from "./errors.ts";
import type { Bytes } from "./part.ts";

export interface TarEntry {
  /** Relative, with "/" between its parts. */
  readonly name: string;
  /** Undefined: a folder. */
  readonly file?: { readonly size: number; readonly bytes: Bytes };
}

const BLOCK = 512;
/** Eleven octal digits. */
const MAX_FILE_BYTES = 8 ** 11 - 1;
const NAME = /^(?!.*(^|\/)\.\.?(\/|$))[\w.@%+=-]+(\/[\w.@%+=-]+)*$/;
const damaged = (what: string) => new BackupError("AEGIS_BACKUP_DAMAGED", what);

/** Fits the header's fields, and means the same to whoever reads it. */
export const isTarName = (name: string): boolean => NAME.test(name) && split(name) !== undefined;

function split(name: string): readonly [prefix: string, rest: string] | undefined {
  if (name.length <= 99) return ["", name];
  for (let at = name.indexOf("/"); at !== -1; at = name.indexOf("/", at + 1))
    if (at <= 155 && name.length - at - 1 <= 99) return [name.slice(0, at), name.slice(at + 1)];
  return undefined;
}

function header({ name, file }: TarEntry): Buffer {
  const parts = isTarName(name) ? split(name) : undefined;
  const size = file?.size ?? 0;
  if (parts === undefined || size > MAX_FILE_BYTES)
    throw new BackupError("AEGIS_BACKUP_FAILED", "a file's name or size has no place in an archive");
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, length: number) =>
    block.write(`${value.toString(8).padStart(length - 1, "0")}\0`, at, "latin1");
  block.write(parts[1] + (file === undefined ? "/" : ""), 0, "latin1");
  octal(file === undefined ? 0o700 : 0o600, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(0, 136, 12);
  block.write("        ", 148, "latin1");
  block.write(file === undefined ? "5" : "0", 156, "latin1");
  block.write("ustar\u000000", 257, "latin1");
  block.write(parts[0], 345, "latin1");
  block.write(`${checksum(block).toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return block;
}

/** Of the header, its own field read as spaces. */
const checksum = (block: Uint8Array): number =>
  block.reduce((sum, byte, at) => sum + (at >= 148 && at < 156 ? 32 : byte), 0);

/** @throws BackupError AEGIS_BACKUP_FAILED where a file is shorter than it was said to be */
export async function* tarOf(entries: AsyncIterable<TarEntry>): AsyncGenerator<Uint8Array> {
  for await (const entry of entries) {
    yield header(entry);
    if (entry.file === undefined) continue;
    let left = entry.file.size;
    for await (const chunk of entry.file.bytes) {
      // A file that grows is kept as long as it was.
      const piece = chunk.subarray(0, left);
      left -= piece.length;
      if (piece.length > 0) yield piece;
      if (left === 0) break;
    }
    if (left > 0) throw new BackupError("AEGIS_BACKUP_FAILED", "a file became shorter while it was read");
    if (entry.file.size % BLOCK > 0) yield Buffer.alloc(BLOCK - (entry.file.size % BLOCK));
  }
  yield Buffer.alloc(2 * BLOCK);
}

/** Each entry's bytes must be read before the next is asked for. @throws BackupError AEGIS_BACKUP_DAMAGED */
export async function* entriesOf(source: Bytes): AsyncGenerator<TarEntry> {
  const input = blocksOf(source);
  try {
    yield* readEntries(input);
  } finally {
    await input.close();
  }
}

async function* readEntries(input: ReturnType<typeof blocksOf>): AsyncGenerator<TarEntry> {
  for (;;) {
    const block = await input.take(BLOCK);
    if (block.every((byte) => byte === 0)) break;
    const entry = parsed(block);
    if (entry.file === undefined) {
      yield { name: entry.name };
      continue;
    }
    const { size } = entry.file;
    let isRead = size === 0;
    const bytes = async function* (): AsyncGenerator<Uint8Array> {
      for (let left = size; left > 0;) {
        const chunk = await input.some(left);
        left -= chunk.length;
        yield chunk;
      }
      isRead = true;
    };
    yield { name: entry.name, file: { size, bytes: bytes() } };
    if (!isRead) throw new TypeError("an entry of an archive was left unread");
    if (size % BLOCK > 0) await input.take(BLOCK - (size % BLOCK));
  }
  await input.end();
}

function parsed(block: Buffer): { readonly name: string; readonly file?: { readonly size: number } } {
  const field = (at: number, length: number): string => {
    const text = block.subarray(at, at + length).toString("latin1");
    const end = text.indexOf("\0");
    return end === -1 ? text : text.slice(0, end);
  };
  const octal = (at: number, length: number): number => {
    const text = field(at, length).trim();
    if (!/^[0-7]+$/.test(text)) throw damaged("an archive has a header that is none");
    return Number.parseInt(text, 8);
  };
  if (!field(257, 6).startsWith("ustar") || octal(148, 8) !== checksum(block))
    throw damaged("an archive has a header that is none");
  const kind = field(156, 1);
  const prefix = field(345, 155);
  const rest = field(0, 100);
  const whole = prefix === "" ? rest : `${prefix}/${rest}`;
  const name = kind === "5" ? whole.replace(/\/$/, "") : whole;
  if ((kind !== "0" && kind !== "5") || !isTarName(name))
    throw damaged("an archive has an entry that we do not write");
  return kind === "5" ? { name } : { name, file: { size: octal(124, 12) } };
}

function blocksOf(source: Bytes) {
  const iterator = source[Symbol.asyncIterator]();
  let rest: Uint8Array = new Uint8Array();
  const more = async (): Promise<boolean> => {
    while (rest.length === 0) {
      const { done, value } = await iterator.next();
      if (done === true) return false;
      rest = value;
    }
    return true;
  };
  /** What is at hand, at most `limit`. */
  const some = async (limit: number): Promise<Uint8Array> => {
    if (!(await more())) throw damaged("an archive was cut off");
    const chunk = rest.subarray(0, limit);
    rest = rest.subarray(chunk.length);
    return chunk;
  };
  return {
    some,
    async take(length: number): Promise<Buffer> {
      const all = Buffer.alloc(length);
      for (let done = 0; done < length;) {
        const chunk = await some(length - done);
        all.set(chunk, done);
        done += chunk.length;
      }
      return all;
    },
    /** To the end, so that the digest behind it is looked at; whatever stands there says nothing. */
    async end(): Promise<void> {
      while (await more()) {
        if (rest.some((byte) => byte !== 0)) throw damaged("an archive goes on behind its end");
        rest = new Uint8Array();
      }
    },
    async close(): Promise<void> {
      await iterator.return?.();
    },
  };
}
