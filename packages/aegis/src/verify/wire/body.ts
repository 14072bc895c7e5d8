/** Bodies as they come in, piece by piece: every byte is looked at once, so the cost is the size and nothing more. */
import zlib from "node:zlib";
import { WireError } from "./fault.ts";

/** Bytes up to a limit; what comes beyond it is dropped, and remembered as dropped. */
export class BoundedBytes {
  readonly #limit: number;
  #bytes = Buffer.allocUnsafe(0);
  #length = 0;
  #overflowed = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  get length(): number {
    return this.#length;
  }

  get overflowed(): boolean {
    return this.#overflowed;
  }

  append(piece: Buffer): void {
    const taken = piece.subarray(0, this.#limit - this.#length);
    if (taken.length < piece.length) this.#overflowed = true;
    const needed = this.#length + taken.length;
    if (needed > this.#bytes.length) {
      // Doubled, so that a body that drips in is not copied anew for every byte.
      const larger = Buffer.allocUnsafe(Math.min(this.#limit, Math.max(needed, this.#bytes.length * 2)));
      this.bytes.copy(larger);
      this.#bytes = larger;
    }
    taken.copy(this.#bytes, this.#length);
    this.#length = needed;
  }
}

/** A chunk's size line, with its extension. */
const MAX_LINE = 1024;

/** Takes the chunked coding off (RFC 9112 7.1); trailers are left unread, nothing here looks at them. */
export class ChunkedDecoder {
  #state: "size" | "data" | "after-data" = "size";
  #line = "";
  #left = 0;

  /** True once the last chunk has come. @throws WireError where the framing is broken. */
  push(bytes: Buffer, into: BoundedBytes): boolean {
    let at = 0;
    while (at < bytes.length) {
      if (this.#state === "data") {
        const part = bytes.subarray(at, at + this.#left);
        into.append(part);
        this.#left -= part.length;
        at += part.length;
        if (this.#left === 0) this.#state = "after-data";
        continue;
      }
      const end = bytes.indexOf(0x0a, at);
      this.#line += bytes.toString("latin1", at, end === -1 ? bytes.length : end + 1);
      if (this.#line.length > MAX_LINE) throw new WireError("malformed", "a chunk size cannot be read");
      if (end === -1) return false;
      at = end + 1;
      const line = this.#line;
      this.#line = "";
      if (this.#state === "after-data") {
        if (line !== "\r\n") throw new WireError("malformed", "a chunk is not as long as it says");
        this.#state = "size";
        continue;
      }
      this.#left = chunkSize(line);
      if (this.#left === 0) return true;
      this.#state = "data";
    }
    return false;
  }
}

function chunkSize(line: string): number {
  const match = /^([0-9a-fA-F]{1,8})[ \t]*(?:;[^\r\n]*)?\r\n$/.exec(line);
  if (match === null) throw new WireError("malformed", "a chunk size cannot be read");
  return Number.parseInt(match[1] ?? "", 16);
}

/**
 * The body as text. We ask for no compression; what comes compressed all the same is unpacked, because a control that
 * looks for something bad in text it cannot read would find nothing, and pass.
 */
export function bodyText(
  bytes: Buffer,
  codings: readonly string[],
  truncated: boolean,
  limit: number,
): string {
  const coding = codings.join(",").trim().toLowerCase();
  if (bytes.length === 0 || coding === "" || coding === "identity") return bytes.toString("utf8");
  // The limit is what stops a small body that unpacks to gigabytes.
  const packed = { maxOutputLength: limit };
  try {
    switch (coding) {
      case "gzip":
      case "x-gzip":
      case "deflate":
        return zlib
          .unzipSync(bytes, {
            ...packed,
            finishFlush: truncated ? zlib.constants.Z_SYNC_FLUSH : zlib.constants.Z_FINISH,
          })
          .toString("utf8");
      case "br":
        return zlib.brotliDecompressSync(bytes, packed).toString("utf8");
      default:
        throw new WireError("malformed", "the body has a coding that was not asked for");
    }
  } catch (error) {
    if (error instanceof WireError) throw error;
    throw error instanceof RangeError
      ? new WireError("size", "the body unpacks to too much")
      : new WireError("malformed", "the body cannot be unpacked");
  }
}
