/** Reads application/x-www-form-urlencoded with exactly one meaning: no key twice, no NUL, no prototype, bounded. */
const MAX_FIELDS = 200;

export type FormRefusal =
  | "not_utf8"
  | "too_many_fields"
  | "duplicate_key"
  | "forbidden_key"
  | "nul_character";

export function readForm(
  bytes: Uint8Array,
): { readonly value: Record<string, string> } | { readonly refused: FormRefusal } {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return { refused: "not_utf8" };
  }
  const value: Record<string, string> = {};
  let count = 0;
  for (const [key, field] of new URLSearchParams(text)) {
    count += 1;
    if (count > MAX_FIELDS) return { refused: "too_many_fields" };
    if (key === "__proto__" || key === "constructor" || key === "prototype")
      return { refused: "forbidden_key" };
    if (Object.hasOwn(value, key)) return { refused: "duplicate_key" };
    if (key.includes("\0") || field.includes("\0")) return { refused: "nul_character" };
    value[key] = field;
  }
  return { value };
}
