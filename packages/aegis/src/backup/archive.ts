/**
 * The folder of backups: one folder each, with a signed manifest and one encrypted file per part. A backup appears under
 * its name once it is whole; what a killed process left has another name, and is never taken for one.
 */
import { lstat, mkdir, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { Value } from "typebox/value";
import { BackupError } from "./errors.ts";
import { syncFolder, writeNew } from "./folder.ts";
import {
  backupId,
  type BackupManifest,
  type BackupPart,
  isBackupId,
  manifestSchema,
  MAX_MANIFEST_BYTES,
  PART_NAMES,
  type PartName,
  partFile,
} from "./manifest.ts";
import { type Bytes, checkPart, readPart, writePart } from "./part.ts";
import { type BackupKeys, type BackupSigner, openSigned, signed } from "./signature.ts";

const MANIFEST = "manifest.json";
const BROKEN = /^\.(\d{8}T\d{6}Z-[a-z0-9]{8})\.(partial|gone)$/;

export interface NewBackup {
  readonly id: string;
  /** Writes one part; each once, in any order. */
  part(name: PartName, source: Bytes): Promise<void>;
  /** Signs it and gives it its name. */
  finish(wal?: BackupManifest["wal"]): Promise<BackupManifest>;
  /** Leaves nothing behind. */
  discard(): Promise<void>;
}

export interface NewBackupOptions {
  /** Made if it is missing. */
  readonly directory: string;
  readonly signer: BackupSigner;
  readonly recipients: readonly string[];
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  /** Eight of a-z0-9, so that two of one second differ. */
  readonly suffix: string;
}

export async function beginBackup(options: NewBackupOptions): Promise<NewBackup> {
  const { directory, signer, recipients, now, suffix } = options;
  const id = backupId(now, suffix);
  const made = join(directory, `.${id}.partial`);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await mkdir(made, { mode: 0o700 });
  const parts: BackupPart[] = [];
  return {
    id,
    async part(name, source) {
      const { bytes, sha256 } = await writePart(join(made, partFile(name)), source, recipients);
      parts.push({ name, bytes, sha256 });
    },
    async finish(wal) {
      const manifest: BackupManifest = {
        format: 1,
        id,
        created_at: new Date(now).toISOString(),
        parts: parts.toSorted((a, b) => PART_NAMES.indexOf(a.name) - PART_NAMES.indexOf(b.name)),
        ...(wal === undefined ? {} : { wal }),
      };
      if (!Value.Check(manifestSchema, manifest))
        throw new BackupError(
          "AEGIS_BACKUP_FAILED",
          "The backup has no part, or a log of a form that is not known.",
        );
      const text = signed("aegis-backup", manifest, signer);
      await writeNew(join(made, MANIFEST), once(Buffer.from(text)));
      await syncFolder(made);
      await rename(made, join(directory, id));
      await syncFolder(directory);
      return manifest;
    },
    discard: () => rm(made, { recursive: true, force: true }),
  };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/**
 * The manifest of a backup that is whole as far as names, sizes and signature tell.
 * @throws BackupError AEGIS_BACKUP_DAMAGED | AEGIS_BACKUP_FOREIGN
 */
export async function openBackup(directory: string, id: string, keys: BackupKeys): Promise<BackupManifest> {
  const damaged = (what: string) => new BackupError("AEGIS_BACKUP_DAMAGED", what);
  if (!isBackupId(id)) throw damaged("that is no name of a backup");
  const folder = join(directory, id);
  const names = await readdir(folder).catch(() => {
    throw damaged("there is no such backup");
  });
  if (!names.includes(MANIFEST)) throw damaged("it has no manifest");
  const manifest = openSigned(
    "aegis-backup",
    manifestSchema,
    await manifestText(join(folder, MANIFEST)),
    keys,
  );
  if (manifest.id !== id) throw damaged("it is another backup under this name");
  const expected = manifest.parts.map(({ name }) => partFile(name));
  if (new Set(expected).size !== expected.length) throw damaged("its manifest names a part twice");
  const extra = names.find((name) => name !== MANIFEST && !expected.includes(name));
  if (extra !== undefined) throw damaged("it holds a file that its manifest does not name");
  for (const part of manifest.parts) {
    const found = await lstat(join(folder, partFile(part.name))).catch(() => {
      throw damaged(`its part ${part.name} is missing`);
    });
    if (!found.isFile() || found.size !== part.bytes)
      throw damaged(`its part ${part.name} is not as long as its manifest says`);
  }
  return manifest;
}

async function manifestText(path: string): Promise<string> {
  const found = await lstat(path);
  if (!found.isFile() || found.size > MAX_MANIFEST_BYTES)
    throw new BackupError("AEGIS_BACKUP_DAMAGED", "its manifest is no file of ours");
  return readFile(path, "utf8");
}

/** The same, with every byte of every part read. @throws BackupError */
export async function checkBackup(directory: string, id: string, keys: BackupKeys): Promise<BackupManifest> {
  const manifest = await openBackup(directory, id, keys);
  for (const part of manifest.parts) await checkPart(join(directory, id, partFile(part.name)), part);
  return manifest;
}

/** What is inside of a part, held against the manifest once more while it is read. @throws BackupError */
export function readBackupPart(
  directory: string,
  { id, parts }: BackupManifest,
  name: PartName,
  identities: readonly string[],
): Bytes {
  const part = parts.find((one) => one.name === name);
  if (part === undefined)
    throw new BackupError("AEGIS_BACKUP_PART_MISSING", `The backup ${id} has no part ${name}.`);
  return readPart(join(directory, id, partFile(name)), part, identities);
}

/** Where nobody made a backup yet there is no folder either. */
const namesIn = (directory: string): Promise<readonly string[]> =>
  readdir(directory).catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  });

