/**
 * ZIP (APPNOTE 6.3.10), in the one shape that every program reads in the same way: entries one after the other from the
 * first byte, the directory behind them, nothing between, before or after. A bomb's entries overlap or unpack to more
 * than they say; a file of two kinds has something in a gap; a path leads out of the folder it is unpacked in.
 */
import { crc32, createInflateRaw } from "node:zlib";
import type { Refusal } from "./verdict.ts";

export interface ZipBounds {
  readonly archiveEntryLimit: number;
  readonly archiveExpandedBytes: number;
}

export interface ZipEntry {
  readonly name: string;
  /** Unpacked bytes, as declared; `readZip` has seen that it is so. */
  readonly size: number;
  /** The first bytes, unpacked: what kind of file it is. */
  readonly head: Buffer;
}

const END = 0x06054b50;
const DIRECTORY = 0x02014b50;
const LOCAL = 0x04034b50;
const END_LENGTH = 22;
const ENCRYPTED = 0x0001;
const SIZES_BEHIND = 0x0008;
const UTF8 = 0x0800;
const HEAD_LENGTH = 65_536;
/** Deflate reaches 1032; a document of an office program about 20. Below a megabyte nobody is hurt. */
const RATIO_LIMIT = 300;
const RATIO_FROM_BYTES = 1024 * 1024;

export async function readZip(
  bytes: Buffer,
  bounds: ZipBounds,
): Promise<{ readonly entries: readonly ZipEntry[] } | { readonly refused: Refusal }> {
  const end = bytes.length - END_LENGTH;
  if (end < 0 || bytes.readUInt32LE(end) !== END) return { refused: "trailing_data" };
  const count = bytes.readUInt16LE(end + 10);
  const start = bytes.readUInt32LE(end + 16);
  // One disk, no comment, no 64-bit sizes: nothing that may be uploaded is that large.
  if (bytes.readUInt32LE(end + 4) !== 0 || bytes.readUInt16LE(end + 20) !== 0) return { refused: "damaged" };
  if (bytes.readUInt16LE(end + 8) !== count || count === 0xffff) return { refused: "damaged" };
  if (start + bytes.readUInt32LE(end + 12) !== end) return { refused: "damaged" };
  if (count > bounds.archiveEntryLimit) return { refused: "too_many_entries" };

  const entries: ZipEntry[] = [];
  const names = new Set<string>();
  let expanded = 0;
  let next = 0;
  let at = start;
  for (let read = 0; read < count; read++) {
    const entry = entryAt(bytes, at, end);
    if (entry === undefined || entry.local !== next) return { refused: "damaged" };
    if (entry.isEncrypted) return { refused: "encrypted" };
    if (!isInside(entry.name) || entry.isLink) return { refused: "bad_path" };
    // On some systems these are one file: of two, the second replaces what was checked.
    const name = entry.name.normalize("NFC").toLowerCase();
    if (names.has(name)) return { refused: "damaged" };
    names.add(name);
    expanded += entry.size;
    if (expanded > bounds.archiveExpandedBytes) return { refused: "bomb" };
    if (entry.size > RATIO_FROM_BYTES && entry.size > entry.packed * RATIO_LIMIT) return { refused: "bomb" };
    const data = dataOf(bytes, entry, start);
    if (data === undefined) return { refused: "damaged" };
    const head = await unpack(data.bytes, entry);
    if (head === undefined) return { refused: "damaged" };
    entries.push({ name: entry.name, size: entry.size, head });
    next = data.end;
    at = entry.end;
  }
  return at === end && next === start ? { entries } : { refused: "damaged" };
}

interface Directory {
  readonly name: string;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  readonly flags: number;
  readonly local: number;
  readonly isEncrypted: boolean;
  readonly isLink: boolean;
  /** Where the next entry of the directory begins. */
  readonly end: number;
}

function entryAt(bytes: Buffer, at: number, limit: number): Directory | undefined {
  if (at + 46 > limit || bytes.readUInt32LE(at) !== DIRECTORY) return undefined;
  const flags = bytes.readUInt16LE(at + 8);
  const nameEnd = at + 46 + bytes.readUInt16LE(at + 28);
  const end = nameEnd + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
  if (end > limit) return undefined;
  return {
    flags,
    method: bytes.readUInt16LE(at + 10),
    crc: bytes.readUInt32LE(at + 16),
    packed: bytes.readUInt32LE(at + 20),
    size: bytes.readUInt32LE(at + 24),
    // The upper half holds the mode where Unix made it: a symbolic link is 0o12.
    isLink: bytes.readUInt32LE(at + 38) >>> 28 === 0o12,
    isEncrypted: (flags & ENCRYPTED) !== 0,
    local: bytes.readUInt32LE(at + 42),
    name: bytes.toString((flags & UTF8) === 0 ? "latin1" : "utf8", at + 46, nameEnd),
    end,
  };
}

/** The packed bytes; undefined where the entry's own header says something else than the directory. */
function dataOf(bytes: Buffer, entry: Directory, limit: number): { bytes: Buffer; end: number } | undefined {
  const at = entry.local;
  if (at + 30 > limit || bytes.readUInt32LE(at) !== LOCAL) return undefined;
  const nameLength = bytes.readUInt16LE(at + 26);
  const from = at + 30 + nameLength + bytes.readUInt16LE(at + 28);
  const to = from + entry.packed;
  const name = bytes.toString((entry.flags & UTF8) === 0 ? "latin1" : "utf8", at + 30, at + 30 + nameLength);
  if (to > limit || name !== entry.name) return undefined;
  const flags = bytes.readUInt16LE(at + 6);
  if (flags !== entry.flags || bytes.readUInt16LE(at + 8) !== entry.method) return undefined;
  const data = bytes.subarray(from, to);
  if ((flags & SIZES_BEHIND) === 0) {
    const same = bytes.readUInt32LE(at + 18) === entry.packed && bytes.readUInt32LE(at + 22) === entry.size;
    return same ? { bytes: data, end: to } : undefined;
  }
  // The sizes stand behind the data, with a signature before them or without.
  const signed = to + 16 <= limit && bytes.readUInt32LE(to) === 0x08074b50;
  return { bytes: data, end: to + (signed ? 16 : 12) };
}

/** The first bytes of what it unpacks to; undefined unless it unpacks to just what it says. */
async function unpack(data: Buffer, { method, size, crc, packed }: Directory): Promise<Buffer | undefined> {
  if (method === 0) return packed === size && crc32(data) === crc ? data.subarray(0, HEAD_LENGTH) : undefined;
  if (method !== 8) return undefined; // what is not looked into is not taken
  const heads: Buffer[] = [];
  let [length, sum] = [0, 0];
  const inflate = createInflateRaw();
  inflate.end(data);
  try {
    for await (const chunk of inflate) {
      if (!Buffer.isBuffer(chunk)) return undefined;
      if (length < HEAD_LENGTH) heads.push(chunk);
      length += chunk.length;
      sum = crc32(chunk, sum);
      if (length > size) return undefined; // it lied; no byte more
    }
  } catch {
    return undefined;
  }
  const isWhole = inflate.bytesWritten === packed;
  return isWhole && length === size && sum === crc
    ? Buffer.concat(heads).subarray(0, HEAD_LENGTH)
    : undefined;
}

/** A relative path that stays below the folder, on every system. */
const isInside = (name: string): boolean =>
  name !== "" &&
  name.length <= 1024 &&
  !/[\0-\u001f\u007f\\:\ufffd]/.test(name) &&
  !name.startsWith("/") &&
  !name.split("/").some((part) => part === ".." || part === ".");
