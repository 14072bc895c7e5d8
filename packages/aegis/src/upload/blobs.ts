import { Readable } from "node:stream";

/** Bytes on their way in: nobody sees them before `commit`. */
export interface BlobWriter {
  write(chunk: Uint8Array): Promise<void>;
  /** What was written so far, whole: for checks that cannot do with less. */
  contents(): Promise<Buffer>;
  /** These bytes in place of what was written so far. */
  replace(bytes: Uint8Array): Promise<void>;
  /** Durable, and there under its id, all at once. */
  commit(): Promise<void>;
  /** Nothing of it stays. Does nothing after `commit`. */
  discard(): Promise<void>;
}

/** Bytes from `start` to before `end`. */
export interface BlobRange {
  readonly start: number;
  readonly end: number;
}

/** Where the bytes of files are, by ids that we made: never by anything that somebody typed. */
export interface BlobStore {
  begin(id: string): Promise<BlobWriter>;
  read(id: string, range?: BlobRange): Promise<Readable | undefined>;
  /** True if there were any. */
  remove(id: string): Promise<boolean>;
  /** Removes what was begun and neither committed nor discarded, by a process that is no more. */
  removeBroken(begunBefore: number): Promise<number>;
}

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** An id is a part of a path: whatever is none of ours stops here. */
export function demandBlobId(id: string): string {
  if (!ID.test(id)) throw new TypeError("not the id of a blob");
  return id;
}

/** The executable specification of a blob store; forgets everything when the process ends. */
export class MemoryBlobStore implements BlobStore {
  readonly #blobs = new Map<string, Buffer>();

  async begin(id: string): Promise<BlobWriter> {
    demandBlobId(id);
    let parts: Buffer[] | undefined = [];
    const open = (): Buffer[] => {
      if (parts === undefined) throw new Error("the blob is closed");
      return parts;
    };
    return {
      write: async (chunk) => void open().push(Buffer.from(chunk)),
      contents: async () => Buffer.concat(open()),
      replace: async (bytes) => {
        open();
        parts = [Buffer.from(bytes)];
      },
      commit: async () => {
        if (this.#blobs.has(id)) throw new Error("there is such a blob already");
        this.#blobs.set(id, Buffer.concat(open()));
        parts = undefined;
      },
      discard: async () => {
        parts = undefined;
      },
    };
  }

  async read(id: string, range?: BlobRange): Promise<Readable | undefined> {
    const bytes = this.#blobs.get(demandBlobId(id));
    if (bytes === undefined) return undefined;
    const part = range === undefined ? bytes : bytes.subarray(range.start, range.end);
    return Readable.from(part.length === 0 ? [] : [part], { objectMode: false });
  }

  async remove(id: string): Promise<boolean> {
    return this.#blobs.delete(demandBlobId(id));
  }

  async removeBroken(): Promise<number> {
    return 0; // what nobody holds is gone
  }
}
