/** A new SECRET_KEY: the one before goes to the earlier ones, which open what it sealed. Pure. */
import type { Random } from "../lib/random.ts";
import { SecretError } from "./errors.ts";
import { keysOf } from "./source.ts";
import { weaknessOf } from "./strength.ts";

const KEY_BYTES = 32;

export interface RotatedSecret {
  readonly key: string;
  /** Newest first. */
  readonly previous: readonly string[];
  /** How many of the earliest were let go: what is under them opens no more. */
  readonly droppedCount: number;
}

/**
 * @param keepCount earlier keys that are kept, that one included
 * @throws SecretError AEGIS_SECRET_WEAK where what is there is no key
 */
export function rotateSecretKey(
  before: { readonly key: string; readonly previous: string },
  keepCount: number,
  random: Random,
): RotatedSecret {
  const weakness = weaknessOf(before.key);
  if (weakness !== undefined)
    throw new SecretError("AEGIS_SECRET_WEAK", `The SECRET_KEY there cannot be rotated: ${weakness}.`);
  const all = [...new Set([before.key, ...keysOf(before.previous)])];
  const previous = all.slice(0, keepCount);
  return { key: random.token(KEY_BYTES), previous, droppedCount: all.length - previous.length };
}

const LINE = /^(\s*(?:export\s+)?)(SECRET_KEY|SECRET_KEY_PREVIOUS)(\s*=\s*)(["']?)([\w+/=, -]*)\4\s*$/;

/** A `.env` text with the key rotated; every other line keeps its bytes. Undefined where it sets no SECRET_KEY. */
export function rotateInEnv(
  text: string,
  keepCount: number,
  random: Random,
): { readonly text: string; readonly rotated: RotatedSecret } | undefined {
  const lines = text.split("\n");
  const valueOf = (name: string): string | undefined =>
    lines.map((line) => LINE.exec(line)).findLast((match) => match?.[2] === name)?.[5];
  const key = valueOf("SECRET_KEY");
  if (key === undefined || key === "") return undefined;
  const rotated = rotateSecretKey({ key, previous: valueOf("SECRET_KEY_PREVIOUS") ?? "" }, keepCount, random);
  const values: Readonly<Record<string, string>> = {
    SECRET_KEY: rotated.key,
    SECRET_KEY_PREVIOUS: rotated.previous.join(","),
  };
  const written = lines.map((line) => {
    const [, start = "", name = "", equals = ""] = LINE.exec(line) ?? [];
    return name === "" ? line : `${start}${name}${equals}${values[name] ?? ""}`;
  });
  if (valueOf("SECRET_KEY_PREVIOUS") === undefined) {
    const at = written.findLastIndex((line) => LINE.exec(line)?.[2] === "SECRET_KEY");
    written.splice(at + 1, 0, `SECRET_KEY_PREVIOUS=${rotated.previous.join(",")}`);
  }
  return { text: written.join("\n"), rotated };
}
