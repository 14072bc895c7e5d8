/** Goes through a file once: judges each row, looks the database up in batches, and writes them where it is asked to. */
import { createHash } from "node:crypto";
import type { Account } from "../account/store.ts";
import { type Person, personOf, type PersonRules } from "./person.ts";
import { ImportError, type ImportRow, type RowProblem } from "./row.ts";
import type { NewPerson, Standing, UserImportStore } from "./store.ts";

export interface ImporterParts {
  readonly store: UserImportStore;
  readonly rules: PersonRules;
  readonly uuid: () => string;
  /** What two spellings of a name or address must share to be the same. */
  readonly nameKey: (name: string) => string;
  /** For who has none. */
  readonly hashOfNothing: () => string;
  /** Addresses are believed as they stand: account.emailVerification is off. */
  readonly believesEmail: boolean;
  /** Everybody is asked for a new password at their first sign-in. */
  readonly mustChangePassword: boolean;
}

export interface RefusedRow {
  readonly line: number;
  readonly problems: readonly RowProblem[];
}

export interface ImportSummary {
  readonly rows: number;
  readonly new: number;
  /** Were there already, and were left alone. */
  readonly there: number;
  readonly refused: number;
  /** Of the new ones: how many have which hash; "none" must ask for a new password. */
  readonly hashes: Readonly<Record<string, number>>;
  /** Of the new ones without a hash: nobody can send them a link, for no address of theirs is verified. */
  readonly unreachable: number;
  readonly disabled: number;
}

export interface ImportRun {
  readonly rows: AsyncIterable<ImportRow>;
  /** False: only looks. */
  readonly apply: boolean;
  readonly onRefused: (row: RefusedRow) => void;
  /** After each batch: rows so far. */
  readonly onBatch?: (rows: number) => void;
}

/** One transaction, and one look-up: so many are begun anew where somebody came between. */
const BATCH = 200;
/** Names that were seen are held in memory, as digests: about 100 bytes each. */
export const MOST_ROWS = 500_000;

const TAKEN: Readonly<Record<"username" | "email" | "full", RowProblem>> = {
  username: { column: "username", message: "belongs to another account here." },
  email: { column: "email", message: "belongs to another account here." },
  full: { column: "row", message: "has no place in the tenant: tenancy.membersLimit." },
};

/** @throws ImportError where the file cannot be read on; batches before that are written. */
export async function runImport(parts: ImporterParts, run: ImportRun): Promise<ImportSummary> {
  const { store, rules } = parts;
  const seen = new Map<string, number>();
  const counts = { rows: 0, new: 0, there: 0, refused: 0, unreachable: 0, disabled: 0 };
  const hashes: Record<string, number> = {};
  let batch: { readonly line: number; readonly person: Person; readonly made: NewPerson }[] = [];

  const refuse = (line: number, problems: readonly RowProblem[]): void => {
    counts.refused += 1;
    run.onRefused({ line, problems });
  };
  const flush = async (): Promise<void> => {
    const people = batch.map(({ made }) => made);
    const standings = run.apply ? await store.add(people) : await store.look(people);
    for (const [index, { line, person, made }] of batch.entries()) {
      const standing: Standing = standings[index] ?? "new";
      if (standing === "there") counts.there += 1;
      else if (standing !== "new") refuse(line, [TAKEN[standing]]);
      else {
        counts.new += 1;
        const kind = person.hash?.kind ?? "none";
        hashes[kind] = (hashes[kind] ?? 0) + 1;
        if (person.hash === undefined && !made.linkEmail) counts.unreachable += 1;
        if (person.isDisabled) counts.disabled += 1;
      }
    }
    batch = [];
    run.onBatch?.(counts.rows);
  };

  for await (const row of run.rows) {
    counts.rows += 1;
    if (counts.rows > MOST_ROWS)
      throw new ImportError(`The file has more than ${MOST_ROWS} rows.`, "Split it, and import the parts.");
    const judged = "problems" in row ? row : personOf(row.record, rules);
    if ("problems" in judged) {
      refuse(row.line, judged.problems);
      continue;
    }
    const { person } = judged;
    const twice = seenBefore(seen, person, row.line, parts.nameKey);
    if (twice === undefined) batch.push({ line: row.line, person, made: newPerson(person, row.line, parts) });
    else refuse(row.line, [twice]);
    if (batch.length >= BATCH) await flush();
  }
  if (batch.length > 0) await flush();
  return { ...counts, hashes };
}

/** As the database has them: names and addresses are one set, because both sign in. */
function seenBefore(
  seen: Map<string, number>,
  { username, email }: Person,
  line: number,
  nameKey: (name: string) => string,
): RowProblem | undefined {
  for (const [column, value] of [
    ["username", username],
    ["email", email],
  ] as const) {
    if (value === null) continue;
    const key = createHash("sha256").update(nameKey(value)).digest("base64url").slice(0, 16);
    const before = seen.get(key);
    if (before !== undefined && before !== line)
      return { column, message: `stands in line ${before} already, however it is written.` };
    seen.set(key, line);
  }
  return undefined;
}

function newPerson(person: Person, line: number, parts: ImporterParts): NewPerson {
  const { now } = parts.rules;
  const { username, email, isEmailVerified, hash, roles, displayName, aboutMe, createdAt } = person;
  const account: Account = {
    id: parts.uuid(),
    username,
    email,
    emailVerifiedAt: isEmailVerified ? now : null,
    passwordHash: hash?.text ?? parts.hashOfNothing(),
    passwordChangedAt: now, // when it really was, no file says: a password that may expire begins anew
    mustChangePassword: parts.mustChangePassword && hash !== undefined,
    passwordNeedsMfa: false,
    registrationPending: false, // or whoever does not come within a day would be gone
    displayName,
    aboutMe,
    roles,
    createdAt,
    disabledAt: person.isDisabled ? now : null,
    deleteAfter: null,
  };
  return {
    account,
    linkEmail: email !== null && (isEmailVerified || parts.believesEmail),
    facts: { line, hash: hash?.kind ?? "none" },
  };
}
