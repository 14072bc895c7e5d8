/**
 * How a key looks: `aegis_live_`, 8 characters of public id, `_`, 43 of secret, 6 of checksum. The beginning lets scanners find it in code
 * and logs; the checksum tells a typo or an invention from a key before anything is looked up, and keeps scanners from
 * crying wolf. It is no proof of anything: whoever likes can compute it. The secret is.
 */
import { crc32 } from "node:zlib";
import type { Random } from "../lib/random.ts";

/** `live` in production, `test` elsewhere: neither is taken in the other's place. */
export type KeyMode = "live" | "test";

export interface KeyParts {
  readonly mode: KeyMode;
  /** Public: may be shown and logged. */
  readonly id: string;
  readonly secret: string;
}

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
export const ID_LENGTH = 8;
/** 62^43 > 2^256: beyond the 112 bits from which on a fast hash is right (ASVS 5.0 6.5.2). */
export const SECRET_LENGTH = 43;
const CHECKSUM_LENGTH = 6; // 62^6 > 2^32

/** For secret scanners, as a regular expression that every common engine reads the same way. */
export const SCANNER_PATTERN = String.raw`\baegis_(live|test)_[0-9A-Za-z]{8}_[0-9A-Za-z]{49}\b`;

const FORM = /^aegis_(live|test)_([0-9A-Za-z]{8})_([0-9A-Za-z]{43})([0-9A-Za-z]{6})$/;

/** What is shown of a key after it was made. */
export const shownPrefix = (mode: KeyMode, id: string): string => `aegis_${mode}_${id}`;

export function formatKey({ mode, id, secret }: KeyParts): string {
  const body = `${shownPrefix(mode, id)}_${secret}`;
  return body + checksum(body);
}

/** The parts of what has the form and the right checksum; undefined for everything else. */
export function parseKey(text: string): KeyParts | undefined {
  const [, mode, id, secret, sum] = FORM.exec(text) ?? [];
  if ((mode !== "live" && mode !== "test") || id === undefined || secret === undefined) return undefined;
  const parts = { mode, id, secret } as const;
  return sum === checksum(text.slice(0, -CHECKSUM_LENGTH)) ? parts : undefined;
}

/** CRC-32 finds every wrong character and every two neighbours in the wrong order. */
function checksum(body: string): string {
  let rest = crc32(body);
  let digits = "";
  for (let place = 0; place < CHECKSUM_LENGTH; place++) {
    digits = DIGITS.charAt(rest % DIGITS.length) + digits;
    rest = Math.floor(rest / DIGITS.length);
  }
  return digits;
}

/** Random letters and digits, each equally likely: base64url without the two signs that are neither. */
export function randomText(random: Random, length: number): string {
  let text = "";
  while (text.length < length) text += random.token(48).replaceAll(/[-_]/g, "");
  return text.slice(0, length);
}
