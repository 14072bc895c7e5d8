/** Guesses what a bad value was meant to be, for the message that stops the start. */
import { isRecord } from "./lib/freeze.ts";

type Guess = { readonly hint?: string };

const unitSeconds: Readonly<Record<string, number>> = { s: 1, sec: 1, m: 60, min: 60, h: 3600, d: 86_400 };
const unitBytes: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1024,
  k: 1024,
  mb: 1024 ** 2,
  m: 1024 ** 2,
  gb: 1024 ** 3,
};

export const likelyMeaning = {
  key(key: string, value: unknown, known: readonly string[]): Guess {
    const withUnit = known.find(
      (name) => name.startsWith(key) && /(Seconds|Bytes|Kib|Limit|Length)$/.test(name),
    );
    const near = withUnit ?? nearest(key, known);
    if (near !== undefined) return { hint: `Did you mean ${near}?` };
    return isRecord(value) || known.length === 0 ? {} : { hint: `Known here: ${known.join(", ")}.` };
  },

  value(value: unknown, leaf: Record<string, unknown>): Guess {
    if (leaf["type"] === "integer" && typeof value === "string") return numberFrom(value, leaf);
    if (leaf["type"] === "boolean" && typeof value === "string") return booleanFrom(value);
    if (leaf["type"] === "boolean" && (value === 0 || value === 1))
      return { hint: `Did you mean ${String(value === 1)}?` };
    if (leaf["type"] === "array" && typeof value === "string")
      return { hint: `Did you mean [${JSON.stringify(value)}]?` };
    if (Array.isArray(leaf["enum"]) && typeof value === "string") {
      const words = leaf["enum"].filter((word) => typeof word === "string");
      const near = nearest(value, words);
      return near === undefined ? {} : { hint: `Did you mean ${JSON.stringify(near)}?` };
    }
    if (leaf["type"] === "integer" && typeof value === "number" && value > Number(leaf["maximum"])) {
      const thousandth = value / 1000;
      return Number.isInteger(thousandth) &&
        thousandth >= Number(leaf["minimum"]) &&
        thousandth <= Number(leaf["maximum"])
        ? {
            hint: `Did you mean ${thousandth}? The unit stands in the key; this looks like a thousand times too much.`,
          }
        : {};
    }
    return {};
  },
};

function numberFrom(text: string, leaf: Record<string, unknown>): Guess {
  const match = /^\s*(\d+)\s*([a-z]*)\s*$/i.exec(text);
  if (match === null) return {};
  const unit = (match[2] ?? "").toLowerCase();
  const units = String(leaf["description"]).includes("bytes") ? unitBytes : unitSeconds;
  const factor = unit === "" ? 1 : units[unit];
  return factor === undefined
    ? {}
    : { hint: `Did you mean ${Number(match[1]) * factor}? A number, without quotes or unit.` };
}

function booleanFrom(text: string): Guess {
  if (/^(true|yes|on|1)$/i.test(text)) return { hint: "Did you mean true, without quotes?" };
  if (/^(false|no|off|0)$/i.test(text)) return { hint: "Did you mean false, without quotes?" };
  return {};
}

/** The closest word by edits, if it is close enough to be a slip of the keyboard. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = edits(word.toLowerCase().slice(0, 64), candidate.toLowerCase());
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best;
}

function edits(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, substitution));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
