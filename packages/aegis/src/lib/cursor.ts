/**
 * Where a list goes on, as a text that only we can write. Threat: a cursor that is believed is a condition of a query that
 * a stranger writes, and one of another list, tenant or search shows where rows lie that its bearer may not see. Rule: a
 * keyed hash over the position and over what it is a position in; whatever else comes is no cursor.
 */
import type { KeyObject } from "node:crypto";
import { equalInConstantTime, hmac } from "./bytes.ts";
import { purposeKeys, type SecretKeys, secretKeys } from "./secret-keys.ts";

export interface CursorPosition {
  readonly direction: "after" | "before";
  /** The values of the row that it lies beside, in the order of the list. */
  readonly key: readonly string[];
}

/** Everything that makes the list what it is: its name, tenant, order, search. */
export type CursorScope = readonly string[];

export interface Cursors {
  seal(scope: CursorScope, position: CursorPosition): string;
  /** Undefined for what was not sealed here, or in another scope. */
  open(scope: CursorScope, cursor: string): CursorPosition | undefined;
}

const MAC_LENGTH = 43;
/** A row's key is a few columns; longer ones would make addresses that proxies cut off. */
export const CURSOR_MAX_LENGTH = 1500;
const DIRECTIONS = { a: "after", b: "before" } as const;

export function cursors(secretKey: Uint8Array | SecretKeys): Cursors {
  const keys = purposeKeys(secretKeys({ secretKey }), "list-cursors");
  const mac = (key: KeyObject, scope: CursorScope, payload: string): string =>
    hmac(key, JSON.stringify([...scope, payload]));
  return {
    seal(scope, { direction, key: values }) {
      const letter = direction === "after" ? "a" : "b";
      const payload = Buffer.from(JSON.stringify([letter, ...values])).toString("base64url");
      const cursor = payload + mac(keys()[0], scope, payload);
      if (cursor.length > CURSOR_MAX_LENGTH)
        throw new RangeError("the key of a row is too long for a cursor");
      return cursor;
    },
    open(scope, cursor) {
      if (cursor.length <= MAC_LENGTH || cursor.length > CURSOR_MAX_LENGTH) return undefined;
      const payload = cursor.slice(0, -MAC_LENGTH);
      const given = cursor.slice(-MAC_LENGTH);
      if (!keys().some((key) => equalInConstantTime(given, mac(key, scope, payload)))) return undefined;
      return positionOf(Buffer.from(payload, "base64url").toString("utf8"));
    },
  };
}

function positionOf(text: string): CursorPosition | undefined {
  const data: unknown = JSON.parse(text); // ours: the hash over it was right
  if (!Array.isArray(data) || !data.every((part) => typeof part === "string")) return undefined;
  const [letter, ...key] = data;
  return letter === "a" || letter === "b" ? { direction: DIRECTIONS[letter], key } : undefined;
}
