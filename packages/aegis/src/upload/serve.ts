/** Gives a file back so that a browser saves it, or shows a picture, and never does anything else with it. */
import type { FastifyReply, FastifyRequest } from "fastify";
import { uploadError } from "./errors.ts";
import type { UploadService } from "./service.ts";
import type { Upload } from "./store.ts";

export interface ServeParts {
  readonly service: UploadService;
  /** By our own table, never by what was sent. */
  readonly mediaTypeOf: (kind: string) => string;
  /** Kinds that may open in the browser. */
  readonly inlineKinds: ReadonlySet<string>;
}

/** A document of its own origin in which nothing runs and nothing loads, if a browser opens it after all. */
const FILE_CSP = "sandbox; default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export async function sendUpload(
  { service, mediaTypeOf, inlineKinds }: ServeParts,
  request: FastifyRequest,
  reply: FastifyReply,
  upload: Upload,
): Promise<FastifyReply> {
  const range = rangeOf(request.headers.range, upload.size);
  reply.headers({
    "content-type": mediaTypeOf(upload.kind),
    "content-disposition": disposition(inlineKinds.has(upload.kind) ? "inline" : "attachment", upload.name),
    "x-content-type-options": "nosniff",
    "content-security-policy": FILE_CSP,
    "cross-origin-resource-policy": "same-origin",
    "accept-ranges": "bytes",
    etag: `"${upload.digest}"`,
  });
  if (range === "beyond") {
    reply.removeHeader("content-disposition").removeHeader("etag");
    reply.header("content-range", `bytes */${upload.size}`);
    throw uploadError("AEGIS_UPLOAD_RANGE_REFUSED");
  }
  const content = await service.open(upload, range);
  if (content === undefined) throw uploadError("AEGIS_UPLOAD_NOT_FOUND"); // deleted meanwhile
  if (range !== undefined)
    reply.code(206).header("content-range", `bytes ${range.start}-${range.end - 1}/${upload.size}`);
  const length = range === undefined ? upload.size : range.end - range.start;
  return reply.header("content-length", length).send(content);
}

/** One range of bytes (RFC 9110 14.1.2); anything else is as if nothing had been asked. */
function rangeOf(
  header: string | undefined,
  size: number,
): { start: number; end: number } | "beyond" | undefined {
  const match = /^bytes=(\d{1,15})?-(\d{1,15})?$/.exec(header ?? "");
  if (match === null) return undefined;
  const [first, last] = [match[1], match[2]];
  if (first === undefined) {
    const length = Number(last ?? 0);
    if (last === undefined) return undefined;
    return length === 0 ? "beyond" : { start: Math.max(0, size - length), end: size };
  }
  const start = Number(first);
  const end = last === undefined ? size : Math.min(size, Number(last) + 1);
  if (last !== undefined && Number(last) < start) return undefined;
  return start >= size ? "beyond" : { start, end };
}

/** RFC 6266 with RFC 8187: plain letters for old programs, the whole name for the others. */
function disposition(how: "inline" | "attachment", name: string): string {
  const plain = name.replace(/[^\w .()-]/g, "_");
  const whole = encodeURIComponent(name).replace(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `${how}; filename="${plain}"; filename*=UTF-8''${whole}`;
}
