/** Takes files in: kind, size, share, content; and nothing of a file that is refused or broken off stays. */
import { createHash } from "node:crypto";
import type { FieldError } from "../errors.ts";
import type { Clock } from "../lib/clock.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import { boundedQueue } from "../lib/queue.ts";
import type { Random } from "../lib/random.ts";
import type { BlobStore, BlobWriter } from "./blobs.ts";
import { uploadError } from "./errors.ts";
import { ENVELOPE_BYTES, type Part } from "./multipart.ts";
import { displayName, extensionOf } from "./name.ts";
import type { UploadPolicy } from "./policy.ts";
import type { Upload, UploadStore } from "./store.ts";

export interface Inspected {
  readonly kind: string;
  readonly family: string;
  /** Given to a name that has none. */
  readonly extension: string;
  /** For kinds that are looked at while they arrive. */
  readonly stream?:
    | { readonly push: (chunk: Buffer) => string | undefined; readonly end: () => string | undefined }
    | undefined;
  /** For the others: what is kept of the file. */
  readonly whole: (
    bytes: Buffer,
  ) => Promise<
    | { readonly bytes: Buffer; readonly width?: number; readonly height?: number }
    | { readonly refused: string }
  >;
}

export interface UploadParts {
  readonly store: UploadStore;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  readonly random: Random;
  /** What the first bytes can be: "unknown", or "mismatch" where name or declared type say something else. */
  readonly inspect: (
    head: Buffer,
    declared: { readonly extension: string; readonly mediaType: string },
    kinds: readonly string[],
  ) => Inspected | "unknown" | "mismatch";
}

export interface Receiving {
  readonly tenantId: string | null;
  readonly accountId: string;
  /** Content-Length of the request, if it has one. */
  readonly announced: number | undefined;
  /** What this route takes: fewer kinds, less. */
  readonly kinds?: readonly string[] | undefined;
  readonly limitBytes?: number | undefined;
}

const HEAD_BYTES = 4096;
/** A reservation is not older: the request's own time-out is far shorter. */
const RESERVED_MS = 3_600_000;
const LEFTOVERS_AT_ONCE = 100;
/** Each holds a file in memory, twice. */
const CHECKS = { concurrency: 2, queueLimit: 20 };

export type UploadService = ReturnType<typeof uploadService>;

