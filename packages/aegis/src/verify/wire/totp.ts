/** The verifier's own RFC 6238 (SHA-1, six digits, 30 s), so that a fault in the target's does not hide itself. */
import { createHmac } from "node:crypto";

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** Undefined for a secret that is no base32. `steps` away from `now` (milliseconds). */
export function totpAt(secret: string, now: number, steps = 0): string | undefined {
  const clean = secret.replace(/[\s=]/g, "").toUpperCase();
  if (!/^[A-Z2-7]{16,128}$/.test(clean)) return undefined;
  const bytes: number[] = [];
  let held = 0;
  let bits = 0;
  for (const letter of clean) {
    held = (held << 5) | LETTERS.indexOf(letter);
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push((held >> bits) & 0xff);
    held &= (1 << bits) - 1;
  }
  const counter = Buffer.alloc(8);
  counter.writeUInt32BE(Math.floor(now / 30_000) + steps, 4);
  const digest = createHmac("sha1", Buffer.from(bytes)).update(counter).digest();
  const offset = (digest[19] ?? 0) & 0xf;
  return ((digest.readUInt32BE(offset) & 0x7fff_ffff) % 1_000_000).toString().padStart(6, "0");
}
