/** HOTP (RFC 4226) and TOTP (RFC 6238), pure: SHA-1, six digits, 30 s: what every authenticator app speaks. */
import { createHmac } from "node:crypto";
import { equalInConstantTime } from "../lib/bytes.ts";

export const STEP_SECONDS = 30;
export const SECRET_BYTES = 20; // RFC 4226 section 4 R6: 160 bits
const DIGITS = 6;

export function hotp(secret: Uint8Array, counter: number, digits = DIGITS, algorithm = "sha1"): string {
  const message = Buffer.alloc(8);
  message.writeBigUInt64BE(BigInt(counter));
  const digest = createHmac(algorithm, secret).update(message).digest();
  const offset = (digest[digest.length - 1] ?? 0) & 0x0f;
  const number = digest.readUInt32BE(offset) & 0x7fff_ffff;
  return String(number % 10 ** digits).padStart(digits, "0");
}

export const stepAt = (now: number): number => Math.floor(now / 1000 / STEP_SECONDS);

/**
 * The step whose code this is, within `drift` steps of now; the newest first. Every candidate is compared, so that
 * time does not tell which came near.
 */
export function matchingStep(
  secret: Uint8Array,
  code: string,
  now: number,
  drift: number,
): number | undefined {
  const present = stepAt(now);
  let match: number | undefined;
  for (let step = present - drift; step <= present + drift; step++)
    if (equalInConstantTime(hotp(secret, step), code)) match = step;
  return match;
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"; // RFC 4648 section 6

export function base32(bytes: Uint8Array): string {
  let bits = "";
  for (const byte of bytes) bits += byte.toString(2).padStart(8, "0");
  return (bits.match(/.{1,5}/g) ?? [])
    .map((group) => ALPHABET[Number.parseInt(group.padEnd(5, "0"), 2)] ?? "")
    .join("");
}

export function fromBase32(text: string): Uint8Array {
  const bits = [...text].map((letter) => ALPHABET.indexOf(letter).toString(2).padStart(5, "0")).join("");
  return Uint8Array.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}

/** The URI that a QR code holds (Google Authenticator's key URI format, which every app reads). */
export function otpauthUri(secret: string, issuer: string, account: string): string {
  const label = `${encodeURIComponent(issuer)}:${encodeURIComponent(account)}`;
  const query = new URLSearchParams({
    secret,
    issuer,
    algorithm: "SHA1",
    digits: String(DIGITS),
    period: String(STEP_SECONDS),
  });
  return `otpauth://totp/${label}?${query.toString().replaceAll("+", "%20")}`;
}
