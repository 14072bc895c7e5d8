/** Which fields of a body are to be cleaned, and how: declared in its schema, found once at the start. */
import type { FieldError } from "../errors.ts";
import { isRecord } from "../lib/freeze.ts";
import { type SanitizeKind, sanitizeKinds, type Sanitizer } from "./sanitizer.ts";

/** Where a field is: names of properties, and "*" for every item of a list. */
interface Field {
  readonly path: readonly string[];
  readonly kind: SanitizeKind;
  readonly minLength: number;
  readonly maxLength: number;
}

/** @throws where `sanitize` stands at a place that would be overlooked, or says what nobody knows */
export function sanitizedFields(schema: unknown): readonly Field[] {
  const fields = find(schema, []);
  const declared = JSON.stringify(schema)?.match(/"sanitize":/g)?.length ?? 0;
  if (declared !== fields.length)
    throw new Error(
      "sanitize may stand in texts of properties and items only, nowhere in anyOf and the like",
    );
  return fields;
}

function find(schema: unknown, path: readonly string[]): Field[] {
  if (!isRecord(schema)) return [];
  const { sanitize } = schema;
  if (sanitize !== undefined) {
    const kind = sanitizeKinds.find((one) => one === sanitize);
    if (kind === undefined || schema["type"] !== "string")
      throw new Error(
        `sanitize at "${path.join(".")}" must be one of ${sanitizeKinds.join(", ")}, on a text`,
      );
    const limit = (key: string, otherwise: number): number => {
      const value = schema[key];
      return typeof value === "number" ? value : otherwise;
    };
    return [{ path, kind, minLength: limit("minLength", 0), maxLength: limit("maxLength", Infinity) }];
  }
  const { properties, items } = schema;
  const inner = isRecord(properties)
    ? Object.entries(properties).flatMap(([name, one]) => find(one, [...path, name]))
    : [];
  return [...inner, ...find(items, [...path, "*"])];
}

/** Cleans the fields in place; what cannot be taken. The lengths of a schema hold for the cleaned text, too. */
export function cleanFields(body: unknown, fields: readonly Field[], sanitize: Sanitizer): FieldError[] {
  return fields.flatMap((field) => cleanAt(body, field, 0, sanitize));
}

function cleanAt(value: unknown, field: Field, depth: number, sanitize: Sanitizer): FieldError[] {
  const step = field.path[depth];
  if (step === undefined) return [];
  const isLast = depth === field.path.length - 1;
  const at = (holder: Record<string, unknown> | unknown[], key: string | number): FieldError[] => {
    const inner: unknown = Reflect.get(holder, key);
    if (!isLast) return cleanAt(inner, field, depth + 1, sanitize);
    if (typeof inner !== "string") return [];
    const cleaned = sanitize(field.kind, inner);
    if ("refused" in cleaned) return [problem(field, cleaned.refused)];
    const length = [...cleaned.value].length; // code points, as the schema counts them
    if (length > field.maxLength) return [problem(field, "too_long")];
    if (length < field.minLength) return [problem(field, "too_short")];
    Reflect.set(holder, key, cleaned.value);
    return [];
  };
  if (step === "*") return Array.isArray(value) ? value.flatMap((_, place) => at(value, place)) : [];
  return isRecord(value) && Object.hasOwn(value, step) ? at(value, step) : [];
}

const meanings: Readonly<Record<string, string>> = {
  too_long: "It is too long once it is cleaned.",
  too_short: "Nothing that may be kept is left of it, or too little.",
  too_deep: "Its markup is nested too deep.",
  too_many_elements: "Its markup has too many elements.",
  too_many_attributes: "One of its elements has too many attributes.",
};

const problem = ({ path }: Field, reason: string): FieldError => ({
  field: path.join("."),
  reason,
  message: meanings[reason] ?? "It cannot be taken.",
});
