import { createHash, createHmac, hash, hkdfSync, timingSafeEqual } from "node:crypto";

/** SHA-256 of a text or bytes, as base64url (43 characters). */
export function sha256(input: string | Uint8Array): string {
  return hash("sha256", input, "base64url");
}

/** HMAC-SHA-256 of a text, as base64url (43 characters). */
export function hmac(key: Uint8Array, text: string): string {
  return createHmac("sha256", key).update(text).digest("base64url");
}

/** A 32-byte key for one purpose (HKDF-SHA-256, RFC 5869), so that no two purposes share a key. */
export function deriveKey(secret: Uint8Array, purpose: string): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", secret, "", `aegis/${purpose}`, 32));
}

/** Equality in time that does not depend on where two texts differ. */
export function equalInConstantTime(a: string, b: string): boolean {
  const left = createHash("sha256").update(a).digest();
  const right = createHash("sha256").update(b).digest();
  return timingSafeEqual(left, right);
}
