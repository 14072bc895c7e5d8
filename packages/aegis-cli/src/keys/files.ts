/** Key rings as files: read without quoting them, replaced whole or not at all. */
import { open, readFile, realpath, rename, rm, stat } from "node:fs/promises";
import type { DataKeyRing, KeyRing } from "aegis";
import { UsageError } from "../talk.ts";

/** A ring of 16 keys has less; what is larger is something else, and is not read. */
const MAX_RING_BYTES = 65_536;

export const ringAt = (file: string): Promise<string> =>
  realpath(file).catch(() => {
    throw new UsageError(`There is no file ${file}.`, "Make one: aegis keys ring > FILE");
  });

/** Whole or not at all, and by one at a time: the new file's name is the lock. */
export async function replaced<
  R extends KeyRing | DataKeyRing,
  T extends { readonly ring: KeyRing | DataKeyRing },
>(file: string, parse: (data: unknown) => R, change: (ring: R) => T): Promise<T> {
  const made = `${file}.new`;
  const before = await stat(file);
  const handle = await open(made, "wx", 0o600).catch((error: unknown) => {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    throw new UsageError(
      `There is a file ${made}: somebody is rotating this ring, or was interrupted.`,
      "Remove it if nobody is.",
    );
  });
  try {
    const result = change(parse(await readJsonFile(file)));
    await handle.writeFile(written(result.ring));
    // The server goes on reading it, whoever rotates.
    if (before.uid !== (await handle.stat()).uid) await handle.chown(before.uid, before.gid);
    await handle.sync();
    await handle.close();
    await rename(made, file);
    return result;
  } catch (error) {
    await handle.close().catch(() => undefined);
    await rm(made, { force: true });
    throw error;
  }
}

/** What a parser says of a broken file quotes it, and so it may not be told. */
export async function readJsonFile(file: string): Promise<unknown> {
  if ((await stat(file)).size > MAX_RING_BYTES) throw new UsageError(`${file} is no key ring.`);
  try {
    const data: unknown = JSON.parse(await readFile(file, "utf8"));
    return data;
  } catch {
    throw new UsageError(`${file} cannot be read as JSON.`);
  }
}

export const written = (ring: KeyRing | DataKeyRing): string => `${JSON.stringify(ring, undefined, 2)}\n`;
