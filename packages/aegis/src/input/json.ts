/**
 * Reads JSON with exactly one meaning. JSON.parse alone takes the last of two equal keys, makes "__proto__" a key
 * that a careless merge follows, and recurses as deep as it is told; each has been an attack.
 */
export type JsonRefusal =
  | "not_utf8"
  | "not_json"
  | "too_deep"
  | "too_many_keys"
  | "duplicate_key"
  | "forbidden_key"
  | "nul_character";

export type JsonResult = { readonly value: unknown } | { readonly refused: JsonRefusal };

/** Each unknown key costs a line of the validation's answer; no body of ours has a hundred. */
const MAX_KEYS = 1000;
const FORBIDDEN_KEYS = new Set(["__proto__", "constructor", "prototype"]);

export function readJson(bytes: Uint8Array, maxDepth: number): JsonResult {
  const text = decode(bytes);
  if (text === undefined) return { refused: "not_utf8" };
  const refused = scan(text, maxDepth);
  if (refused !== undefined) return { refused };
  try {
    return { value: JSON.parse(text) };
  } catch {
    return { refused: "not_json" };
  }
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** One pass over the tokens: strings and brackets are all it needs; JSON.parse then judges the grammar. */
function scan(text: string, maxDepth: number): JsonRefusal | undefined {
  const keys: (Set<string> | undefined)[] = [];
  let seen = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === "{" || char === "[") {
      keys.push(char === "{" ? new Set() : undefined);
      if (keys.length > maxDepth) return "too_deep";
    } else if (char === "}" || char === "]") {
      keys.pop();
    } else if (char === '"') {
      const end = endOfString(text, at);
      if (end === undefined) return "not_json";
      const refused = checkString(text, at, end, keys.at(-1));
      if (refused !== undefined) return refused;
      if (keys.at(-1) !== undefined && isKey(text, end) && ++seen > MAX_KEYS) return "too_many_keys";
      at = end;
    }
  }
  return undefined;
}

function endOfString(text: string, start: number): number | undefined {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === '"') return at;
  }
  return undefined;
}

function checkString(
  text: string,
  start: number,
  end: number,
  keys: Set<string> | undefined,
): JsonRefusal | undefined {
  const raw = text.slice(start, end + 1);
  const value = raw.includes("\\") ? unescape(raw) : raw.slice(1, -1);
  if (value === undefined) return "not_json";
  // PostgreSQL cannot hold it, C libraries end at it: no field of ours has a use for it.
  if (value.includes("\0")) return "nul_character";
  if (keys === undefined || !isKey(text, end)) return undefined;
  if (FORBIDDEN_KEYS.has(value)) return "forbidden_key";
  if (keys.has(value)) return "duplicate_key";
  keys.add(value);
  return undefined;
}

function isKey(text: string, end: number): boolean {
  let at = end + 1;
  while (text[at] === " " || text[at] === "\t" || text[at] === "\n" || text[at] === "\r") at += 1;
  return text[at] === ":";
}

function unescape(raw: string): string | undefined {
  try {
    const value: unknown = JSON.parse(raw);
    return typeof value === "string" ? value : undefined;
  } catch {
    return undefined;
  }
}
