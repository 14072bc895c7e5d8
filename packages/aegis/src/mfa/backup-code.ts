/**
 * Backup codes: 120 random bits each, so that a fast keyed hash is enough (ASVS 5.0 6.5.2 asks for 112), written in
 * Crockford's base 32, which has no letters that are taken for one another.
 */
import type { KeyObject } from "node:crypto";
import { hmac } from "../lib/bytes.ts";
import type { Random } from "../lib/random.ts";

const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const BYTES = 15;

export function newBackupCode(random: Random): string {
  const bytes = Buffer.from(random.token(BYTES), "base64url");
  let bits = "";
  for (const byte of bytes) bits += byte.toString(2).padStart(8, "0");
  const letters = (bits.match(/.{5}/g) ?? []).map((group) => ALPHABET[Number.parseInt(group, 2)] ?? "");
  return (letters.join("").match(/.{4}/g) ?? []).join("-");
}

/** Spaces, dashes and case do not matter; what is read as 0 or 1 is one. */
const normal = (code: string): string =>
  code.toUpperCase().replace(/[\s-]/g, "").replaceAll("O", "0").replace(/[IL]/g, "1");

export function backupCodeHash(key: KeyObject, accountId: string, code: string): string {
  return hmac(key, `${accountId} ${normal(code)}`);
}
