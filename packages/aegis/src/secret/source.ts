/** What a source of secrets is, which secrets an application needs of it, and when a value is none. */
import type { Environment } from "../lib/schema.ts";
import type { SourceKind } from "./policy.ts";
import { weaknessOf } from "./strength.ts";

export type Env = Readonly<Record<string, string | undefined>>;

export interface SecretSource {
  readonly kind: SourceKind;
  /** For messages: where an operator finds it. */
  readonly where: string;
  /** Those of `names` that it has. @throws SecretError AEGIS_SECRET_SOURCE_*; "it has none" is no error */
  read(names: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Folders whose change means: read again. */
  readonly folders?: readonly string[];
  /** Milliseconds since the Unix epoch by when it must be asked again (a lease that is to be renewed). */
  readonly dueAt?: () => number | undefined;
  /** What it authenticates with: never shown, never logged. */
  readonly own?: () => readonly string[];
}

/** A secret is a key, an address or a ring of 16 keys. */
export const MAX_SECRET_BYTES = 65_536;
export const present = (text: string | undefined): text is string => text !== undefined && text !== "";

export function found(
  names: readonly string[],
  valueOf: (name: string) => string | undefined,
): ReadonlyMap<string, string> {
  return new Map(
    names.flatMap((name) => {
      const value = valueOf(name);
      return present(value) ? [[name, value] as const] : [];
    }),
  );
}

/** Names and texts out of JSON that somebody else wrote; undefined where it is no such thing. */
export function textsIn(data: unknown): ReadonlyMap<string, string> | undefined {
  if (typeof data !== "object" || data === null || Array.isArray(data)) return undefined;
  return new Map(
    // A ring may be kept as the object that it is.
    Object.entries(data).map(([name, value]: [string, unknown]) => [
      name,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );
}

export interface SecretNeed {
  readonly name: string;
  /** A key of 32 random bytes, a list of them, an address with a password in it, or anything else. */
  readonly kind: "key" | "keys" | "url" | "text";
  /** The name of the list that a value of `key` must move to when it is replaced, or what it sealed is lost. */
  readonly previous?: string;
  /** In use for as long as the application runs: a change that takes it away is refused. */
  readonly lasting?: boolean;
  /** What else makes a value none, as a sentence that does not hold it. */
  readonly check?: (value: string) => string | undefined;
  /** How to make one. Default: npx aegis keys secret. */
  readonly how?: string;
}

/** What is wrong with a value, as a sentence that does not hold it. */
export function problemOf(need: SecretNeed, value: string, environment: Environment): string | undefined {
  return weaknessIn(need, value, environment) ?? need.check?.(value);
}

function weaknessIn({ kind }: SecretNeed, value: string, environment: Environment): string | undefined {
  if (kind === "key") return weaknessOf(value);
  if (kind === "keys")
    return keysOf(value)
      .map(weaknessOf)
      .find((one) => one !== undefined);
  if (kind === "url") return URL.canParse(value) ? weakPassword(value, environment) : "it is no address";
  return undefined;
}

export const keysOf = (list: string): readonly string[] =>
  list
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "");

/** What stands in manuals, images and examples, and so in every attacker's list. */
const KNOWN =
  /^(\.+|x+|\*+|<.*>|.*(change.?me|your.?(db|database|smtp|redis)?.?pass(word)?|example|placeholder).*|(my)?(secret|pass|passwd|password|pwd)[\d!]*|postgres(ql)?|redis|admin(istrator)?|root|user|guest|default|hub(_app)?|aegis|test(ing)?|qwerty\d*|letmein|\d{1,9}|abc123)$/i;
const LEAST_LENGTH = 8;

/** An address without a password is another way to prove who one is (a socket, a certificate): that is for its server to say. */
function weakPassword(address: string, environment: Environment): string | undefined {
  if (environment !== "production") return undefined;
  const url = new URL(address);
  let password = url.password;
  try {
    password = decodeURIComponent(password);
  } catch {
    // Not encoded: then it is what it is.
  }
  if (password === "") return undefined;
  if (KNOWN.test(password)) return "its password reads like a default or an example";
  if (password === decodeURIComponent(url.username)) return "its password is the name of its user";
  if (password.length < LEAST_LENGTH) return `its password has fewer than ${LEAST_LENGTH} characters`;
  return undefined;
}
