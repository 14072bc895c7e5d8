/** A backup as it is opened: found, held against its signature, every byte read, before anything is done with it. */
import { basename } from "node:path";
import type { Command } from "commander";
import {
  type BackupContents,
  BackupError,
  type BackupKeys,
  type BackupManifest,
  checkBackup,
  listBackups,
  MAX_CONTENTS_BYTES,
  parseContents,
  type PartName,
  readBackupPart,
} from "aegis/backup";
import {
  identitiesOf,
  type KeyFlags,
  keysOf,
  type PlaceFlags,
  placeOf,
  shownBytes,
  shownSeconds,
  withKeys,
  withPlace,
} from "./settings.ts";
import { tell, UsageError } from "../talk.ts";

export interface OpenFlags extends PlaceFlags, KeyFlags {
  readonly identity?: string;
}
export const withBackup = (command: Command): Command =>
  withKeys(withPlace(command))
    .argument("<backup>", "its name, or `latest`")
    .option(
      "--identity <file>",
      "what opens it, as age-keygen writes it; default: BACKUP_IDENTITY, of any source of secrets",
    );

export interface OpenedBackup {
  readonly directory: string;
  readonly manifest: BackupManifest;
  readonly contents: BackupContents;
  readonly identities: readonly string[];
  readonly keys: BackupKeys;
  readonly part: (name: PartName) => AsyncIterable<Uint8Array>;
}

/** Whole, signed, and openable: every byte of every part was read. */
export async function openedBackup(name: string, flags: OpenFlags): Promise<OpenedBackup> {
  const [directory, keys, identities] = [
    placeOf(flags),
    await keysOf(flags),
    await identitiesOf(flags.identity),
  ];
  const begun = Date.now();
  const id = name === "latest" ? await newest(directory, keys) : basename(name);
  let manifest: BackupManifest;
  try {
    manifest = await checkBackup(directory, id, keys);
  } catch (error) {
    if (!(error instanceof BackupError)) throw error;
    throw new BackupError(error.code, `The backup ${id} is refused: ${error.message}.`, {
      hint: "Nothing was touched. Take another: aegis backup list --check",
    });
  }
  const part = (one: PartName) => readBackupPart(directory, manifest, one, identities);
  const contents = parseContents(await wholeText(part("contents")));
  const bytes = manifest.parts.reduce((sum, one) => sum + one.bytes, 0);
  tell(`${id}: ${shownBytes(bytes)} are what was signed (${shownSeconds(Date.now() - begun)})`);
  return { directory, manifest, contents, identities, keys, part };
}

async function newest(directory: string, keys: BackupKeys): Promise<string> {
  const found = await listBackups(directory, keys);
  const at = found.findIndex(({ manifest }) => manifest !== undefined);
  const first = found[at];
  if (first === undefined) throw new UsageError(`There is no backup in ${directory} that can be believed.`);
  // Damaging the newest must not bring back an older state without a word.
  for (const { id, problem } of found.slice(0, at))
    tell(`warning: ${id} is newer, and passed over: ${problem ?? ""}`);
  return first.id;
}

async function wholeText(source: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of source) {
    length += chunk.length;
    if (length > MAX_CONTENTS_BYTES)
      throw new BackupError("AEGIS_BACKUP_DAMAGED", "what it says of itself has no end");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
