/** "aegis/users": people who come over from another system, judged by the policy that would judge them at the door. */
import { nameKey } from "./account/store.ts";
import { normalUsername, usernameProblems } from "./account/username.ts";
import type { AuditRecord } from "./audit-chain/chain.ts";
import { coverage, keptOf } from "./audit/record.ts";
import { hashKindOf, hashOfNothing } from "./hashing/kind.ts";
import { readJson } from "./input/json.ts";
import { type Random, systemRandom } from "./lib/random.ts";
import { isMailAddress } from "./mail/address.ts";
import type { Policy } from "./policy.ts";
import { sanitizer } from "./sanitize/sanitizer.ts";
import { type ImportRun, type ImportSummary, runImport } from "./user-import/importer.ts";
import { jsonRows as jsonRowsWith } from "./user-import/json-lines.ts";
import type { UserImportStore } from "./user-import/store.ts";

export { csvRows } from "./user-import/csv.ts";
export {
  type ImportRun,
  type ImportSummary,
  MOST_ROWS as mostImportRows,
  type RefusedRow,
} from "./user-import/importer.ts";
export { importColumns, ImportError, type ImportRow, type RowProblem } from "./user-import/row.ts";
export type { NewPerson, Standing, UserImportStore } from "./user-import/store.ts";

const MOST_DEPTH = 4;

/** JSON Lines: one object a line. Keys that stand twice, `__proto__` and NUL are refused, as from a stranger. */
export const jsonRows = (chunks: AsyncIterable<Uint8Array>) =>
  jsonRowsWith(chunks, (text) => readJson(Buffer.from(text), MOST_DEPTH));

export interface UserImportOptions {
  readonly policy: Policy;
  readonly store: UserImportStore;
  /** Roles of the application, beside "user" and "admin". */
  readonly roles?: readonly string[];
  /** Whether a row may make an administrator. Default false. */
  readonly allowAdmin?: boolean;
  /** Asks everybody for a new password at their first sign-in. Default false. */
  readonly mustChangePassword?: boolean;
  /** Milliseconds since the Unix epoch. Default: now. */
  readonly now?: number;
  readonly random?: Random;
}

/** @throws ImportError where the file cannot be read on */
export function importUsers(options: UserImportOptions, run: ImportRun): Promise<ImportSummary> {
  const { policy, store, roles = [], allowAdmin = false, now = Date.now(), random = systemRandom } = options;
  const { emailRequired, emailVerification } = policy.account;
  const clean = sanitizer(policy.sanitize);
  return runImport(
    {
      store,
      rules: {
        normalUsername,
        usernameProblems: (username) => usernameProblems(policy.account, username),
        isAddress: isMailAddress,
        isEmailRequired: emailRequired || emailVerification === "required",
        hashKindOf,
        roles: new Set(["user", "admin", ...roles]),
        refusedRoles: new Set(allowAdmin ? [] : ["admin", ...policy.mfa.requiredForRoles]),
        clean: (text) => {
          const cleaned = clean("text", text);
          return "value" in cleaned ? cleaned.value : "";
        },
        now,
      },
      uuid: () => random.uuid(),
      nameKey,
      hashOfNothing: () => hashOfNothing(policy.password.argon2, random),
      believesEmail: emailVerification === "off",
      mustChangePassword: options.mustChangePassword ?? false,
    },
    run,
  );
}

/** For an account without a password: no password fits it. */
export const passwordOfNobody = (policy: Policy, random: Random = systemRandom): string =>
  hashOfNothing(policy.password.argon2, random);

/** What the audit log is told of each account; undefined where the policy does not have accounts in it. */
export function accountRecords(
  policy: Policy,
  name: "account.imported" | "password.hash_retired",
  runId: string,
  random: Random = systemRandom,
) {
  const covers = coverage(policy.audit);
  return (
    accountId: string,
    facts: Readonly<Record<string, string | number>>,
    now: number,
  ): AuditRecord | undefined => {
    const event = {
      event: name,
      at: new Date(now).toISOString(),
      outcome: "success",
      request_id: runId,
      ip: "",
      user_id: accountId,
      facts,
    } as const;
    return covers(event, now).covered ? keptOf(event, random.uuid(), () => "") : undefined;
  };
}
