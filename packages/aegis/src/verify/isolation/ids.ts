/** Ids as answers hold them, and ids that look the same and that nobody has. */
import { randomBytes, randomInt, randomUUID } from "node:crypto";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const LONGEST = 256;

/** As a text that can stand in a path; undefined for what is no id. */
export function idText(value: unknown): string | undefined {
  if (typeof value === "number") return Number.isSafeInteger(value) ? String(value) : undefined;
  return typeof value === "string" && /^[^\s/?#]+$/.test(value) && value.length <= LONGEST
    ? value
    : undefined;
}

/** Of the same form, so that a route looks it up and does not refuse it for its looks. */
export function madeUp(id: string): string {
  if (UUID.test(id)) return randomUUID();
  if (/^\d+$/.test(id)) return String(1_900_000_000 + randomInt(100_000_000));
  const from = (letters: string): string => letters.charAt(randomInt(letters.length));
  const hex = /^[0-9a-f]{16,}$/i.test(id);
  if (hex)
    return randomBytes(Math.ceil(id.length / 2))
      .toString("hex")
      .slice(0, id.length);
  return [...id]
    .map((letter) => {
      if (/\d/.test(letter)) return from("0123456789");
      if (/[a-z]/.test(letter)) return from("abcdefghijklmnopqrstuvwxyz");
      return /[A-Z]/.test(letter) ? from("ABCDEFGHIJKLMNOPQRSTUVWXYZ") : letter;
    })
    .join("");
}

/** The field of a row that a parameter is named after, and no other. */
export function fieldIdOf(row: Readonly<Record<string, unknown>>, parameter: string): string | undefined {
  for (const key of [parameter, `${parameter}_id`, `${parameter}Id`]) {
    const id = Object.hasOwn(row, key) ? idText(row[key]) : undefined;
    if (id !== undefined) return id;
  }
  return undefined;
}

/** The id of a row for a parameter: by its name, then as ids are commonly called. */
export function idOf(row: Readonly<Record<string, unknown>>, parameter: string): string | undefined {
  const own = fieldIdOf(row, parameter);
  if (own !== undefined) return own;
  for (const key of ["id", "uuid", "slug", "key", "_id"]) {
    const id = Object.hasOwn(row, key) ? idText(row[key]) : undefined;
    if (id !== undefined) return id;
  }
  return undefined;
}
