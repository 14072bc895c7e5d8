/**
 * Who wrote a manifest. Threat: whoever can write to the place of the backups puts one of their own there, or changes one;
 * encryption does not stop them, for the recipient is public. Rule: a manifest has one spelling, and counts only under an
 * Ed25519 key that was handed in. References: RFC 8032, RFC 8785; ASVS 5.0 11.3.3.
 */
import { type KeyObject, sign as signBytes, verify as verifyBytes } from "node:crypto";
import type Type from "typebox";
import { Value } from "typebox/value";
import { canonical } from "../lib/canonical.ts";
import { isRecord } from "../lib/freeze.ts";
import { BackupError } from "./errors.ts";

export interface BackupSigner {
  /** The thumbprint of its public key (RFC 7638). */
  readonly kid: string;
  readonly privateKey: KeyObject;
}

/** Public Ed25519 keys by their thumbprint. */
export type BackupKeys = ReadonlyMap<string, KeyObject>;

/** What a signature is for, so that one of another thing is none. */
export type SignedPurpose = "aegis-backup" | "aegis-backup-wal" | "aegis-evidence";

const signedBytes = (purpose: SignedPurpose, kid: string, body: unknown): Buffer =>
  Buffer.from(canonical({ body, kid, purpose }));

/** One line of canonical JSON: `{"body":…,"kid":…,"signature":…}`. */
export function signed(purpose: SignedPurpose, body: unknown, { kid, privateKey }: BackupSigner): string {
  const signature = signBytes(null, signedBytes(purpose, kid, body), privateKey).toString("base64url");
  return `${canonical({ body, kid, signature })}\n`;
}

/**
 * The body, if a key that was handed in signed exactly this text.
 * @throws BackupError AEGIS_BACKUP_DAMAGED | AEGIS_BACKUP_FOREIGN; it never quotes the text
 */
export function openSigned<S extends Type.TSchema>(
  purpose: SignedPurpose,
  schema: S,
  text: string,
  keys: BackupKeys,
): Type.Static<S> {
  const damaged = (what: string) => new BackupError("AEGIS_BACKUP_DAMAGED", `its manifest ${what}`);
  let data: unknown;
  try {
    data = JSON.parse(text);
    if (`${canonical(data)}\n` !== text) throw damaged("is not written as we write it");
  } catch (error) {
    throw error instanceof BackupError ? error : damaged("is no JSON");
  }
  if (!isRecord(data)) throw damaged("is no object");
  const { body, kid, signature, ...more } = data;
  if (typeof kid !== "string" || typeof signature !== "string" || Object.keys(more).length > 0)
    throw damaged("is not signed");
  const key = keys.get(kid);
  if (key === undefined)
    throw new BackupError("AEGIS_BACKUP_FOREIGN", "its manifest was signed by a key that was not handed in");
  const bytes = Buffer.from(signature, "base64url");
  // One spelling: bits of the last character that say nothing would make a second signature that holds.
  if (
    bytes.toString("base64url") !== signature ||
    !verifyBytes(null, signedBytes(purpose, kid, body), key, bytes)
  )
    throw damaged("is not what was signed");
  if (!Value.Check(schema, body)) throw damaged("has a form that is not known");
  return body;
}
