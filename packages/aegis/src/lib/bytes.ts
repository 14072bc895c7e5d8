import { createHmac, createSecretKey, hash, hkdfSync, type KeyObject, timingSafeEqual } from "node:crypto";

/** SHA-256 of a text or bytes, as base64url (43 characters). */
export function sha256(input: string | Uint8Array): string {
  return hash("sha256", input, "base64url");
}

/** HMAC-SHA-256 of a text, as base64url (43 characters). Where it is on the way of requests, `key` is a `macKey`. */
export function hmac(key: Uint8Array | KeyObject, text: string): string {
  return createHmac("sha256", key).update(text).digest("base64url");
}

/** A 32-byte key for one purpose (HKDF-SHA-256, RFC 5869), so that no two purposes share a key. */
export function deriveKey(secret: Uint8Array, purpose: string): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", secret, "", `aegis/${purpose}`, 32));
}

/** A key as Node keeps it: given bytes, it looks seven times as long at what they may be as it takes to hash. */
export function macKey(key: Uint8Array): KeyObject {
  return createSecretKey(key);
}

/** Equality in time that does not depend on where two texts differ. */
export function equalInConstantTime(a: string, b: string): boolean {
  // Digests of one length: neither the length of a text nor where it differs can be told from the time.
  return timingSafeEqual(hash("sha256", a, "buffer"), hash("sha256", b, "buffer"));
}
