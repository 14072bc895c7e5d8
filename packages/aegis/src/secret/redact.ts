/**
 * Threat: a secret in a log is in every backup of that log, and read by people who may read nothing else. Names of fields
 * do not find it where a driver puts an address with its password into a message, or an error wraps one that does. Rule:
 * what is known to be secret is looked for by its value in every line as it is written. References: ASVS 5.0 16.2.5;
 * OWASP Logging Cheat Sheet; requirement SEC-1.
 */

/** Shorter ones are words of every line; they are too weak to be secrets, too. */
const LEAST_LENGTH = 6;
/** Of JSON (a key ring) the long texts alone: the others are names. */
const LEAST_LENGTH_INSIDE = 32;
export const REDACTED = "[redacted]";

export interface Redactor {
  /** Keeps a value out of every line from now on; known ones stay known, for they may be told of later. */
  add(value: string): void;
  line(text: string): string;
}

export function redactor(): Redactor {
  const known = new Set<string>();
  let pattern: RegExp | undefined;
  return {
    add(value) {
      const before = known.size;
      for (const one of formsOf(value)) known.add(one);
      if (known.size === before) return;
      // The longest first: a part of a secret must not stay because another one was found within.
      const longestFirst = [...known].toSorted((a, b) => b.length - a.length);
      pattern = new RegExp(longestFirst.map(escaped).join("|"), "g");
    },
    line: (text) => (pattern === undefined ? text : text.replace(pattern, REDACTED)),
  };
}

/** As it stands in a text, in JSON, in an address, and in the other spellings of its bytes. */
function formsOf(value: string): readonly string[] {
  return secretsIn(value.trim().toWellFormed())
    .filter((one) => one.length >= LEAST_LENGTH)
    .flatMap((one) => {
      const quoted = JSON.stringify(one).slice(1, -1);
      const bytes = Buffer.from(one);
      return [
        one,
        quoted,
        JSON.stringify(quoted).slice(1, -1), // JSON in a message that is written as JSON
        encodeURIComponent(one),
        encodeURI(one),
        ...[bytes, ...(isKey(one) ? [keyBytes(one)] : [])].flatMap((raw) => [
          raw.toString("base64").replace(/=+$/, ""),
          raw.toString("base64url"),
          raw.toString("hex"),
        ]),
      ];
    })
    .filter((one) => one.length >= LEAST_LENGTH);
}

/** The value, and what in it is secret by itself: the password of an address, keys of a ring, lines of a PEM, entries of a list. */
function secretsIn(value: string): readonly string[] {
  if (value.startsWith("{")) return [value, ...longTexts(value)];
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(value)) return [value, ...passwordsIn(value)];
  if (value.includes("\n"))
    return [value, ...value.split(/\r?\n/).filter((line) => line.length >= 16 && !line.startsWith("-----"))];
  if (value.includes(",")) return [value, ...value.split(",").map((one) => one.trim())];
  return [value];
}

function passwordsIn(address: string): readonly string[] {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined) return [];
  // PostgreSQL takes one as a parameter, too; and a header of HTTP has both names in one.
  const all = [url.password, url.searchParams.get("password") ?? "", `${url.username}:${url.password}`];
  return all.flatMap((password) => {
    try {
      return [password, decodeURIComponent(password)];
    } catch {
      return [password];
    }
  });
}

function longTexts(text: string): readonly string[] {
  const collected: string[] = [];
  try {
    JSON.parse(text, (_name, value: unknown) => {
      if (typeof value === "string" && value.length >= LEAST_LENGTH_INSIDE) collected.push(value);
      return value;
    });
  } catch {
    return [];
  }
  return collected;
}

const isKey = (text: string): boolean => /^[\w+/=-]{32,}$/.test(text);
const keyBytes = (text: string): Buffer =>
  Buffer.from(text, /^([0-9a-f]{2})+$/i.test(text) ? "hex" : "base64");
const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&");
