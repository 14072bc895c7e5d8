/** Who wrote a record: an Ed25519 signature over its last entry. */
import { createPublicKey, type KeyObject, sign as signBytes, verify as verifyBytes } from "node:crypto";
import { sha256 } from "../lib/bytes.ts";
import { canonical } from "../lib/canonical.ts";
import { isRecord } from "../lib/freeze.ts";
import type { Entry, Seal } from "./record.ts";

export interface ChecklistSigner {
  /** Thumbprint of the public key (RFC 7638). */
  readonly kid: string;
  readonly privateKey: KeyObject;
}

/** Public Ed25519 keys by their thumbprint. */
export type ChecklistKeys = ReadonlyMap<string, KeyObject>;

/** What is signed: a record of a deployment, or a statement about a requirement. */
export type SealPurpose = "aegis-checklist" | "aegis-attestation";

/** The purpose stands in it, so that a signature of another thing, under the same key, is none. */
const signedBytes = ({ seq, hash, at, kid }: Omit<Seal, "signature">, purpose: SealPurpose): Buffer =>
  Buffer.from(canonical({ at, hash, kid, purpose, seq }));

export function sealed(
  { seq, hash }: Pick<Entry, "seq" | "hash">,
  at: string,
  { kid, privateKey }: ChecklistSigner,
  purpose: SealPurpose = "aegis-checklist",
): Seal {
  const seal = { seq, hash, at, kid };
  return {
    ...seal,
    signature: signBytes(null, signedBytes(seal, purpose), privateKey).toString("base64url"),
  };
}

/** Undefined where there is no key of that name. */
export function isGenuine(
  seal: Seal,
  keys: ChecklistKeys,
  purpose: SealPurpose = "aegis-checklist",
): boolean | undefined {
  const key = keys.get(seal.kid);
  if (key === undefined) return undefined;
  const signature = Buffer.from(seal.signature, "base64url");
  // The last character has four bits that say nothing: one spelling alone is right, or a changed byte would not be found.
  if (signature.toString("base64url") !== seal.signature) return false;
  return verifyBytes(null, signedBytes(seal, purpose), key, signature);
}

/** Ed25519 keys out of public JWKs; what is none is left out. */
export function checklistKeys(jwks: readonly unknown[]): ChecklistKeys {
  return new Map(
    jwks.flatMap((jwk) => {
      if (!isRecord(jwk) || jwk["kty"] !== "OKP" || jwk["crv"] !== "Ed25519") return [];
      const { x } = jwk;
      if (typeof x !== "string" || !/^[A-Za-z0-9_-]{43}$/.test(x)) return [];
      const parts = { kty: "OKP", crv: "Ed25519", x };
      try {
        return [[sha256(canonical(parts)), createPublicKey({ key: parts, format: "jwk" })] as const];
      } catch {
        return [];
      }
    }),
  );
}
