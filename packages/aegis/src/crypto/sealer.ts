/**
 * Threat: a stolen database. Rule: what must be read back (the secret of an authenticator app) is sealed with
 * AES-256-GCM under a key that is not in the database, bound to its place (associated data), so that a row moved to
 * another account does not open. Old keys open, only the newest seals. References: ASVS 5.0 11.3, 11.5; NIST SP 800-38D.
 */
import { createCipheriv, createDecipheriv } from "node:crypto";
import { deriveKey, sha256 } from "../lib/bytes.ts";
import type { Random } from "../lib/random.ts";
import { ofKeys, type SecretKeys } from "../lib/secret-keys.ts";

export class SealError extends Error {
  override readonly name = "SealError";
}

export interface Sealer {
  /** `place` is the associated data, e.g. "mfa.totp:<account id>". */
  seal(text: string, place: string): string;
  /** @throws SealError for a key that is not in the ring, another place, or a changed text. */
  open(sealed: string, place: string): string;
  /** Sealed under a key that is only kept to open: seal it anew. */
  isOld(sealed: string): boolean;
}

const VERSION = "v1";
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** Each of `secrets` becomes one key of the ring by HKDF, named by its hash. */
export function keyRingSealer(secrets: SecretKeys, purpose: string, random: Random): Sealer {
  const named = (secret: Uint8Array) => {
    const key = deriveKey(secret, `seal/${purpose}`);
    return { kid: sha256(key).slice(0, 8), key };
  };
  const keys = ofKeys(secrets, ([first, ...others]) => {
    const active = named(first);
    return { active, ring: [active, ...others.map(named)] };
  });
  const placed = (place: string, kid: string): Uint8Array =>
    Buffer.from(`${VERSION}.${kid}.${purpose}.${place}`);

  return {
    seal(text, place) {
      const { active } = keys();
      const iv = Buffer.from(random.token(IV_BYTES), "base64url");
      const cipher = createCipheriv("aes-256-gcm", active.key, iv).setAAD(placed(place, active.kid));
      const body = Buffer.concat([cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
      return [VERSION, active.kid, iv.toString("base64url"), body.toString("base64url")].join(".");
    },
    open(sealed, place) {
      const [version, kid, iv, text] = sealed.split(".");
      const entry = keys().ring.find((one) => one.kid === kid);
      if (version !== VERSION || entry === undefined || iv === undefined || text === undefined)
        throw new SealError(`no key of the ring opens this (key ${kid ?? "unnamed"})`);
      const body = Buffer.from(text, "base64url");
      try {
        const decipher = createDecipheriv("aes-256-gcm", entry.key, Buffer.from(iv, "base64url"), {
          authTagLength: TAG_BYTES,
        })
          .setAAD(placed(place, entry.kid))
          .setAuthTag(body.subarray(body.length - TAG_BYTES));
        return Buffer.concat([
          decipher.update(body.subarray(0, body.length - TAG_BYTES)),
          decipher.final(),
        ]).toString("utf8");
      } catch (cause) {
        throw new SealError("the sealed text was changed, or belongs elsewhere", { cause });
      }
    },
    isOld: (sealed) => sealed.split(".")[1] !== keys().active.kid,
  };
}
