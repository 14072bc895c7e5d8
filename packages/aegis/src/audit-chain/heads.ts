/** Signed heads: what the end of the chain was at a time. Kept away from the database they find a cut tail. */
import {
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign as signBytes,
  verify as verifyBytes,
} from "node:crypto";
import Type from "typebox";
import { Value } from "typebox/value";
import { deriveKey, sha256 } from "../lib/bytes.ts";
import { canonical } from "../lib/canonical.ts";
import type { ChainHead } from "./chain.ts";

const closed = { additionalProperties: false } as const;
const hash = Type.String({ pattern: "^[A-Za-z0-9_-]{43}$" });
const headSchema = Type.Object(
  {
    seq: Type.Integer({ minimum: 1 }),
    hash,
    at: Type.String({ pattern: "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$" }),
    kid: hash,
    signature: Type.String({ pattern: "^[A-Za-z0-9_-]{86}$" }),
  },
  closed,
);
const jwkSchema = Type.Object(
  { kty: Type.Literal("OKP"), crv: Type.Literal("Ed25519"), x: hash },
  { additionalProperties: true },
);

export type SignedHead = Readonly<Type.Static<typeof headSchema>>;
export const isSignedHead = (value: unknown): value is SignedHead => Value.Check(headSchema, value);

export interface HeadSigner {
  readonly kid: string;
  /** Public (RFC 8037). */
  readonly jwk: Readonly<Record<"kty" | "crv" | "x" | "kid", string>>;
  sign(head: ChainHead, at: number): SignedHead;
}

const signedText = ({ seq, hash: of, at, kid }: Omit<SignedHead, "signature">): Buffer =>
  Buffer.from(canonical({ at, hash: of, kid, purpose: "aegis-audit-head", seq }));

/** @throws TypeError for a key of another kind than Ed25519 */
export function headSigner(privateKey: KeyObject): HeadSigner {
  const exported: unknown = createPublicKey(privateKey).export({ format: "jwk" });
  if (!Value.Check(jwkSchema, exported)) throw new TypeError("heads are signed with Ed25519");
  const { kty, crv, x } = exported;
  const kid = kidOf(x);
  return {
    kid,
    jwk: { kty, crv, x, kid },
    sign({ seq, hash: of }, at) {
      const head = { seq, hash: of, at: new Date(at).toISOString(), kid };
      return { ...head, signature: signBytes(null, signedText(head), privateKey).toString("base64url") };
    },
  };
}

/** RFC 8410: what stands before the 32 bytes of a private key in PKCS #8. */
const PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex");

/** An Ed25519 key of 32 secret bytes. */
export const keyFromSeed = (seed: Uint8Array): KeyObject =>
  createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: "der", type: "pkcs8" });

/** The one that signs where the operator gives none: its key comes of the application's secret. */
export const derivedSigner = (secret: Uint8Array): HeadSigner =>
  headSigner(keyFromSeed(deriveKey(secret, "audit-head")));

/** RFC 7638. */
const kidOf = (x: string): string => sha256(canonical({ crv: "Ed25519", kty: "OKP", x }));

export type HeadKeys = ReadonlyMap<string, KeyObject>;

/** Public keys by kid, out of JWKs; what is none is left out. */
export function headKeys(jwks: readonly unknown[]): HeadKeys {
  return new Map(
    jwks.flatMap((jwk) => {
      if (!Value.Check(jwkSchema, jwk)) return [];
      const { kty, crv, x } = jwk;
      return [[kidOf(x), createPublicKey({ key: { kty, crv, x }, format: "jwk" })] as const];
    }),
  );
}

/** Undefined where there is no key of that name. */
export function isGenuine(head: SignedHead, keys: HeadKeys): boolean | undefined {
  const key = keys.get(head.kid);
  if (key === undefined) return undefined;
  return verifyBytes(null, signedText(head), key, Buffer.from(head.signature, "base64url"));
}
