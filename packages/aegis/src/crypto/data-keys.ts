/**
 * The key ring of encrypted columns. Threat: a wrap key that leaked opens everything it ever wrapped. Rule: one active
 * key wraps, replaced ones open until nothing is under them any more (`aegis keys rewrap`); a new key can be given to
 * every server before any of them wraps with it. References: NIST SP 800-57 5.3; ASVS 5.0 11.2.2, 13.3.1, 13.3.4;
 * requirement DAT-3.
 */
import type { KeyObject } from "node:crypto";
import Type from "typebox";
import { Value } from "typebox/value";
import { deriveKey, macKey, sha256 } from "../lib/bytes.ts";
import type { Random } from "../lib/random.ts";

const closed = { additionalProperties: false } as const;
const KEY_BYTES = 32;
const key = Type.String({ pattern: "^[A-Za-z0-9_-]{43}$" }); // 32 bytes
const ringSchema = Type.Object(
  {
    /** What blind indexes are made with; it stays when wrap keys rotate, or nothing would be found any more. */
    index_key: Type.Optional(key),
    data_keys: Type.Array(
      Type.Object(
        {
          kid: Type.String({ pattern: "^[A-Za-z0-9_-]{8}$" }),
          state: Type.Enum(["active", "decrypt-only"]),
          /** Milliseconds since the Unix epoch, as all times. */
          created_at: Type.Integer({ minimum: 0 }),
          /** Without it a decrypt-only key has not been active yet. */
          replaced_at: Type.Optional(Type.Integer({ minimum: 0 })),
          key,
        },
        closed,
      ),
      { minItems: 1, maxItems: 16 },
    ),
  },
  closed,
);

/** As it is kept: plain data with one active key. Secret. */
export type DataKeyRing = Type.Static<typeof ringSchema>;
type RingKey = DataKeyRing["data_keys"][number];

export class DataKeyError extends Error {
  override readonly name = "DataKeyError";
  readonly code = "AEGIS_DATA_KEYS_INVALID";
}

export const isDataKeyRing = (data: unknown): data is DataKeyRing => Value.Check(ringSchema, data);

/** @throws DataKeyError; the message never holds what it was given */
export function parseDataKeyRing(data: unknown): DataKeyRing {
  if (!isDataKeyRing(data))
    throw new DataKeyError("The data key ring is not valid: make one with `aegis keys ring --for data`.");
  const keys = data.data_keys;
  if (keys.filter(({ state }) => state === "active").length !== 1)
    throw new DataKeyError("The data key ring must have exactly one active key.");
  for (const one of keys)
    if (one.kid !== kidOf(bytesOf(one.key)))
      throw new DataKeyError("A key of the data key ring is not the one that its kid names.");
  if (new Set(keys.map(({ kid }) => kid)).size !== keys.length)
    throw new DataKeyError("The data key ring has a key twice.");
  return data;
}

export interface WrapKey {
  readonly kid: string;
  readonly key: KeyObject;
}

/** The keys as they are used. */
export interface DataKeys {
  readonly active: WrapKey;
  /** All of them, the active one too. */
  readonly byKid: ReadonlyMap<string, WrapKey>;
  /** Undefined where nothing can be searched for. */
  readonly indexKey: Uint8Array | undefined;
}

/** `before`: keys that opened until there was this ring, and open still. @throws DataKeyError */
export function openDataKeys(ring: DataKeyRing, before?: DataKeys): DataKeys {
  const { data_keys: keys, index_key: index } = parseDataKeyRing(ring);
  const opened = keys.map(({ kid, key: text, state }) => ({ kid, key: macKey(bytesOf(text)), state }));
  const active = opened.find(({ state }) => state === "active");
  if (active === undefined) throw new DataKeyError("The data key ring has no active key.");
  return {
    active,
    byKid: new Map([...(before?.byKid ?? []), ...opened.map((one) => [one.kid, one] as const)]),
    indexKey: index === undefined ? undefined : bytesOf(index),
  };
}

/** Keys that are replaced while the application runs; `now` gives the same object until something changes. */
export const liveDataKeys = (now: () => DataKeys): DataKeys => ({
  get active() {
    return now().active;
  },
  get byKid() {
    return now().byKid;
  },
  get indexKey() {
    return now().indexKey;
  },
});

/**
 * Keys derived of the application's secrets, newest first, for whoever keeps no ring. They change with the secret; a
 * blind index must not, and so there is none.
 */
export function derivedDataKeys(secrets: readonly Uint8Array[]): DataKeys {
  const keys = secrets.map((secret) => {
    const derived = deriveKey(secret, "wrap/columns");
    return { kid: kidOf(derived), key: macKey(derived) };
  });
  const [active] = keys;
  if (active === undefined) throw new DataKeyError("Data keys need a secret to be derived of.");
  return { active, byKid: new Map(keys.map((one) => [one.kid, one])), indexKey: undefined };
}

export const newDataKeyRing = (random: Random, now: number): DataKeyRing => ({
  index_key: random.token(KEY_BYTES),
  data_keys: [{ ...newKey(random, now), state: "active" }],
});

/** A further key that opens and does not wrap yet: every server must have it before one of them wraps with it. */
export const prepareDataKey = (ring: DataKeyRing, random: Random, now: number): DataKeyRing => ({
  ...ring,
  data_keys: [...ring.data_keys, newKey(random, now)],
});

export interface RotatedDataKeys {
  readonly ring: DataKeyRing;
  readonly active: string;
  readonly decryptOnly: readonly string[];
}

/** The key that was prepared, or a new one, becomes the active one; the one before opens what it wrapped. */
export function rotateDataKeys(ring: DataKeyRing, random: Random, now: number): RotatedDataKeys {
  const prepared = ring.data_keys.find(
    ({ state, replaced_at: since }) => state === "decrypt-only" && since === undefined,
  );
  const next: RingKey = { ...(prepared ?? newKey(random, now)), state: "active" };
  const others = ring.data_keys
    .filter(({ kid }) => kid !== next.kid)
    .map((one): RingKey =>
      one.state === "active" ? { ...one, state: "decrypt-only", replaced_at: now } : one,
    );
  return {
    ring: { ...ring, data_keys: [next, ...others] },
    active: next.kid,
    decryptOnly: others.map(({ kid }) => kid),
  };
}

/** Takes a key out that nothing is under any more. @throws DataKeyError for the active one, and one that is not there */
export function dropDataKey(ring: DataKeyRing, kid: string): DataKeyRing {
  const found = ring.data_keys.find((one) => one.kid === kid);
  if (found === undefined) throw new DataKeyError(`The data key ring has no key ${kid}.`);
  if (found.state === "active") throw new DataKeyError(`The key ${kid} is the active one: rotate first.`);
  return { ...ring, data_keys: ring.data_keys.filter((one) => one !== found) };
}

function newKey(random: Random, now: number): RingKey {
  const made = random.token(KEY_BYTES);
  return { kid: kidOf(bytesOf(made)), state: "decrypt-only", created_at: now, key: made };
}

/** A hash of 256 random bits tells nothing of them. */
const kidOf = (bytes: Uint8Array): string => sha256(bytes).slice(0, 8);
const bytesOf = (text: string): Uint8Array => Buffer.from(text, "base64url");
