/**
 * The file of breached hashes. Header of 32 bytes: magic, version, bytes per entry, number of entries, check of the
 * header. Then entries of 12 bytes, ascending: the first 8 bytes of the SHA-1, and how often it was seen (saturating).
 * Eight bytes are enough: among a billion entries a stranger's password meets one by chance once in 18 billion.
 */
import { createHash } from "node:crypto";
import { CorpusError } from "./errors.ts";

export const HEADER_BYTES = 32;
export const PREFIX_BYTES = 8;
export const ENTRY_BYTES = 12;
export const MOST_SEEN = 0xffff_ffff;

const MAGIC = Buffer.from("AEGISBRC", "latin1");
const VERSION = 1;
const CHECKED_BYTES = 24;

export function headerFor(entries: number): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(header);
  header.writeUInt32BE(VERSION, 8);
  header.writeUInt32BE(ENTRY_BYTES, 12);
  header.writeBigUInt64BE(BigInt(entries), 16);
  checkOf(header).copy(header, CHECKED_BYTES);
  return header;
}

/** Whether a file that begins so was meant to be a corpus; it may be damaged still. */
export const isCorpus = (header: Buffer): boolean => header.subarray(0, MAGIC.length).equals(MAGIC);

/**
 * The number of entries, from a header and the size of its file.
 * @throws CorpusError when they are not of a whole corpus.
 */
export function entriesOf(header: Buffer, fileBytes: number, file: string): number {
  const refuse = (because: string): never => {
    throw new CorpusError(`${file} cannot be used as a corpus: ${because}.`);
  };
  if (!isCorpus(header)) return refuse("it is no file that `aegis breach build` made");
  if (header.length < HEADER_BYTES) return refuse("it is cut off within its header");
  if (header.readUInt32BE(8) !== VERSION || header.readUInt32BE(12) !== ENTRY_BYTES)
    return refuse("it has another version; build it anew");
  if (!checkOf(header).equals(header.subarray(CHECKED_BYTES))) return refuse("its header is damaged");
  const entries = Number(header.readBigUInt64BE(16));
  const wanted = HEADER_BYTES + entries * ENTRY_BYTES;
  if (fileBytes !== wanted)
    return refuse(`it has ${fileBytes} bytes instead of ${wanted}; was the copy cut off?`);
  // Empty, it would answer "never seen" to everything.
  if (entries === 0) return refuse("it holds no entry");
  return entries;
}

function checkOf(header: Buffer): Buffer {
  return createHash("sha256")
    .update(header.subarray(0, CHECKED_BYTES))
    .digest()
    .subarray(0, HEADER_BYTES - CHECKED_BYTES);
}
