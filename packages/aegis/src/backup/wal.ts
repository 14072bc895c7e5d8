/**
 * The write-ahead log of PostgreSQL, segment by segment, as `archive_command` hands it over: encrypted like a part, each
 * with a signed line beside it. Threat: a segment that is left out, put in or exchanged leads a restored database to a
 * state that never was. Rule: what is restored from is one unbroken row of signed segments, from the base on.
 * References: PostgreSQL 15, 26.3 (Continuous Archiving and Point-in-Time Recovery).
 */
import { createHash } from "node:crypto";
import { lstat, mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import Type from "typebox";
import { BackupError } from "./errors.ts";
import { syncFolder, writeNew } from "./folder.ts";
import { type BackupManifest, MAX_MANIFEST_BYTES } from "./manifest.ts";
import { type Bytes, checkPart, readPart, writePart } from "./part.ts";
import { type BackupKeys, type BackupSigner, openSigned, signed } from "./signature.ts";

const digest = Type.String({ pattern: "^[A-Za-z0-9_-]{43}$" });
/** A segment, the history of a timeline, or where a base began. */
const NAME = "[0-9A-F]{24}(\\.[0-9A-F]{8}\\.backup|\\.partial)?|[0-9A-F]{8}\\.history";
const isWalName = (name: string): boolean => new RegExp(`^(${NAME})$`).test(name);
const isSegment = (name: string): boolean => /^[0-9A-F]{24}$/.test(name);

const segmentSchema = Type.Object(
  {
    name: Type.String({ pattern: `^(${NAME})$` }),
    bytes: Type.Integer({ minimum: 0 }),
    sha256: digest,
    /** Of what is inside: PostgreSQL may hand over a segment twice, and never two under one name. */
    plain_sha256: digest,
  },
  { additionalProperties: false },
);
export type WalSegment = Type.Static<typeof segmentSchema>;

const folderOf = (directory: string): string => join(directory, "wal");
const fileOf = (directory: string, name: string): string => join(folderOf(directory), `${name}.age`);
const lineOf = (directory: string, name: string): string => join(folderOf(directory), `${name}.json`);

export interface WalOptions {
  readonly directory: string;
  readonly signer: BackupSigner;
  readonly keys: BackupKeys;
  readonly recipients: readonly string[];
  /** For the names of files that are not whole yet. */
  readonly suffix: string;
}

/**
 * Keeps a segment. One that is kept already must be the same: PostgreSQL asks again after a crash.
 * @throws BackupError AEGIS_BACKUP_FAILED where another is kept under its name
 */
export async function keepWal(name: string, read: () => Bytes, options: WalOptions): Promise<void> {
  const { directory, signer, keys, recipients, suffix } = options;
  if (!isWalName(name))
    throw new BackupError("AEGIS_BACKUP_FAILED", "That is no name of a segment of the log.");
  await mkdir(folderOf(directory), { recursive: true, mode: 0o700 });
  const known = await readLine(directory, name, keys);
  if (known !== undefined) {
    const hash = createHash("sha256");
    for await (const chunk of read()) hash.update(chunk);
    if (hash.digest("base64url") !== known.plain_sha256)
      throw new BackupError("AEGIS_BACKUP_FAILED", `Another segment is kept as ${name} already.`, {
        hint: "Two servers must not keep their logs in one place.",
      });
    return;
  }
  const [file, line] = [fileOf(directory, name), lineOf(directory, name)].map((path) => ({
    path,
    made: `${path}.${suffix}.partial`,
  }));
  if (file === undefined || line === undefined) throw new TypeError("two files");
  try {
    const { bytes, sha256, plainSha256 } = await writePart(file.made, read(), recipients);
    const body: WalSegment = { name, bytes, sha256, plain_sha256: plainSha256 };
    await writeNew(line.made, textBytes(signed("aegis-backup-wal", body, signer)));
    await rename(file.made, file.path);
    await rename(line.made, line.path); // last: where there is no line, there is no segment
    await syncFolder(folderOf(directory));
  } finally {
    for (const { made } of [file, line]) await rm(made, { force: true });
  }
}

async function* textBytes(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

async function readLine(directory: string, name: string, keys: BackupKeys): Promise<WalSegment | undefined> {
  const path = lineOf(directory, name);
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return undefined;
  if (!found.isFile() || found.size > MAX_MANIFEST_BYTES)
    throw new BackupError("AEGIS_BACKUP_DAMAGED", `what is said of the segment ${name} is no file of ours`);
  const segment = openSigned("aegis-backup-wal", segmentSchema, await readFile(path, "utf8"), keys);
  if (segment.name !== name)
    throw new BackupError("AEGIS_BACKUP_DAMAGED", `another segment lies under the name ${name}`);
  return segment;
}

async function namesIn(directory: string): Promise<readonly string[]> {
  const files = await readdir(folderOf(directory)).catch(() => []);
  return files
    .filter((file) => file.endsWith(".json"))
    .map((file) => file.slice(0, -5))
    .filter(isWalName)
    .toSorted();
}

/**
 * What a base needs to be led on: every segment from it on, and the histories of timelines, each read and held against its
 * signature. @throws BackupError where one is damaged, foreign or missing
 */
export async function checkWal(
  directory: string,
  wal: NonNullable<BackupManifest["wal"]>,
  keys: BackupKeys,
): Promise<readonly WalSegment[]> {
  const names = (await namesIn(directory)).filter((name) => !isSegment(name) || name >= wal.first);
  demandUnbroken(names.filter(isSegment), wal);
  const segments: WalSegment[] = [];
  for (const name of names) {
    const segment = await readLine(directory, name, keys);
    if (segment === undefined)
      throw new BackupError("AEGIS_BACKUP_DAMAGED", `the segment ${name} is missing`);
    await checkPart(fileOf(directory, name), segment);
    segments.push(segment);
  }
  return segments;
}

/** The base has in itself what it needs up to `last`; what comes behind must have no gap. */
function demandUnbroken(
  names: readonly string[],
  { last, segment_bytes: size }: NonNullable<BackupManifest["wal"]>,
): void {
  let before: string | undefined;
  /** How far any timeline goes. */
  let reached = last.slice(8);
  for (const name of names.filter((one) => one >= last)) {
    const isNext =
      before === undefined
        ? name === last || name === nextSegment(last, size)
        : name === nextSegment(before, size);
    // A new timeline begins within the segment that the one before ended in, or at an earlier one that was not played;
    // where it begins later, PostgreSQL would end before it, and open.
    const isNewTimeline =
      name.slice(0, 8) !== (before ?? last).slice(0, 8) &&
      name.slice(8) <= nextSegment(`00000000${reached}`, size).slice(8);
    if (!isNext && !isNewTimeline)
      throw new BackupError("AEGIS_BACKUP_DAMAGED", `the log has a gap before the segment ${name}`);
    before = name;
    if (name.slice(8) > reached) reached = name.slice(8);
  }
}

/** "000000010000000000000002" -> "…03"; a log of 4 GB is 256 segments of 16 MB. */
export function nextSegment(name: string, segmentBytes: number): string {
  const perLog = 2 ** 32 / segmentBytes;
  const hex = (value: number) => value.toString(16).toUpperCase().padStart(8, "0");
  const [log, segment] = [Number.parseInt(name.slice(8, 16), 16), Number.parseInt(name.slice(16), 16) + 1];
  return `${name.slice(0, 8)}${hex(log + Math.floor(segment / perLog))}${hex(segment % perLog)}`;
}

/** Opens segments into a folder, under the names that PostgreSQL asks for. */
export async function extractWal(
  directory: string,
  segments: readonly WalSegment[],
  identities: readonly string[],
  into: string,
): Promise<void> {
  await mkdir(into, { mode: 0o700 });
  for (const segment of segments)
    await writeNew(join(into, segment.name), readPart(fileOf(directory, segment.name), segment, identities));
}

/** Segments that no kept base needs any more. @returns how many were removed */
export async function pruneWal(directory: string, neededFrom: string | undefined): Promise<number> {
  if (neededFrom === undefined) return 0;
  const old = (await namesIn(directory)).filter(
    (name) => !name.endsWith(".history") && name.slice(8, 24) < neededFrom.slice(8),
  );
  for (const name of old) {
    // The line first: a file without one is no segment.
    await rm(lineOf(directory, name), { force: true });
    await rm(fileOf(directory, name), { force: true });
  }
  return old.length;
}
