/**
 * Encrypted columns. Threat: a dump, a backup or a reader of the database, and a writer who moves values about. Rule:
 * each value has a random data key of its own (AES-256-GCM) that lies beside it, wrapped under the ring's active key;
 * both are bound to table, column, tenant and row, so that a value moved to another place does not open. What must be
 * found again has a keyed hash beside it (HMAC-SHA-256, its key derived per table, column and tenant); nothing is ever
 * encrypted the same way twice. References: NIST SP 800-38D 8, SP 800-38F; ASVS 5.0 11.3.2, 11.3.3, 14.1.2; requirement DAT-3.
 */
import { createCipheriv, createDecipheriv, type KeyObject } from "node:crypto";
import { deriveKey, hmac, macKey } from "../lib/bytes.ts";
import type { Random } from "../lib/random.ts";
import type { DataKeys, WrapKey } from "./data-keys.ts";
import { SealError } from "./sealer.ts";

export interface ColumnName {
  readonly table: string;
  readonly column: string;
}

/** Which row a value lies in. */
export interface RowPlace {
  /** The row's key, which never changes. */
  readonly row: string;
  /** Absent where the table belongs to no tenant. */
  readonly tenant?: string | undefined;
}

export interface EncryptedColumn extends ColumnName {
  /** Never the same text twice. */
  seal(plain: string, place: RowPlace): string;
  /** @throws SealError for a key that is not in the ring, another place, a changed text, and one that is not sealed. */
  open(sealed: string, place: RowPlace): string;
  /** What is kept beside a value so that it can be found: equal for what is equal after normalisation, in one tenant alone. */
  blindIndex(plain: string, tenant?: string): string;
  /** Under another key than the active one: `rewrap` it. */
  isOld(sealed: string): boolean;
  /** The same value, its data key wrapped under the active key; what is inside is not touched. */
  rewrap(sealed: string, place: RowPlace): string;
  /** How texts under the active key begin, and how any sealed one does. */
  readonly activePrefix: string;
}

export interface ColumnOptions extends ColumnName {
  /** What counts as the same when searching. Default "exact": equal after NFC alone. "caseless": for addresses and names. */
  readonly search?: "exact" | "caseless";
}

/** Marks what is sealed, with its version: "e1.<kid>.<wrap iv, wrapped key, iv, text>". */
export const SEALED_PREFIX = "e1.";
const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const WRAPPED_BYTES = IV_BYTES + KEY_BYTES + TAG_BYTES;
const FORM = /^e1\.([\w-]{8})\.([\w-]+)$/;
/** Tenants whose derived index key is kept at hand. */
const MOST_INDEX_KEYS = 1000;

