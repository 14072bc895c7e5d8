/**
 * The token: a random salt and the MAC of session and salt. Stateless, bound to one session, different at every
 * request for one, so that it cannot be guessed from compressed answers (BREACH).
 */
import { type KeyObject, timingSafeEqual } from "node:crypto";
import { hmac } from "../lib/bytes.ts";
import type { Random } from "../lib/random.ts";
import type { PurposeKeys } from "../lib/secret-keys.ts";

const SALT_BYTES = 16;
const SALT_LENGTH = 22; // base64url of 16 bytes
const MAC_LENGTH = 43;

function makeCsrfToken(key: KeyObject, sessionId: string, random: Random): string {
  const salt = random.token(SALT_BYTES);
  return salt + mac(key, sessionId, salt);
}

/** Sessions whose last good token is remembered: a page sends one token many times. Forgotten all at once. */
const MOST_REMEMBERED = 10_000;

export function csrfTokens(keys: PurposeKeys) {
  const good = new Map<string, Buffer>();
  let goodUnder = keys();
  return {
    make: (sessionId: string, random: Random): string => makeCsrfToken(keys()[0], sessionId, random),
    isGood(sessionId: string, token: string): boolean {
      if (token.length !== SALT_LENGTH + MAC_LENGTH) return false;
      const given = Buffer.from(token); // longer where it holds more than ASCII
      if (given.length !== token.length) return false;
      const known = keys();
      if (known !== goodUnder) {
        good.clear(); // a key may have gone, and its tokens with it
        goodUnder = known;
      }
      const remembered = good.get(sessionId);
      if (remembered !== undefined && timingSafeEqual(given, remembered)) return true;
      const salt = token.slice(0, SALT_LENGTH);
      const right = known
        .map((key) => Buffer.from(salt + mac(key, sessionId, salt)))
        .find((one) => timingSafeEqual(given, one));
      if (right === undefined) return false;
      if (good.size >= MOST_REMEMBERED) good.clear();
      good.set(sessionId, right);
      return true;
    },
  };
}

const mac = (key: KeyObject, sessionId: string, salt: string): string => hmac(key, `${salt}.${sessionId}`);
