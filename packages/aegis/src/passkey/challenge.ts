/**
 * Challenges that need no memory: random bytes and an expiry under a MAC that binds them to their purpose and owner.
 * A stranger who asks for a million makes no row grow; the one that comes back with a valid signature is spent.
 */
import type { KeyObject } from "node:crypto";
import { equalInConstantTime, hmac } from "../lib/bytes.ts";
import type { Random } from "../lib/random.ts";

const RANDOM_BYTES = 16;
const EXPIRY_BYTES = 6;
const MAC_BYTES = 32;
export const CHALLENGE_SECONDS = 5 * 60;

export function newChallenge(
  key: KeyObject,
  boundTo: string,
  now: number,
  random: Random,
): Uint8Array<ArrayBuffer> {
  const expiry = Buffer.alloc(EXPIRY_BYTES);
  expiry.writeUIntBE(now + CHALLENGE_SECONDS * 1000, 0, EXPIRY_BYTES);
  const body = Buffer.concat([Buffer.from(random.token(RANDOM_BYTES), "base64url"), expiry]);
  return new Uint8Array(Buffer.concat([body, macOf(key, boundTo, body)]));
}

/** When it ends, for a challenge of ours that is not past; undefined for any other. `challenge` is base64url. */
export function challengeExpiry(
  keys: readonly KeyObject[],
  boundTo: string,
  challenge: string,
  now: number,
): number | undefined {
  const bytes = Buffer.from(challenge, "base64url");
  if (bytes.length !== RANDOM_BYTES + EXPIRY_BYTES + MAC_BYTES) return undefined;
  const body = bytes.subarray(0, RANDOM_BYTES + EXPIRY_BYTES);
  const mac = bytes.subarray(RANDOM_BYTES + EXPIRY_BYTES).toString("base64url");
  if (!keys.some((key) => equalInConstantTime(mac, macOf(key, boundTo, body).toString("base64url"))))
    return undefined;
  const expiry = body.readUIntBE(RANDOM_BYTES, EXPIRY_BYTES);
  return expiry > now ? expiry : undefined;
}

const macOf = (key: KeyObject, boundTo: string, body: Buffer): Buffer =>
  Buffer.from(hmac(key, `${boundTo} ${body.toString("base64url")}`), "base64url");
