/**
 * The token: a random salt and the MAC of session and salt. Stateless, bound to one session, different at every
 * request for one, so that it cannot be guessed from compressed answers (BREACH).
 */
import type { KeyObject } from "node:crypto";
import { equalInConstantTime, hmac } from "../lib/bytes.ts";
import type { Random } from "../lib/random.ts";

const SALT_BYTES = 16;
const SALT_LENGTH = 22; // base64url of 16 bytes
const MAC_LENGTH = 43;

export function makeCsrfToken(key: KeyObject, sessionId: string, random: Random): string {
  const salt = random.token(SALT_BYTES);
  return salt + mac(key, sessionId, salt);
}

export function isCsrfToken(key: KeyObject, sessionId: string, token: string): boolean {
  if (token.length !== SALT_LENGTH + MAC_LENGTH) return false;
  const salt = token.slice(0, SALT_LENGTH);
  return equalInConstantTime(token.slice(SALT_LENGTH), mac(key, sessionId, salt));
}

const mac = (key: KeyObject, sessionId: string, salt: string): string => hmac(key, `${salt}.${sessionId}`);
