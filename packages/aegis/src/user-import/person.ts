/** One row judged: the account that it makes, or everything that is wrong with it. Pure. */
import type { ImportRecord, RowProblem } from "./row.ts";

export interface Person {
  readonly username: string;
  readonly email: string | null;
  readonly isEmailVerified: boolean;
  /** Undefined: has none, and must ask for a new password. */
  readonly hash: { readonly text: string; readonly kind: string } | undefined;
  readonly roles: readonly string[];
  readonly displayName: string;
  readonly aboutMe: string;
  readonly createdAt: number;
  readonly isDisabled: boolean;
}

export interface PersonRules {
  readonly normalUsername: (typed: string) => string;
  readonly usernameProblems: (username: string) => readonly { readonly message: string }[];
  readonly isAddress: (email: string) => boolean;
  readonly isEmailRequired: boolean;
  /** Undefined for what nothing here verifies. */
  readonly hashKindOf: (stored: string) => string | undefined;
  /** Roles that exist. */
  readonly roles: ReadonlySet<string>;
  /** Those of them that a file may not give. */
  readonly refusedRoles: ReadonlySet<string>;
  /** As forms clean it. */
  readonly clean: (text: string) => string;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
}

const LONGEST_NAME = 100;
const LONGEST_ABOUT = 2000;
const MOST_ROLES = 16;
const YES = new Set(["true", "t", "yes", "y", "1"]);
const NO = new Set(["false", "f", "no", "n", "0"]);
/** ISO 8601, and what PostgreSQL writes into CSV; without a zone it is UTC. */
const TIME =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?)(?:\.(\d{1,3})\d{0,6})?\s?(Z|[+-]\d{2}(?::?\d{2})?)?)?$/;

/** In characters, as a form counts them. */
const isLonger = (text: string, most: number): boolean => text.length > most && [...text].length > most;

export type Judged = { readonly person: Person } | { readonly problems: readonly RowProblem[] };

export function personOf(record: ImportRecord, rules: PersonRules): Judged {
  const problems: RowProblem[] = [];
  const wrong = (column: RowProblem["column"], message: string): void =>
    void problems.push({ column, message });

  const text = (column: keyof ImportRecord, longest: number): string | undefined => {
    const value = record[column];
    if (value === undefined) return undefined;
    if (typeof value === "string" && value.length <= longest && value.isWellFormed() && !value.includes("\0"))
      return value;
    wrong(column, `must be a text of at most ${longest} characters.`);
    return undefined;
  };
  const flag = (column: "email_verified" | "disabled"): boolean => {
    const value = record[column] ?? false;
    if (typeof value === "boolean") return value;
    const word = typeof value === "string" || typeof value === "number" ? String(value).toLowerCase() : "";
    if (!YES.has(word) && !NO.has(word)) wrong(column, "must be true or false.");
    return YES.has(word);
  };

  const username = rules.normalUsername(text("username", 256) ?? "");
  if (record.username === undefined) wrong("username", "is missing.");
  else if (problems.length === 0)
    for (const { message } of rules.usernameProblems(username)) wrong("username", message);

  const email = text("email", 254) ?? null;
  const hasEmail = record.email !== undefined;
  if (email !== null && !rules.isAddress(email)) wrong("email", "is no address that mail can be sent to.");
  if (!hasEmail && rules.isEmailRequired) wrong("email", "is missing, and the policy asks for one.");

  const stored = text("password_hash", 512);
  const kind = stored === undefined ? undefined : rules.hashKindOf(stored);
  if (stored !== undefined && kind === undefined)
    wrong(
      "password_hash",
      "is no hash that is verified here: Argon2id, bcrypt, Werkzeug's scrypt or PBKDF2.",
    );

  const isEmailVerified = flag("email_verified");
  if (isEmailVerified && !hasEmail) wrong("email_verified", "is true without an e-mail address.");

  const shown = text("display_name", 4 * LONGEST_NAME);
  const displayName = shown === undefined ? username : rules.clean(shown);
  if (shown !== undefined && isLonger(displayName, LONGEST_NAME))
    wrong("display_name", `must be a text of at most ${LONGEST_NAME} characters.`);
  const aboutMe = rules.clean(text("about_me", 4 * LONGEST_ABOUT) ?? "");
  if (isLonger(aboutMe, LONGEST_ABOUT))
    wrong("about_me", `must be a text of at most ${LONGEST_ABOUT} characters.`);

  const person: Person = {
    username,
    email,
    isEmailVerified,
    hash: stored === undefined || kind === undefined ? undefined : { text: stored, kind },
    roles: rolesOf(record.roles, rules, wrong),
    displayName,
    aboutMe,
    createdAt: timeOf(record.created_at, rules.now, wrong),
    isDisabled: flag("disabled"),
  };
  return problems.length > 0 ? { problems } : { person };
}

type Wrong = (column: RowProblem["column"], message: string) => void;

function rolesOf(value: unknown, rules: PersonRules, wrong: Wrong): readonly string[] {
  const given: unknown = typeof value === "string" ? value.split(/[\s,;|]+/).filter(Boolean) : (value ?? []);
  if (!Array.isArray(given) || given.length > MOST_ROLES) {
    wrong("roles", `must be at most ${MOST_ROLES} names.`);
    return [];
  }
  const roles = new Set(["user"]);
  for (const role of given)
    if (typeof role !== "string" || !rules.roles.has(role))
      wrong("roles", "has one that does not exist here.");
    else if (rules.refusedRoles.has(role)) wrong("roles", `has "${role}", which has to be allowed.`);
    else roles.add(role);
  return [...roles];
}

function timeOf(value: unknown, now: number, wrong: Wrong): number {
  if (value === undefined) return now;
  const [, day, time = "00:00", fraction = "0", zone = "Z"] =
    typeof value === "string" ? (TIME.exec(value) ?? []) : [];
  const [, hours, minutes = "00"] = /^([+-]\d{2}):?(\d{2})?$/.exec(zone) ?? [];
  const at = Date.parse(
    `${day ?? ""}T${time.length === 5 ? `${time}:00` : time}.${fraction.padEnd(3, "0")}${hours === undefined ? "Z" : `${hours}:${minutes}`}`,
  );
  // Date.parse takes 30 February for a day in March.
  if (day === undefined || Number.isNaN(at) || new Date(`${day}T00:00Z`).toISOString().slice(0, 10) !== day)
    wrong("created_at", "is no time: 2024-05-01, or 2024-05-01T12:00:00Z.");
  else if (at > now || at < 0) wrong("created_at", "must be after 1970, and not in the future.");
  return at;
}
