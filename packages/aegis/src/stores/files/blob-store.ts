/** Files in a folder that nobody but this process reads, outside of everything that is served. */
import { constants } from "node:fs";
import { type FileHandle, mkdir, open, readdir, rename, rm, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { systemRandom } from "../../lib/random.ts";
import { type BlobRange, type BlobStore, type BlobWriter, demandBlobId } from "../../upload/blobs.ts";

const OWNER_ONLY = 0o600;
const OWNER_FOLDER = 0o700;
/** New, and never through a link that somebody left there. */
const CREATE = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const PARTS = "parts";

const isMissing = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "ENOENT";

/** A blob store in `directory`, which is made if it is missing. Processes on one machine may share it. */
export function fileBlobs(directory: string): BlobStore {
  const parts = join(directory, PARTS);
  // By the first two digits of a random id: no folder grows without end.
  const folderOf = (id: string): string => join(directory, demandBlobId(id).slice(0, 2));
  const pathOf = (id: string): string => join(folderOf(id), id);
  const makeFolder = (path: string) => mkdir(path, { recursive: true, mode: OWNER_FOLDER });

  const begin = async (id: string): Promise<BlobWriter> => {
    const target = pathOf(id);
    await makeFolder(parts);
    const path = join(parts, `${id}.${systemRandom.uuid()}`);
    let handle: FileHandle | undefined = await open(path, CREATE, OWNER_ONLY);
    let length = 0;
    const opened = (): FileHandle => {
      if (handle === undefined) throw new Error("the blob is closed");
      return handle;
    };
    const write = async (chunk: Uint8Array): Promise<void> => {
      for (let done = 0; done < chunk.length;)
        done += (await opened().write(chunk, done, chunk.length - done, length + done)).bytesWritten;
      length += chunk.length;
    };
    return {
      write,
      contents: async () => {
        const bytes = Buffer.alloc(length);
        const { bytesRead } = await opened().read(bytes, 0, length, 0);
        if (bytesRead !== length) throw new Error("a part of the blob is missing");
        return bytes;
      },
      replace: async (bytes) => {
        await opened().truncate(0);
        length = 0;
        await write(bytes);
      },
      commit: async () => {
        await opened().sync();
        await opened().close();
        handle = undefined;
        await makeFolder(folderOf(id));
        if (await exists(target)) throw new Error("there is such a blob already");
        await rename(path, target);
        await syncFolder(folderOf(id));
      },
      discard: async () => {
        const last = handle;
        handle = undefined;
        await last?.close();
        await rm(path, { force: true });
      },
    };
  };

  return {
    begin,
    async read(id: string, range?: BlobRange): Promise<Readable | undefined> {
      let handle: FileHandle;
      try {
        handle = await open(pathOf(id), constants.O_RDONLY | constants.O_NOFOLLOW);
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
      const bounds = range === undefined ? {} : { start: range.start, end: range.end - 1 };
      return handle.createReadStream(bounds);
    },
    async remove(id: string): Promise<boolean> {
      try {
        await unlink(pathOf(id));
        return true;
      } catch (error) {
        if (isMissing(error)) return false;
        throw error;
      }
    },
    async removeBroken(begunBefore: number): Promise<number> {
      let removed = 0;
      for (const name of await filesIn(parts)) {
        const path = join(parts, name);
        const found = await stat(path).catch(() => undefined);
        if (found === undefined || found.mtimeMs >= begunBefore) continue;
        await rm(path, { force: true });
        removed += 1;
      }
      return removed;
    },
  };
}

async function filesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

const exists = async (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/** The new name is durable once its folder is. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
