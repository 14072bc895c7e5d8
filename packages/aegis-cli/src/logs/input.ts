/** Lines of files (also gzipped), or of standard input: a piece at a time, and none longer than is looked at. */
import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";

/** A line of ours has a few kilobytes; what is longer is damaged, and is skipped as it comes. */
const MOST_LINE_BYTES = 262_144;
const NEWLINE = 0x0a;

/** `undefined` stands for a line that is too long. */
export async function* linesOf(stream: Readable): AsyncGenerator<string | undefined> {
  let parts: Buffer[] = [];
  let length = 0;
  let skipping = false;
  const taken = (): string => {
    const text = Buffer.concat(parts).toString("utf8");
    [parts, length] = [[], 0];
    return text;
  };
  for await (const data of stream) {
    const chunk = Buffer.isBuffer(data) ? data : Buffer.from(String(data));
    let from = 0;
    for (;;) {
      const end = chunk.indexOf(NEWLINE, from);
      const piece = chunk.subarray(from, end < 0 ? chunk.length : end);
      if (!skipping && length + piece.length > MOST_LINE_BYTES) {
        [parts, length, skipping] = [[], 0, true];
        yield undefined;
      }
      if (!skipping && piece.length > 0) {
        parts.push(end < 0 ? Buffer.from(piece) : piece);
        length += piece.length;
      }
      if (end < 0) break;
      if (skipping) skipping = false;
      else yield taken();
      from = end + 1;
    }
  }
  if (length > 0) yield taken();
}

/** Its bytes, unpacked where the name says that it is packed. Errors end the stream: what was read before counts. */
export function openLog(file: string): Readable {
  const raw = createReadStream(file);
  if (!file.endsWith(".gz")) return raw;
  const unpacked = createGunzip();
  raw.on("error", (error) => unpacked.destroy(error));
  return raw.pipe(unpacked);
}
