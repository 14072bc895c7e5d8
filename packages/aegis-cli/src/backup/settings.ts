/** Where backups are, who signs them and who may open them: by options, otherwise by environment. */
import { open } from "node:fs/promises";
import { randomBytes } from "node:crypto";
import { headKeys, type HeadKeys } from "aegis/audit";
import { type BackupKeys, backupSigner, parseIdentities, parseRecipients } from "aegis/backup";
import { parseKeyRing } from "aegis";
import { Command } from "commander";
import { readJsonFile, ringAt } from "../keys/files.ts";
import { readSecrets } from "../secrets.ts";
import { UsageError } from "../talk.ts";

export interface PlaceFlags {
  readonly dir?: string;
}
export interface KeyFlags {
  readonly key: readonly string[];
}

const MAX_TEXT_BYTES = 16_384;

export const many = (one: string, all: readonly string[]): readonly string[] => [...all, one];

export const withPlace = (command: Command): Command =>
  command.option("--dir <folder>", "where backups are kept; default: BACKUP_DIRECTORY");

export const withKeys = (command: Command): Command =>
  command.option(
    "--key <file>",
    "who may have signed: a public key (`aegis backup key`) or a key ring; repeatable. Default: BACKUP_PUBLIC_KEY_FILE, then BACKUP_KEYS",
    many,
    [],
  );

/** A setting of which there must be one. */
export function demanded(given: string | undefined, variable: string, what: string): string {
  const value = given ?? process.env[variable];
  if (value === undefined || value === "")
    throw new UsageError(`It is not said ${what}.`, `Set ${variable}, or give the option (--help).`);
  return value;
}

export const placeOf = ({ dir }: PlaceFlags): string =>
  demanded(dir, "BACKUP_DIRECTORY", "where backups are kept");

/** A secret of whoever makes or opens backups: the file that an option names, or wherever the policy has secrets come from. */
async function secretText(
  file: string | undefined,
  name: "BACKUP_KEYS" | "BACKUP_IDENTITY",
  what: string,
): Promise<string> {
  if (file !== undefined) return smallText(file);
  const value = (await readSecrets(name))[name];
  if (value === undefined)
    throw new UsageError(
      `It is not said ${what}.`,
      `Set ${name}_FILE, have ${name} in a source of secrets (docs/secrets.md), or give the option (--help).`,
    );
  return value;
}

/** What a parser says of a broken ring quotes it, and so it may not be told. */
function jsonOf(text: string, name: string): unknown {
  try {
    const data: unknown = JSON.parse(text);
    return data;
  } catch {
    throw new UsageError(`${name} cannot be read as JSON.`);
  }
}

export async function signerOf(file: string | undefined) {
  const text = await secretText(file, "BACKUP_KEYS", "what backups are signed with");
  return backupSigner(parseKeyRing(jsonOf(text, file ?? "BACKUP_KEYS")));
}

/** Public keys that count. A ring's replaced keys verify for as long as they are in it. */
export async function keysOf({ key }: KeyFlags): Promise<BackupKeys> {
  const complaint = "It is not said who may have signed the backups.";
  if (key.length > 0) return publicKeys(key, complaint);
  const file = process.env["BACKUP_PUBLIC_KEY_FILE"];
  if (file !== undefined && file !== "") return publicKeys([file], complaint);
  const { BACKUP_KEYS: ring } = await readSecrets("BACKUP_KEYS");
  return someKeys(ring === undefined ? [] : publicPart(jsonOf(ring, "BACKUP_KEYS")), complaint);
}

export async function publicKeys(files: readonly string[], complaint: string): Promise<HeadKeys> {
  const found = await Promise.all(
    files.map(async (file) => publicPart(await readJsonFile(await ringAt(file)))),
  );
  return someKeys(found.flat(), complaint);
}

function publicPart(data: unknown): readonly unknown[] {
  const isRing = typeof data === "object" && data !== null && "keys" in data;
  return isRing ? parseKeyRing(data).keys.map(({ jwk }) => jwk) : [data];
}

function someKeys(found: readonly unknown[], complaint: string): HeadKeys {
  const keys = headKeys(found);
  if (keys.size === 0)
    throw new UsageError(
      complaint,
      "Print the public key where backups are made: aegis backup key > backup-key.json. Then give --key.",
    );
  return keys;
}

export async function recipientsOf(
  file: string | undefined,
  given: readonly string[],
): Promise<readonly string[]> {
  if (given.length > 0) return parseRecipients(given.join("\n"));
  return parseRecipients(
    await smallText(demanded(file, "BACKUP_RECIPIENTS_FILE", "who may open the backups (recipients of age)")),
  );
}

export const identitiesOf = async (file: string | undefined): Promise<readonly string[]> =>
  parseIdentities(await secretText(file, "BACKUP_IDENTITY", "what opens the backup (an identity of age)"));

async function smallText(file: string): Promise<string> {
  const handle = await open(file).catch(() => {
    throw new UsageError(`There is no file ${file}, or it may not be read.`);
  });
  try {
    if ((await handle.stat()).size > MAX_TEXT_BYTES)
      throw new UsageError(`${file} is too large for a file of keys.`);
    return await handle.readFile("utf8");
  } finally {
    await handle.close();
  }
}

/** Eight of a-z0-9: 40 bits, for names that are made at once. */
export const freshSuffix = (): string => randomBytes(4).toString("hex");

export function shownBytes(bytes: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let at = 0;
  let value = bytes;
  for (; value >= 1000 && at < units.length - 1; at++) value /= 1000;
  return `${at === 0 ? value : value.toFixed(1)} ${units[at] ?? ""}`;
}

export const shownSeconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1)} s`;
