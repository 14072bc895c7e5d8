/** Reads a list line by line, in bytes: a list of a billion hashes is not turned into strings. */
import { hash } from "node:crypto";
import { MOST_SEEN } from "./corpus-format.ts";
import { CorpusError } from "./errors.ts";

/** `hashes`: "SHA1HEX" or "SHA1HEX:COUNT". `passwords`: as people typed them. `auto`: looked at line by line. */
export type ListFormat = "auto" | "hashes" | "passwords";

/** An entry in two halves: the first eight bytes of the hash do not fit into one number. Reused for every line. */
export interface Entry {
  high: number;
  low: number;
  count: number;
}

const SHA1_DIGITS = 40;
/** NT hashes are 32 digits; the files of the range service hold 35, without what their name says. */
const OTHER_DIGITS = [32, 35];
const MAX_LINE_BYTES = 16_384; // the longest password that any policy takes, in UTF-8
const [NEWLINE, RETURN, COLON] = [0x0a, 0x0d, 0x3a];

/** Value of each byte as a hex digit; 16 where it is none. */
const DIGIT = Uint8Array.from({ length: 256 }, (_, byte) => {
  const char = String.fromCharCode(byte);
  return /[0-9a-f]/i.test(char) ? Number.parseInt(char, 16) : 16;
});

export class LineReader {
  lines = 0;
  skipped = 0;
  readonly #format: ListFormat;
  readonly #entry: Entry = { high: 0, low: 0, count: 0 };
  #rest: Buffer = Buffer.alloc(0);
  #overlong = false;

  constructor(format: ListFormat) {
    this.#format = format;
  }

  /** Every whole line so far, in turn; the last piece of a list is followed by `end`. @throws CorpusError */
  push(piece: Buffer, onEntry: (entry: Entry) => void): void {
    // A packed or binary file would become a corpus of nonsense, in which nothing is ever found.
    if (piece.includes(0)) throw new CorpusError("The list is no text. Unpack it first.");
    const bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
      this.#line(bytes, start, end, onEntry);
      start = end + 1;
    }
    this.#rest = bytes.subarray(start);
    if (this.#rest.length > MAX_LINE_BYTES) {
      this.#rest = Buffer.alloc(0); // the memory stays bounded without a single newline
      this.#overlong = true;
    }
  }

  end(onEntry: (entry: Entry) => void): void {
    if (this.#rest.length > 0 || this.#overlong) this.#line(this.#rest, 0, this.#rest.length, onEntry);
    this.#rest = Buffer.alloc(0);
  }

  #line(bytes: Buffer, from: number, to: number, onEntry: (entry: Entry) => void): void {
    const isFirst = this.lines === 0;
    this.lines += 1;
    let [start, end] = [from, to];
    if (this.#overlong || end - start > MAX_LINE_BYTES) {
      this.#overlong = false;
      this.skipped += 1;
      return;
    }
    if (isFirst && bytes.indexOf("\u{feff}") === start) start += 3;
    if (end > start && bytes[end - 1] === RETURN) end -= 1;
    if (start === end) return;
    if (this.#format !== "passwords" && readHash(bytes, start, end, this.#entry)) {
      if (this.#entry.count > 0) onEntry(this.#entry); // zero: a row of padding
      return;
    }
    if (this.#format === "hashes")
      throw new CorpusError(`Line ${this.lines} of the list is no SHA-1 in 40 hex digits.`);
    if (this.#format === "auto" && isOtherHash(bytes, start, end))
      throw new CorpusError(
        `Line ${this.lines} of the list is a hash, but no SHA-1 in 40 hex digits. If it is a password, say that the list holds passwords.`,
      );
    hashOf(bytes.subarray(start, end), this.#entry);
    onEntry(this.#entry);
  }
}

function readHash(bytes: Buffer, start: number, end: number, entry: Entry): boolean {
  if (digitsAt(bytes, start, end) !== SHA1_DIGITS) return false;
  const count = countAt(bytes, start + SHA1_DIGITS, end);
  if (count === undefined) return false;
  entry.high = number32(bytes, start);
  entry.low = number32(bytes, start + 8);
  entry.count = count;
  return true;
}

const isOtherHash = (bytes: Buffer, start: number, end: number): boolean => {
  const digits = digitsAt(bytes, start, end);
  return (
    OTHER_DIGITS.includes(digits) && end > start + digits && countAt(bytes, start + digits, end) !== undefined
  );
};

/** How many hex digits the line begins with. */
function digitsAt(bytes: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end && (DIGIT[bytes[at] ?? 0] ?? 16) < 16) at += 1;
  return at - start;
}

/** The eight hex digits from `at`. */
function number32(bytes: Buffer, at: number): number {
  let value = 0;
  for (let index = at; index < at + 8; index++) value = value * 16 + (DIGIT[bytes[index] ?? 0] ?? 0);
  return value;
}

/** 1 at the end of the line, the number after a colon, or undefined where something else stands there. */
function countAt(bytes: Buffer, start: number, end: number): number | undefined {
  if (start === end) return 1;
  if (bytes[start] !== COLON || end - start < 2 || end - start > 16) return undefined;
  let value = 0;
  for (let at = start + 1; at < end; at++) {
    const digit = DIGIT[bytes[at] ?? 0] ?? 16;
    if (digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return Math.min(value, MOST_SEEN);
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Old lists mix encodings: what is no UTF-8 is Latin-1, so that it meets what its owner types today. */
function hashOf(line: Buffer, entry: Entry): void {
  let text: string;
  try {
    text = utf8.decode(line);
  } catch {
    text = line.toString("latin1");
  }
  const digest = hash("sha1", text.normalize("NFKC"), "buffer");
  entry.high = digest.readUInt32BE(0);
  entry.low = digest.readUInt32BE(4);
  entry.count = 1;
}
