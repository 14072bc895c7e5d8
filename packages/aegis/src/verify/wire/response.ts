/** Reads one HTTP/1.1 answer from bytes, strictly: what cannot be read is `malformed`, never guessed at. */
import type { WireResponse } from "../../control.ts";
import { WireError } from "./connection.ts";

export interface Limits {
  readonly maxHeaderBytes: number;
  readonly maxBodyBytes: number;
}

interface Head {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly bodyStart: number;
}

/** The answer so far: complete, or undefined while more is needed. `ended`: the far end has closed. */
export function readResponse(
  bytes: Buffer,
  ended: boolean,
  method: string,
  limits: Limits,
): WireResponse | undefined {
  let from = 0;
  let head = readHead(bytes, from, ended, limits);
  // Interim answers (RFC 9110 15.2) come before the real one; a flood of them is cut off with the header limit.
  while (head !== undefined && head.status >= 100 && head.status < 200) {
    from = head.bodyStart;
    if (from > limits.maxHeaderBytes) throw new WireError("size", "too many interim answers");
    head = readHead(bytes, from, ended, limits);
  }
  if (head === undefined) return undefined;
  const { status, headers } = head;
  const done = (body: Buffer, truncated: boolean): WireResponse => ({
    status,
    headers,
    body: body.subarray(0, limits.maxBodyBytes).toString("utf8"),
    truncated: truncated || body.length > limits.maxBodyBytes,
  });
  const body = bytes.subarray(head.bodyStart);
  if (method === "HEAD" || status === 204 || status === 304) return done(Buffer.alloc(0), false);
  const values = (name: string) => headers.filter(([key]) => key === name).map(([, value]) => value);
  const lengths = new Set(values("content-length"));
  if (values("transfer-encoding").length > 0) {
    if (lengths.size > 0) throw new WireError("malformed", "both Content-Length and Transfer-Encoding");
    return readChunked(body, ended, limits, done);
  }
  if (lengths.size > 1) throw new WireError("malformed", "several different Content-Length headers");
  const [length] = lengths;
  if (length !== undefined) {
    if (!/^\d{1,15}$/.test(length)) throw new WireError("malformed", "Content-Length is no number");
    const expected = Number(length);
    if (body.length >= Math.min(expected, limits.maxBodyBytes + 1))
      return done(body.subarray(0, expected), false);
    if (ended) return done(body, true);
    return undefined;
  }
  if (body.length > limits.maxBodyBytes || ended) return done(body, !ended);
  return undefined;
}

function readHead(bytes: Buffer, from: number, ended: boolean, limits: Limits): Head | undefined {
  const end = bytes.indexOf("\r\n\r\n", from);
  if (end === -1) {
    if (bytes.length - from > limits.maxHeaderBytes) throw new WireError("size", "the header is too large");
    if (ended)
      throw new WireError(
        bytes.length === 0 ? "closed" : "malformed",
        bytes.length === 0 ? "closed without an answer" : "the header never ends",
      );
    return undefined;
  }
  if (end - from > limits.maxHeaderBytes) throw new WireError("size", "the header is too large");
  const [statusLine = "", ...lines] = bytes.subarray(from, end).toString("latin1").split("\r\n");
  const match = /^HTTP\/1\.[01] ([1-5]\d\d)( |$)/.exec(statusLine);
  if (match === null) throw new WireError("malformed", "no HTTP status line");
  const headers = lines.map((line) => {
    const header = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/.exec(line);
    if (header === null || /[\0\r\n]/.test(line))
      throw new WireError("malformed", "a header line cannot be read");
    return [(header[1] ?? "").toLowerCase(), header[2] ?? ""] as const;
  });
  return { status: Number(match[1]), headers, bodyStart: end + 4 };
}

function readChunked(
  body: Buffer,
  ended: boolean,
  limits: Limits,
  done: (body: Buffer, truncated: boolean) => WireResponse,
): WireResponse | undefined {
  const parts: Buffer[] = [];
  let size = 0;
  let at = 0;
  while (size <= limits.maxBodyBytes) {
    const lineEnd = body.indexOf("\r\n", at);
    if (lineEnd === -1 || lineEnd - at > 1024) {
      if (lineEnd !== -1 || body.length - at > 1024)
        throw new WireError("malformed", "a chunk size cannot be read");
      return ended ? done(Buffer.concat(parts), true) : undefined;
    }
    const line = /^([0-9a-fA-F]{1,8})[ \t]*(;.*)?$/.exec(body.subarray(at, lineEnd).toString("latin1"));
    if (line === null) throw new WireError("malformed", "a chunk size cannot be read");
    const length = Number.parseInt(line[1] ?? "", 16);
    if (length === 0) return done(Buffer.concat(parts), false);
    const chunk = body.subarray(lineEnd + 2, lineEnd + 2 + Math.min(length, limits.maxBodyBytes + 1));
    parts.push(chunk);
    size += chunk.length;
    if (size > limits.maxBodyBytes) break;
    at = lineEnd + 2 + length + 2;
    if (body.length < at) return ended ? done(Buffer.concat(parts), true) : undefined;
  }
  return done(Buffer.concat(parts), true);
}
