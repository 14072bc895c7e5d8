/** The record in its file: verified before it is added to, replaced whole or not at all, by one at a time. */
import { open, readFile, rename, rm, stat } from "node:fs/promises";
import { type KeyRing, parseKeyRing } from "aegis";
import {
  type ChecklistKeys,
  checklistKeys,
  type ChecklistRecord,
  checklistSigner,
  type ChecklistSigner,
  MAX_RECORD_BYTES,
  textOf,
  verifyRecord,
} from "aegis/checklist";
import { readJsonFile } from "../keys/files.ts";
import { UsageError } from "../talk.ts";

export async function ringFrom(file: string | undefined): Promise<KeyRing> {
  const from = file ?? process.env["AUDIT_KEYS_FILE"];
  if (from === undefined || from === "")
    throw new UsageError(
      "It is not said what the record is signed with.",
      "Give --key FILE, or set AUDIT_KEYS_FILE. Make one: aegis keys ring --algorithm EdDSA > FILE",
    );
  return parseKeyRing(await readJson(from));
}

const readJson = (file: string): Promise<unknown> =>
  readJsonFile(file).catch((error: unknown) => {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${file} cannot be read.`);
  });

/** Public keys: of rings, or JWKs as they are. */
export async function keysFrom(files: readonly string[]): Promise<ChecklistKeys> {
  const own = process.env["AUDIT_KEYS_FILE"];
  const named = files.length > 0 || own === undefined || own === "" ? files : [own];
  const jwks = await Promise.all(
    named.map(async (file) => {
      const data = await readJson(file);
      const isRing = typeof data === "object" && data !== null && "keys" in data;
      return isRing ? parseKeyRing(data).keys.map(({ jwk }) => jwk) : [data];
    }),
  );
  return checklistKeys(jwks.flat());
}

export async function readRecordText(file: string): Promise<string> {
  const found = await stat(file).catch(() => undefined);
  if (found === undefined)
    throw new UsageError(
      `There is no file ${file}.`,
      "Begin one: aegis checklist start FILE --application NAME",
    );
  if (found.size > MAX_RECORD_BYTES) throw new UsageError(`${file} is too large to be a record.`);
  return readFile(file, "utf8");
}

/**
 * The record, if it is what this ring signed: nothing is added to one that was touched, or the new signature would cover
 * what was done to it.
 */
function genuine(text: string, ring: KeyRing, file: string): ChecklistRecord {
  const { record, problems } = verifyRecord(text, { keys: checklistKeys(ring.keys.map(({ jwk }) => jwk)) });
  const [first] = problems;
  if (record === undefined || first !== undefined)
    throw new UsageError(
      `${file} is not what was signed: ${first?.detail ?? ""}.`,
      "See all of it: aegis checklist verify FILE. Nothing was added.",
    );
  return record;
}

export type Change = (
  before: ChecklistRecord,
  signer: ChecklistSigner,
) => ChecklistRecord | Promise<ChecklistRecord>;

/** A new file beside it is the lock, and takes its place when it is whole. */
export async function changeRecord(
  file: string,
  key: string | undefined,
  change: Change,
): Promise<ChecklistRecord> {
  const ring = await ringFrom(key);
  const signer = checklistSigner(ring);
  await readRecordText(file); // says that there is none before it locks it
  const made = `${file}.new`;
  const handle = await open(made, "wx", 0o600).catch((error: unknown) => {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    throw new UsageError(
      `There is a file ${made}: somebody is writing to this record, or was interrupted.`,
      "Remove it if nobody is.",
    );
  });
  try {
    const after = await change(genuine(await readRecordText(file), ring, file), signer);
    await handle.writeFile(textOf(after));
    await handle.sync();
    await handle.close();
    await rename(made, file);
    return after;
  } catch (error) {
    await handle.close().catch(() => undefined);
    await rm(made, { force: true });
    throw error;
  }
}

/** A record where none was. */
export async function createRecord(
  file: string,
  key: string | undefined,
  make: (signer: ChecklistSigner) => ChecklistRecord,
): Promise<ChecklistRecord> {
  const record = make(checklistSigner(await ringFrom(key)));
  const handle = await open(file, "wx", 0o600).catch((error: unknown) => {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    throw new UsageError(`There is a file ${file} already.`, "A record is begun once; choose another name.");
  });
  await handle.writeFile(textOf(record));
  await handle.sync();
  await handle.close();
  return record;
}
