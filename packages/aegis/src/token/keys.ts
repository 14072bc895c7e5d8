/**
 * The key ring of access tokens. Threat: a key that serves for ever serves its thief for ever. Rule: one active key
 * signs; replaced ones verify until the last token under them is over, have no private part any more, and then go.
 * References: RFC 7517, RFC 7638, RFC 8037; ASVS 5.0 11.2.2, 13.3.4; requirement TOK-1.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import Type from "typebox";
import { Value } from "typebox/value";
import { sha256 } from "../lib/bytes.ts";

export type TokenAlgorithm = "EdDSA" | "ES256";

const closed = { additionalProperties: false } as const;
const part = Type.String({ pattern: "^[A-Za-z0-9_-]{43}$" }); // 32 bytes: every number of both curves
const jwkSchema = Type.Union([
  Type.Object(
    { kty: Type.Literal("OKP"), crv: Type.Literal("Ed25519"), x: part, d: Type.Optional(part) },
    closed,
  ),
  Type.Object(
    { kty: Type.Literal("EC"), crv: Type.Literal("P-256"), x: part, y: part, d: Type.Optional(part) },
    closed,
  ),
]);
const ringSchema = Type.Object(
  {
    keys: Type.Array(
      Type.Object(
        {
          kid: Type.String({ pattern: "^[A-Za-z0-9_-]{1,64}$" }),
          state: Type.Enum(["active", "verify-only", "retired"]),
          /** Milliseconds since the Unix epoch, as all times. */
          created_at: Type.Integer({ minimum: 0 }),
          replaced_at: Type.Optional(Type.Integer({ minimum: 0 })),
          jwk: jwkSchema,
        },
        closed,
      ),
      { minItems: 1, maxItems: 16 },
    ),
  },
  closed,
);

/** As it is kept: plain data with one active key. Secret: the active key has its private part. */
export type KeyRing = Type.Static<typeof ringSchema>;
type RingKey = KeyRing["keys"][number];
type Jwk = RingKey["jwk"];

export class KeyRingError extends Error {
  override readonly name = "KeyRingError";
  readonly code = "AEGIS_KEY_RING_INVALID";
}

/** @throws KeyRingError; the message never holds what it was given */
export function parseKeyRing(data: unknown): KeyRing {
  if (!Value.Check(ringSchema, data))
    throw new KeyRingError("The key ring is not valid: make one with `aegis keys ring`.");
  const active = data.keys.filter(({ state }) => state === "active");
  if (active.length !== 1 || active[0]?.jwk.d === undefined)
    throw new KeyRingError("The key ring must have exactly one active key, with its private part.");
  for (const { kid, jwk } of data.keys)
    if (kid !== thumbprint(jwk))
      throw new KeyRingError("A key of the ring is not the one that its kid names.");
  if (new Set(data.keys.map(({ kid }) => kid)).size !== data.keys.length)
    throw new KeyRingError("The key ring has a key twice.");
  return data;
}

export interface SigningKey {
  readonly kid: string;
  readonly algorithm: TokenAlgorithm;
  readonly privateKey: KeyObject;
}

export interface VerifyingKey {
  readonly algorithm: TokenAlgorithm;
  readonly publicKey: KeyObject;
}

export interface TokenKeys {
  readonly signing: SigningKey;
  /** Active and verify-only ones by kid. */
  readonly verifying: ReadonlyMap<string, VerifyingKey>;
  /** The public parts of the same (RFC 7517). */
  readonly jwks: { readonly keys: readonly Readonly<Record<string, string>>[] };
}

/** A ring that is replaced while the application runs. Each gives the same object until something changes. */
export interface LiveKeyRing {
  /** What every process is about to have: its keys verify, and are published. */
  readonly latest: () => KeyRing;
  /** What every process has had for long enough: its active key signs. */
  readonly settled: () => KeyRing;
}

/** @throws KeyRingError; later too, from its members, where a ring is none: whoever replaces it looks at it before. */
export function openLiveKeyRing(live: LiveKeyRing): TokenKeys {
  let known: { readonly latest: KeyRing; readonly settled: KeyRing; readonly opened: TokenKeys } | undefined;
  const now = (): TokenKeys => {
    const [latest, settled] = [live.latest(), live.settled()];
    if (known?.latest !== latest || known.settled !== settled) {
      const [newer, older] = [openKeyRing(latest), openKeyRing(settled)];
      const published = new Map([...older.jwks.keys, ...newer.jwks.keys].map((jwk) => [jwk["kid"], jwk]));
      known = {
        latest,
        settled,
        opened: {
          signing: older.signing,
          verifying: new Map([...older.verifying, ...newer.verifying]),
          jwks: { keys: [...published.values()] },
        },
      };
    }
    return known.opened;
  };
  now();
  return {
    get signing() {
      return now().signing;
    },
    get verifying() {
      return now().verifying;
    },
    get jwks() {
      return now().jwks;
    },
  };
}