export interface ListedBackup {
  readonly id: string;
  /** Undefined where it is not to be believed; `problem` then says why. */
  readonly manifest: BackupManifest | undefined;
  readonly problem: string | undefined;
}

/** Every backup of the folder, newest first. With `whole` every byte is read. */
export async function listBackups(
  directory: string,
  keys: BackupKeys,
  options: { readonly whole?: boolean } = {},
): Promise<readonly ListedBackup[]> {
  const look = options.whole === true ? checkBackup : openBackup;
  const listed: ListedBackup[] = [];
  for (const id of (await namesIn(directory)).filter(isBackupId).toSorted().toReversed())
    try {
      listed.push({ id, manifest: await look(directory, id, keys), problem: undefined });
    } catch (error) {
      if (!(error instanceof BackupError)) throw error;
      listed.push({ id, manifest: undefined, problem: error.message });
    }
  return listed;
}

/** When the newest whole backup was made, by its name alone, which needs no key: milliseconds; undefined: there is none. */
export async function lastBackupAt(directory: string): Promise<number | undefined> {
  const newest = (await namesIn(directory)).filter(isBackupId).toSorted().at(-1);
  const [, date = "", time = ""] = /^(\d{8})T(\d{6})Z/.exec(newest ?? "") ?? [];
  if (date === "") return undefined;
  const [day, clock] = [date.match(/^(....)(..)(..)$/), time.match(/../g)];
  const at = Date.parse(`${day?.slice(1).join("-")}T${clock?.join(":")}Z`);
  return Number.isNaN(at) ? undefined : at;
}

/** Its name goes first: nobody finds half a backup. */
export async function removeBackup(directory: string, id: string): Promise<void> {
  if (!isBackupId(id)) throw new TypeError("that is no name of a backup");
  const gone = join(directory, `.${id}.gone`);
  await rename(join(directory, id), gone);
  await rm(gone, { recursive: true, force: true });
}

/** What killed processes left, unless it was touched since. @returns how many */
export async function removeBroken(directory: string, touchedBefore: number): Promise<number> {
  let removed = 0;
  for (const name of (await namesIn(directory)).filter((one) => BROKEN.test(one))) {
    const path = join(directory, name);
    if ((await lastTouched(path)) >= touchedBefore) continue;
    await rm(path, { recursive: true, force: true });
    removed += 1;
  }
  return removed;
}

/** Of the folder or of what is in it: a large part is written for hours. */
async function lastTouched(folder: string): Promise<number> {
  const paths = [folder, ...(await readdir(folder)).map((name) => join(folder, name))];
  const times = await Promise.all(paths.map(async (path) => (await stat(path)).mtimeMs));
  return Math.max(...times);
}
