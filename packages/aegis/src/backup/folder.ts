/** A folder as the entries of an archive, and an archive as a folder that was not there before. */
import { constants } from "node:fs";
import { lstat, mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { BackupError } from "./errors.ts";
import type { Bytes } from "./part.ts";
import { entriesOf, isTarName, type TarEntry } from "./tar.ts";

const isMissing = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "ENOENT";

export interface FolderOptions {
  /** Relative names that are left out, with what is below them. */
  readonly leaveOut?: (name: string) => boolean;
  /** Told of what is neither file nor folder, or has a name that no archive holds: it is left out. */
  readonly onStrange?: (name: string) => void;
}

/**
 * Everything in the folder, by name. What goes away meanwhile is left out: an upload that somebody deleted is not to
 * come back. Links are not followed: one would have a backup hold what lies elsewhere.
 */
export async function* folderEntries(
  root: string,
  { leaveOut = () => false, onStrange = () => undefined }: FolderOptions = {},
  below = "",
): AsyncGenerator<TarEntry> {
  const names = await readdir(join(root, below)).catch((error: unknown) => {
    if (below !== "" && isMissing(error)) return [];
    throw error;
  });
  for (const one of names.toSorted((a, b) => (a < b ? -1 : 1))) {
    const name = below === "" ? one : `${below}/${one}`;
    if (leaveOut(name)) continue;
    const found = await lstat(join(root, name)).catch((error: unknown) => {
      if (isMissing(error)) return undefined;
      throw error;
    });
    if (found === undefined) continue;
    if (!isTarName(name) || !(found.isFile() || found.isDirectory())) onStrange(name);
    else if (found.isDirectory()) {
      yield { name };
      yield* folderEntries(root, { leaveOut, onStrange }, name);
    } else yield* fileEntry(root, name);
  }
}

async function* fileEntry(root: string, name: string): AsyncGenerator<TarEntry> {
  let handle;
  try {
    handle = await open(join(root, name), constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  try {
    const { size } = await handle.stat();
    yield { name, file: { size, bytes: handle.createReadStream({ autoClose: false, start: 0 }) } };
  } finally {
    await handle.close();
  }
}

/** Whether there is nothing at this place, or an empty folder. */
export const isVacant = async (directory: string): Promise<boolean> => {
  try {
    return (await readdir(directory)).length === 0;
  } catch (error) {
    if (isMissing(error)) return true;
    throw error;
  }
};

/**
 * The archive as this folder, all of it or nothing: it is written beside it, and gets its name at the end.
 * @returns how many files @throws BackupError AEGIS_BACKUP_TARGET_IN_USE where the folder holds something
 */
export async function extractFolder(source: Bytes, directory: string, suffix: string): Promise<number> {
  if (!(await isVacant(directory)))
    throw new BackupError("AEGIS_BACKUP_TARGET_IN_USE", `${directory} is not empty.`);
  const made = `${directory}.${suffix}.partial`;
  await mkdir(dirname(directory), { recursive: true, mode: 0o700 });
  await mkdir(made, { mode: 0o700 });
  let files = 0;
  try {
    for await (const { name, file } of entriesOf(source)) {
      const path = join(made, name);
      if (file === undefined) await mkdir(path, { mode: 0o700 });
      else {
        await writeNew(path, file.bytes);
        files += 1;
      }
    }
    await rename(made, directory); // replaces an empty folder, and fails over one that is not
  } catch (error) {
    await rm(made, { recursive: true, force: true });
    throw error;
  }
  return files;
}

/** A new file of the owner's alone, on the disk when it resolves. */
export async function writeNew(path: string, source: Bytes): Promise<void> {
  const handle = await open(
    path,
    constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
    0o600,
  );
  try {
    for await (const chunk of source)
      for (let done = 0; done < chunk.length;)
        done += (await handle.write(chunk, done, chunk.length - done)).bytesWritten;
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A new name is durable once its folder is. */
export async function syncFolder(directory: string): Promise<void> {
  const handle = await open(directory, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