/** @throws KeyRingError where the private part is of another key than the public one */
export function openKeyRing(ring: KeyRing): TokenKeys {
  const live = ring.keys.filter(({ state }) => state !== "retired");
  const active = live.find(({ state }) => state === "active");
  if (active === undefined) throw new KeyRingError("The key ring has no active key.");
  const privateKey = keyFrom(() => createPrivateKey({ key: { ...active.jwk }, format: "jwk" }));
  const derived = createPublicKey(privateKey).export({ format: "jwk" });
  if (derived.x !== active.jwk.x || derived.y !== publicPart(active.jwk)["y"])
    throw new KeyRingError("The active key's private part does not belong to its public one.");
  return {
    signing: { kid: active.kid, algorithm: algorithmOf(active.jwk), privateKey },
    verifying: new Map(
      live.map(({ kid, jwk }) => [
        kid,
        {
          algorithm: algorithmOf(jwk),
          publicKey: keyFrom(() => createPublicKey({ key: publicPart(jwk), format: "jwk" })),
        },
      ]),
    ),
    jwks: {
      keys: live.map(({ kid, jwk }) => ({ ...publicPart(jwk), kid, alg: algorithmOf(jwk), use: "sig" })),
    },
  };
}

export function newKeyRing(algorithm: TokenAlgorithm, now: number): KeyRing {
  return { keys: [newKey(algorithm, now)] };
}

export interface Rotated {
  readonly ring: KeyRing;
  readonly active: string;
  readonly verifyOnly: readonly string[];
  readonly dropped: readonly string[];
}

/** A new active key; the one before verifies for `keepSeconds`, without its private part; older ones go. */
export function rotateKeyRing(
  { keys }: KeyRing,
  options: { readonly algorithm: TokenAlgorithm; readonly keepSeconds: number; readonly now: number },
): Rotated {
  const { algorithm, keepSeconds, now } = options;
  const fresh = newKey(algorithm, now);
  const replaced = keys.map((key): RingKey =>
    key.state === "active"
      ? { ...key, state: "verify-only", replaced_at: now, jwk: withoutPrivatePart(key.jwk) }
      : key,
  );
  const kept = replaced.filter(
    ({ state, replaced_at: since = 0 }) => state === "verify-only" && since + keepSeconds * 1000 > now,
  );
  return {
    ring: { keys: [fresh, ...kept] },
    active: fresh.kid,
    verifyOnly: kept.map(({ kid }) => kid),
    dropped: keys.map(({ kid }) => kid).filter((kid) => !kept.some((one) => one.kid === kid)),
  };
}

function newKey(algorithm: TokenAlgorithm, now: number): RingKey {
  const { privateKey } =
    algorithm === "EdDSA"
      ? generateKeyPairSync("ed25519")
      : generateKeyPairSync("ec", { namedCurve: "P-256" });
  const jwk: unknown = privateKey.export({ format: "jwk" });
  if (!Value.Check(jwkSchema, jwk)) throw new KeyRingError("A key was made that is none.");
  return { kid: thumbprint(jwk), state: "active", created_at: now, jwk };
}

const algorithmOf = ({ kty }: Jwk): TokenAlgorithm => (kty === "OKP" ? "EdDSA" : "ES256");

function withoutPrivatePart(jwk: Jwk): Jwk {
  const { d: _private, ...rest } = jwk;
  return rest;
}

/** Named one by one: what is not named here is never published. */
function publicPart(jwk: Jwk): Record<string, string> {
  const { kty, crv, x } = jwk;
  return jwk.kty === "EC" ? { kty, crv, x, y: jwk.y } : { kty, crv, x };
}

/** RFC 7638: the members that make the key, in order of their names. */
function thumbprint(jwk: Jwk): string {
  const { kty, crv, x } = jwk;
  return sha256(JSON.stringify(jwk.kty === "EC" ? { crv, kty, x, y: jwk.y } : { crv, kty, x }));
}

/** What the crypto library says of a bad key may quote it. */
function keyFrom(make: () => KeyObject): KeyObject {
  try {
    return make();
  } catch {
    throw new KeyRingError("A key of the ring is no key.");
  }
}
