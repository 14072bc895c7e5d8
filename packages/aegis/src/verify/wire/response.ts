/** Reads one HTTP/1.1 answer from bytes, strictly: what cannot be read is `malformed`, never guessed at. */
import type { WireResponse } from "../../control.ts";
import { bodyText, BoundedBytes, ChunkedDecoder } from "./body.ts";
import { WireError } from "./fault.ts";

export interface Limits {
  readonly maxHeaderBytes: number;
  readonly maxBodyBytes: number;
}

type Headers = readonly (readonly [string, string])[];

interface Head {
  readonly status: number;
  readonly headers: Headers;
}

type Framing =
  | { readonly by: "length"; readonly length: number }
  | { readonly by: "chunks"; readonly decoder: ChunkedDecoder }
  | { readonly by: "close" };

/** Chunked framing may cost so many times the content; a server that sends a byte a chunk means no good. */
const MAX_FRAMING = 3;

/** Is fed what arrives, in pieces of any size. */
export class ResponseReader {
  readonly #method: string;
  readonly #limits: Limits;
  readonly #body: BoundedBytes;
  #pending: Buffer = Buffer.alloc(0);
  #headBytes = 0;
  #wireBytes = 0;
  #head: Head | undefined;
  #framing: Framing | undefined;

  constructor(method: string, limits: Limits) {
    this.#method = method;
    this.#limits = limits;
    this.#body = new BoundedBytes(limits.maxBodyBytes);
  }

  /** The answer once it is complete; undefined while more is needed. @throws WireError */
  push(bytes: Buffer): WireResponse | undefined {
    return this.#framing === undefined ? this.#readHead(bytes) : this.#readBody(bytes, this.#framing);
  }

  /** The far end has closed: what there is. @throws WireError where that is no answer. */
  end(): WireResponse {
    if (this.#framing !== undefined) return this.#answer(this.#framing.by !== "close");
    throw this.#pending.length + this.#headBytes === 0
      ? new WireError("closed", "closed without an answer")
      : new WireError("malformed", "the header never ends");
  }

  #readHead(bytes: Buffer): WireResponse | undefined {
    let from = Math.max(0, this.#pending.length - 3);
    this.#pending = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
    for (;;) {
      const end = this.#pending.indexOf("\r\n\r\n", from);
      // Interim answers count too, or a flood of them would never end.
      if (this.#headBytes + (end === -1 ? this.#pending.length : end) > this.#limits.maxHeaderBytes)
        throw new WireError("size", "the header is too large");
      if (end === -1) return undefined;
      const head = parseHead(this.#pending.toString("latin1", 0, end));
      const rest = this.#pending.subarray(end + 4);
      this.#headBytes += end + 4;
      this.#pending = rest;
      from = 0;
      if (head.status === 101) throw new WireError("malformed", "switches protocols unasked");
      if (head.status < 200) continue; // interim (RFC 9110 15.2): the real one follows
      this.#head = head;
      const framing = framingOf(head.headers);
      this.#framing = framing;
      this.#pending = Buffer.alloc(0);
      if (this.#method === "HEAD" || head.status === 204 || head.status === 304) return this.#answer(false);
      return this.#readBody(rest, framing);
    }
  }

  #readBody(bytes: Buffer, framing: Framing): WireResponse | undefined {
    this.#wireBytes += bytes.length;
    if (framing.by === "chunks") {
      if (framing.decoder.push(bytes, this.#body)) return this.#answer(false);
    } else if (framing.by === "length") {
      const before = this.#wireBytes - bytes.length;
      this.#body.append(bytes.subarray(0, framing.length - before));
      if (this.#wireBytes >= framing.length) return this.#answer(false);
    } else this.#body.append(bytes);
    if (this.#body.overflowed) return this.#answer(true);
    if (this.#wireBytes > this.#limits.maxBodyBytes * MAX_FRAMING)
      throw new WireError("size", "far more bytes than content");
    return undefined;
  }

  #answer(cut: boolean): WireResponse {
    const { status, headers } = this.#head ?? { status: 0, headers: [] };
    const truncated = cut || this.#body.overflowed;
    const codings = valuesOf(headers, "content-encoding");
    return {
      status,
      headers,
      body: bodyText(this.#body.bytes, codings, truncated, this.#limits.maxBodyBytes),
      truncated,
    };
  }
}

/** The answer in these bytes; undefined while more is needed. `ended`: the far end has closed. @throws WireError */
export function readResponse(
  bytes: Buffer,
  ended: boolean,
  method: string,
  limits: Limits,
): WireResponse | undefined {
  const reader = new ResponseReader(method, limits);
  return reader.push(bytes) ?? (ended ? reader.end() : undefined);
}

const valuesOf = (headers: Headers, name: string): string[] =>
  headers.filter(([key]) => key === name).map(([, value]) => value);

/** How the body ends (RFC 9112 6.3); where two parsers could disagree, we do not pick one. */
function framingOf(headers: Headers): Framing {
  const lengths = new Set(valuesOf(headers, "content-length"));
  const codings = valuesOf(headers, "transfer-encoding");
  if (codings.length > 0) {
    if (lengths.size > 0) throw new WireError("malformed", "both Content-Length and Transfer-Encoding");
    if (codings.join(",").toLowerCase() !== "chunked")
      throw new WireError("malformed", "a transfer coding that was not asked for");
    return { by: "chunks", decoder: new ChunkedDecoder() };
  }
  if (lengths.size > 1) throw new WireError("malformed", "several different Content-Length headers");
  const [length] = lengths;
  if (length === undefined) return { by: "close" };
  if (!/^\d{1,15}$/.test(length)) throw new WireError("malformed", "Content-Length is no number");
  return { by: "length", length: Number(length) };
}

function parseHead(text: string): Head {
  const [statusLine = "", ...lines] = text.split("\r\n");
  const match = /^HTTP\/1\.[01] ([1-5]\d\d)( |$)/.exec(statusLine);
  if (match === null) throw new WireError("malformed", "no HTTP status line");
  return { status: Number(match[1]), headers: lines.map(parseHeader) };
}

const isBlank = (text: string, at: number): boolean => text[at] === " " || text[at] === "\t";

/** By hand: an expression for "a value between blanks" tries every split of a long run of blanks, for hours. */
function parseHeader(line: string): readonly [string, string] {
  const colon = line.indexOf(":");
  const name = line.slice(0, Math.max(colon, 0));
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) || /[\0\r\n]/.test(line))
    throw new WireError("malformed", "a header line cannot be read");
  let from = colon + 1;
  let to = line.length;
  while (from < to && isBlank(line, from)) from += 1;
  while (to > from && isBlank(line, to - 1)) to -= 1;
  return [name.toLowerCase(), line.slice(from, to)];
}
