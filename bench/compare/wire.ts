/** As much of HTTP/1.1 as a load generator needs: requests as text, and where an answer ends. */
import { connect } from "node:net";

export interface Frame {
  readonly status: number;
  /** Where the head ends, before its empty line. */
  readonly headEnd: number;
  /** Where the next answer would begin. */
  readonly end: number;
  readonly isChunked: boolean;
  /** The server ends the connection after this answer. */
  readonly closes: boolean;
}

const LENGTH = /\r\ncontent-length: *(\d+)/i;
const CHUNKED = /\r\ntransfer-encoding: *chunked/i;
const CLOSE = /\r\nconnection: *close/i;
const LAST_CHUNK = "\r\n0\r\n\r\n";

/** The first answer in `bytes`; undefined while it is not whole. @throws when its length cannot be known */
export function frameOf(bytes: Buffer): Frame | undefined {
  const headEnd = bytes.indexOf("\r\n\r\n");
  if (headEnd < 0) return undefined;
  const head = bytes.toString("latin1", 0, headEnd);
  const status = Number(head.slice(9, 12));
  const closes = CLOSE.test(head);
  const length = LENGTH.exec(head)?.[1];
  if (length !== undefined) {
    const end = headEnd + 4 + Number(length);
    return end <= bytes.length ? { status, headEnd, end, isChunked: false, closes } : undefined;
  }
  if (!CHUNKED.test(head)) throw new Error(`an answer of ${status} without a length`);
  const last = bytes.indexOf(LAST_CHUNK, headEnd + 2); // a body without chunks ends where its head does
  return last < 0 ? undefined : { status, headEnd, end: last + LAST_CHUNK.length, isChunked: true, closes };
}

export interface Answer {
  readonly status: number;
  /** Names in lower case, in the order of the wire. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
}

export function answerOf(bytes: Buffer, frame: Frame): Answer {
  const [, ...lines] = bytes.toString("latin1", 0, frame.headEnd).split("\r\n");
  const body = bytes.subarray(frame.headEnd + 4, frame.end);
  return {
    status: frame.status,
    headers: lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
    body: (frame.isChunked ? joined(body) : body).toString("utf8"),
  };
}

/** The chunks of a body, without their lengths. */
function joined(body: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < body.length;) {
    const lineEnd = body.indexOf("\r\n", at);
    const size = Number.parseInt(body.toString("latin1", at, lineEnd), 16);
    if (!(size > 0)) break;
    parts.push(body.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 2 + size + 2;
  }
  return Buffer.concat(parts);
}

export interface Question {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly cookie?: string;
  readonly csrf?: string;
  readonly body?: string;
}

/** A request as a browser's script on the same origin would send it. */
export function requestText(port: number, { method, path, cookie, csrf, body }: Question): string {
  const host = `127.0.0.1:${port}`;
  const lines = [
    `${method} ${path} HTTP/1.1`,
    `Host: ${host}`,
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) bench",
    "Accept: application/json",
    "Sec-Fetch-Site: same-origin",
  ];
  if (cookie !== undefined && cookie !== "") lines.push(`Cookie: ${cookie}`);
  if (csrf !== undefined) lines.push(`X-CSRF-Token: ${csrf}`);
  if (method === "POST") {
    lines.push(`Origin: http://${host}`);
    if (body !== undefined) lines.push("Content-Type: application/json");
    lines.push(`Content-Length: ${Buffer.byteLength(body ?? "")}`);
  }
  return `${lines.join("\r\n")}\r\n\r\n${body ?? ""}`;
}

/** One request on a connection of its own. */
export function exchange(port: number, text: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port, noDelay: true });
    let bytes: Buffer = Buffer.alloc(0);
    socket.once("error", reject);
    socket.once("close", () => reject(new Error("the connection ended before the answer did")));
    socket.on("data", (chunk) => {
      bytes = Buffer.concat([bytes, chunk]);
      const frame = frameOf(bytes);
      if (frame === undefined) return;
      resolve(answerOf(bytes, frame));
      socket.destroy();
    });
    socket.write(text);
  });
}