export function uploadService(policy: DeepReadonly<UploadPolicy>, parts: UploadParts) {
  const { store, blobs, clock, random } = parts;
  const checked = boundedQueue(CHECKS, () => uploadError("AEGIS_UPLOAD_BUSY", { retryAfterSeconds: 5 }));
  const { limits } = policy;
  const quota = {
    tenantBytes: policy.tenantBytes,
    accountBytes: policy.accountBytes,
    accountFileLimit: policy.accountFileLimit,
  };
  const limitOf = (family: string): number =>
    family === "document"
      ? limits.documentBytes
      : family === "image"
        ? limits.imageBytes
        : family === "video"
          ? limits.videoBytes
          : family === "csv"
            ? limits.csvBytes
            : limits.generalBytes;

  /** @throws AEGIS_UPLOAD_TOO_LARGE, TYPE_REFUSED, TYPE_MISMATCH, QUOTA_FULL, CONTENT_REFUSED, BUSY */
  const receive = async (part: Part, to: Receiving): Promise<Upload> => {
    const chunks = part.content[Symbol.asyncIterator]();
    const head = await readHead(chunks);
    if (head.length === 0) throw contentRefused("empty");
    const kinds = policy.allowedKinds.filter((kind) => to.kinds?.includes(kind) ?? true);
    const declared = { extension: extensionOf(part.filename), mediaType: part.mediaType };
    const inspected = parts.inspect(head, declared, kinds);
    if (inspected === "unknown") throw uploadError("AEGIS_UPLOAD_TYPE_REFUSED", about("unknown_type"));
    if (inspected === "mismatch") throw uploadError("AEGIS_UPLOAD_TYPE_MISMATCH", about("mismatch"));
    const limit = Math.min(limitOf(inspected.family), to.limitBytes ?? Infinity);
    if ((to.announced ?? 0) > limit + ENVELOPE_BYTES) throw tooLarge(limit);

    const id = random.uuid();
    const { tenantId, accountId } = to;
    const bytes = Math.min(limit, to.announced ?? limit);
    const reserved = await store.reserve({ id, tenantId, accountId, bytes, now: clock.now() }, quota);
    if (reserved !== "reserved") throw uploadError("AEGIS_UPLOAD_QUOTA_FULL");
    let writer: BlobWriter | undefined;
    try {
      writer = await blobs.begin(id);
      const facts = await take(head, chunks, inspected, limit, writer);
      await writer.commit();
      const name = displayName(part.filename, inspected.extension, policy.nameMaxLength);
      const kept = await store.finish(tenantId, id, { ...facts, kind: inspected.kind, name });
      if (kept !== undefined) return kept;
      throw uploadError("AEGIS_UPLOAD_QUOTA_FULL"); // the sweep took it for abandoned
    } catch (error) {
      // The bytes first: a row without bytes is swept, bytes without a row would stay.
      await writer?.discard();
      await blobs.remove(id);
      await store.release(tenantId, id);
      throw error;
    }
  };

  const take = async (
    head: Buffer,
    chunks: AsyncIterator<Buffer>,
    { stream, whole }: Inspected,
    limit: number,
    writer: BlobWriter,
  ): Promise<Pick<Upload, "size" | "digest" | "width" | "height">> => {
    const hash = createHash("sha256");
    let size = 0;
    for (let chunk: Buffer | undefined = head; chunk !== undefined; chunk = await nextOf(chunks)) {
      size += chunk.length;
      if (size > limit) throw tooLarge(limit);
      const wrong = stream?.push(chunk);
      if (wrong !== undefined) throw contentRefused(wrong);
      hash.update(chunk);
      await writer.write(chunk);
    }
    if (stream !== undefined) {
      const wrong = stream.end();
      if (wrong !== undefined) throw contentRefused(wrong);
      return { size, digest: hash.digest("base64url"), width: null, height: null };
    }
    return checked(async () => {
      const result = await whole(await writer.contents());
      if ("refused" in result) throw contentRefused(result.refused);
      const { bytes, width = null, height = null } = result;
      await writer.replace(bytes);
      return {
        size: bytes.length,
        digest: createHash("sha256").update(bytes).digest("base64url"),
        width,
        height,
      };
    });
  };

  const removeBytes = async (id: string): Promise<void> => {
    await blobs.remove(id);
    await store.forget(id);
  };

  return {
    receive,
    store,
    /** The most that any file here may have. */
    largestBytes: Math.max(...Object.values(limits)),
    limitOf,
    open: (upload: Upload, range?: { start: number; end: number }) => blobs.read(upload.id, range),

    /** @throws AEGIS_UPLOAD_NOT_FOUND */
    async remove(tenantId: string | null, accountId: string, id: string): Promise<void> {
      if (!(await store.end(tenantId, accountId, id))) throw uploadError("AEGIS_UPLOAD_NOT_FOUND");
      await removeBytes(id); // if that fails, the sweep does it
    },

    async removeLeftovers(): Promise<number> {
      const before = clock.now() - RESERVED_MS;
      const ids = await store.leftovers(before, LEFTOVERS_AT_ONCE);
      for (const id of ids) await removeBytes(id);
      return ids.length + (await blobs.removeBroken(before));
    },
  };
}

async function nextOf(chunks: AsyncIterator<Buffer>): Promise<Buffer | undefined> {
  const next = await chunks.next();
  return next.done === true ? undefined : next.value;
}

/** Enough to tell what it is, or all there is; a sender may let it trickle in by single bytes. */
async function readHead(chunks: AsyncIterator<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (let length = 0; length < HEAD_BYTES;) {
    const chunk = await nextOf(chunks);
    if (chunk === undefined) break;
    parts.push(chunk);
    length += chunk.length;
  }
  return Buffer.concat(parts);
}

const meanings: Readonly<Record<string, string>> = {
  empty: "It is empty.",
  unknown_type: "Its content is of no kind that is taken here.",
  mismatch: "Its name or type says something else than its content.",
  damaged: "It is damaged, or not quite what it says.",
  trailing_data: "Something else is hidden behind its end.",
  too_many_pixels: "The picture has too many pixels.",
  active_content: "It has parts that run or fetch something (scripts, macros, actions).",
  embedded_file: "It carries other files.",
  encrypted: "It is encrypted, so nobody can look into it.",
  unreadable: "Parts of it are packed in a way that nobody can look into.",
  bomb: "It unpacks to far more than it should.",
  too_many_entries: "It holds too many files.",
  nested_archive: "It holds other archives.",
  bad_path: "It holds a path that leads out of its folder.",
  not_text: "It is not plain text in UTF-8.",
};

const about = (reason: string): { readonly errors: readonly FieldError[] } => ({
  errors: [{ field: "file", reason, message: meanings[reason] ?? "It cannot be taken." }],
});
const contentRefused = (reason: string) => uploadError("AEGIS_UPLOAD_CONTENT_REFUSED", about(reason));
const tooLarge = (limit: number) =>
  uploadError("AEGIS_UPLOAD_TOO_LARGE", {
    errors: [{ field: "file", reason: "too_large", message: `At most ${limit} bytes.` }],
  });
export { tooLarge };