/** @throws SealError from `blindIndex` where the keys have none for it */
export function encryptedColumn(options: ColumnOptions, keys: DataKeys, random: Random): EncryptedColumn {
  const { table, column, search = "exact" } = options;
  const normalise =
    search === "caseless"
      ? (text: string) => text.normalize("NFKC").trim().toLowerCase()
      : (text: string) => text.normalize("NFC");
  /** Lengths first: no two places are written alike, whatever the names hold. */
  const bound = (kind: string, { tenant = "", row }: RowPlace): Buffer =>
    Buffer.from(
      [kind, table, column, tenant, row].map((part) => `${Buffer.byteLength(part)}:${part}`).join(""),
    );
  const bytes = (size: number): Buffer => Buffer.from(random.token(size), "base64url");

  const wrap = (
    dataKey: Uint8Array,
    { kid, key }: WrapKey,
    place: RowPlace,
    iv: Buffer = bytes(IV_BYTES),
  ): Buffer => encrypt(key, iv, dataKey, bound(`wrap ${kid}`, place));
  const parsed = (sealed: string) => {
    const [, kid, body] = FORM.exec(sealed) ?? [];
    const all = Buffer.from(body ?? "", "base64url");
    // One spelling only: bits of the last character that say nothing would otherwise make a second text that opens.
    if (
      kid === undefined ||
      all.length < WRAPPED_BYTES + IV_BYTES + TAG_BYTES ||
      all.toString("base64url") !== body
    )
      throw new SealError(`${table}.${column}: what is there is not sealed`);
    const key = keys.byKid.get(kid);
    if (key === undefined)
      throw new SealError(`${table}.${column}: no key of the ring opens this (key ${kid})`);
    return { kid, key: key.key, wrapped: all.subarray(0, WRAPPED_BYTES), text: all.subarray(WRAPPED_BYTES) };
  };
  const unwrap = ({ kid, key, wrapped }: ReturnType<typeof parsed>, place: RowPlace): Buffer =>
    decrypt(key, wrapped, bound(`wrap ${kid}`, place), options);
  const written = (wrapped: Buffer, text: Buffer): string =>
    `${SEALED_PREFIX}${keys.active.kid}.${Buffer.concat([wrapped, text]).toString("base64url")}`;

  const indexKeys = new Map<string, KeyObject>();
  const indexKeyOf = (tenant: string): KeyObject => {
    if (keys.indexKey === undefined)
      throw new SealError(`${table}.${column}: searching needs a key ring (aegis keys ring --for data)`);
    const known = indexKeys.get(tenant);
    if (known !== undefined) return known;
    const made = macKey(deriveKey(keys.indexKey, `blind/${bound("index", { tenant, row: "" }).toString()}`));
    if (indexKeys.size >= MOST_INDEX_KEYS) indexKeys.clear();
    indexKeys.set(tenant, made);
    return made;
  };

  return {
    table,
    column,
    get activePrefix() {
      return `${SEALED_PREFIX}${keys.active.kid}.`;
    },
    seal(plain, place) {
      // One draw for all three: the key, and an IV each for what it seals and for itself.
      const drawn = bytes(KEY_BYTES + 2 * IV_BYTES);
      const dataKey = drawn.subarray(0, KEY_BYTES);
      const text = encrypt(
        dataKey,
        drawn.subarray(KEY_BYTES, KEY_BYTES + IV_BYTES),
        Buffer.from(plain, "utf8"),
        bound("text", place),
      );
      return written(wrap(dataKey, keys.active, place, drawn.subarray(KEY_BYTES + IV_BYTES)), text);
    },
    open(sealed, place) {
      const parts = parsed(sealed);
      return decrypt(unwrap(parts, place), parts.text, bound("text", place), options).toString("utf8");
    },
    blindIndex: (plain, tenant = "") => hmac(indexKeyOf(tenant), normalise(plain)),
    isOld: (sealed) => parsed(sealed).kid !== keys.active.kid,
    rewrap(sealed, place) {
      const parts = parsed(sealed);
      const dataKey = unwrap(parts, place);
      decrypt(dataKey, parts.text, bound("text", place), options); // nothing that would not open is said to be safe under a new key
      return written(wrap(dataKey, keys.active, place), parts.text);
    },
  };
}

/** IV, cipher text and tag in one. */
function encrypt(key: Uint8Array | KeyObject, iv: Buffer, plain: Uint8Array, associated: Uint8Array): Buffer {
  const cipher = createCipheriv("aes-256-gcm", key, iv).setAAD(associated);
  return Buffer.concat([iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

function decrypt(
  key: Uint8Array | KeyObject,
  all: Buffer,
  associated: Uint8Array,
  { table, column }: ColumnName,
): Buffer {
  const decipher = createDecipheriv("aes-256-gcm", key, all.subarray(0, IV_BYTES), {
    authTagLength: TAG_BYTES,
  })
    .setAAD(associated)
    .setAuthTag(all.subarray(all.length - TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(all.subarray(IV_BYTES, all.length - TAG_BYTES)), decipher.final()]);
  } catch (cause) {
    throw new SealError(`${table}.${column}: what is there was changed, or belongs elsewhere`, { cause });
  }
}
