import { isRecord } from "./freeze.ts";

/**
 * The one text of plain data (RFC 8785, JSON Canonicalization Scheme): keys sorted by UTF-16 code units, numbers and
 * strings as ECMAScript writes them, no space. What is hashed or signed must have no second spelling.
 * @throws TypeError for what JSON cannot say, and for half a character: another reader would read another text
 */
export function canonical(value: unknown): string {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "number" && Number.isFinite(value)) return JSON.stringify(value);
  if (typeof value === "string" && value.isWellFormed()) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (isRecord(value))
    return `{${Object.keys(value)
      .filter((key) => value[key] !== undefined)
      .toSorted() // by UTF-16 code units, as the RFC has it
      .map((key) => `${canonical(key)}:${canonical(value[key])}`)
      .join(",")}}`;
  throw new TypeError(`a ${typeof value} has no canonical form`);
}
