/**
 * One file out of a multipart body (RFC 7578), while it arrives. Read by the one form that browsers send and by no
 * other: what is lenient here is where two readers see two files, and a part too many is how readers were crashed.
 */
import type { FastifyRequest } from "fastify";
import { uploadError } from "./errors.ts";

export interface Part {
  readonly filename: string;
  readonly mediaType: string;
  /** Ends only when the whole body has ended as it should; an upload that was broken off throws. */
  readonly content: AsyncIterable<Buffer>;
}

/** Boundary, header lines and line ends around a file; more is no envelope. */
export const ENVELOPE_BYTES = 8192;
const MAX_HEADER_BYTES = 4096;
const MAX_EPILOGUE_BYTES = 8;
/** What is still read of a refused upload, so that its sender gets to read the answer. */
const MAX_DRAINED_BYTES = 64 * 1024 * 1024;

const malformed = () => uploadError("AEGIS_UPLOAD_MALFORMED");

/** Calls `work` with the file. Whatever happens, the rest of the request is read or cut off. */
export async function withPart<T>(request: FastifyRequest, work: (part: Part) => Promise<T>): Promise<T> {
  const { raw } = request;
  const boundary = boundaryOf(request.headers["content-type"] ?? "");
  const body = new Body(raw.iterator({ destroyOnReturn: false }));
  try {
    const head = await body.until(Buffer.from("\r\n\r\n"), MAX_HEADER_BYTES);
    return await work({ ...described(head, boundary), content: contentOf(body, boundary) });
  } finally {
    await body.leave();
    drain(raw);
  }
}

class Body {
  readonly #chunks: AsyncIterator<unknown>;
  bytes: Buffer = Buffer.alloc(0);

  constructor(chunks: AsyncIterator<unknown>) {
    this.#chunks = chunks;
  }

  /** False at the end. */
  async more(): Promise<boolean> {
    const next = await this.#chunks.next().catch(() => {
      throw malformed(); // the sender is gone
    });
    if (next.done === true) return false;
    if (!Buffer.isBuffer(next.value)) throw malformed();
    this.bytes = this.bytes.length === 0 ? next.value : Buffer.concat([this.bytes, next.value]);
    return true;
  }

  take(length: number): Buffer {
    const taken = this.bytes.subarray(0, length);
    this.bytes = this.bytes.subarray(length);
    return taken;
  }

  async until(mark: Buffer, most: number): Promise<Buffer> {
    for (;;) {
      const at = this.bytes.indexOf(mark);
      if (at > most || (at < 0 && this.bytes.length > most)) throw malformed();
      if (at >= 0) return this.take(at + mark.length).subarray(0, at);
      if (!(await this.more())) throw malformed();
    }
  }

  async leave(): Promise<void> {
    await this.#chunks.return?.().catch(() => undefined);
  }
}

function boundaryOf(type: string): string {
  const match =
    /^multipart\/form-data\s*;\s*boundary=(?:"([\w'()+,./:=?-]{1,70})"|([\w'()+,./:=?-]{1,70}))\s*$/i.exec(
      type,
    );
  const boundary = match?.[1] ?? match?.[2];
  if (boundary === undefined) throw malformed();
  return boundary;
}

/** The first line must be the boundary; then header lines, each of one meaning. */
function described(head: Buffer, boundary: string): Pick<Part, "filename" | "mediaType"> {
  const [first, ...lines] = utf8(head).split("\r\n");
  if (first !== `--${boundary}`) throw malformed();
  const fields = new Map<string, string>();
  for (const line of lines) {
    const match = /^([\w!#$%&'*+.^`|~-]+):[ \t]*([^\0\r\n]*)$/.exec(line);
    const name = match?.[1]?.toLowerCase();
    if (name === undefined || fields.has(name)) throw malformed();
    fields.set(name, match?.[2]?.trimEnd() ?? "");
  }
  const encoding = fields.get("content-transfer-encoding") ?? "binary";
  if (!/^(7bit|8bit|binary)$/i.test(encoding)) throw malformed();
  const quoted = '"((?:[^"\\\\]|\\\\.)*)"';
  const disposition = new RegExp(`^form-data; *name="file"; *filename=${quoted}$`, "i").exec(
    fields.get("content-disposition") ?? "",
  );
  const filename = disposition?.[1];
  if (filename === undefined) throw malformed();
  return {
    // Browsers write a quote as %22 (WHATWG), older programs as \".
    filename: filename.replaceAll('\\"', '"').replaceAll(/%22/g, '"'),
    mediaType: fields.get("content-type") ?? "",
  };
}

async function* contentOf(body: Body, boundary: string): AsyncGenerator<Buffer> {
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  for (;;) {
    const at = body.bytes.indexOf(delimiter);
    // Without it all but so many bytes that it could begin in.
    const sure = at >= 0 ? at : body.bytes.length - delimiter.length + 1;
    if (sure > 0) yield body.take(sure);
    if (at >= 0) break;
    if (!(await body.more())) throw malformed();
  }
  body.take(delimiter.length);
  while (body.bytes.length <= MAX_EPILOGUE_BYTES && (await body.more()));
  if (!/^--(\r\n)?$/.test(body.bytes.toString("latin1"))) throw malformed(); // another part, or something behind
}

function utf8(bytes: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw malformed();
  }
}

/** Without this a refused sender would find its connection reset, and never see why. */
function drain(raw: FastifyRequest["raw"]): void {
  if (raw.readableEnded || raw.destroyed) return;
  let left = MAX_DRAINED_BYTES;
  raw.on("error", () => undefined);
  raw.on("data", (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) raw.destroy();
  });
  raw.resume();
}
