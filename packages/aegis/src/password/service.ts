/** A new password for an account: every reason against it at once, then one atomic change. */
import type { FieldError } from "../errors.ts";
import type { Clock } from "../lib/clock.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import { minLengthFor } from "./age.ts";
import { codePoints, normalizePassword } from "./normalize.ts";
import type { PasswordPolicy } from "./policy.ts";
import { type PasswordContext, passwordProblems } from "./rules.ts";

export interface PasswordOwner {
  readonly id: string;
  readonly username: string;
  readonly email: string | null;
  readonly passwordHash: string;
}

export interface PasswordParts {
  readonly hash: (password: string) => Promise<string>;
  readonly verify: (password: string, hash: string) => Promise<{ readonly ok: boolean }>;
  /** How often it is known from breaches, where that is checked and too often. @throws when it must be known and cannot */
  readonly breached: (password: string) => Promise<number | undefined>;
  readonly history: (accountId: string, limit: number) => Promise<readonly string[]>;
  readonly change: (
    accountId: string,
    from: string,
    to: { hash: string; changedAt: number; needsMfa: boolean; keepHistory: number },
  ) => Promise<boolean>;
  readonly product: string | undefined;
  readonly clock: Clock;
}

export interface PasswordService {
  /** Reasons against a password for somebody new, and its hash where there is none. */
  forNewAccount(
    password: string,
    who: { readonly username: string; readonly email: string | null },
  ): Promise<{ readonly problems: readonly FieldError[] } | { readonly hash: string }>;
  /** Gives the account a new password; `problems` where it may not, `lost` where another change came first. */
  change(
    owner: PasswordOwner,
    password: string,
    hasSecondFactor: boolean,
    field: string,
  ): Promise<{ readonly problems: readonly FieldError[] } | { readonly changed: boolean }>;
  /** Every reason against a new password of this account but that it was used before. */
  problemsOf(
    owner: PasswordOwner,
    password: string,
    hasSecondFactor: boolean,
    field: string,
  ): Promise<readonly FieldError[]>;
  /** The reason against one that was used before. Tells the asker what it was: not to be asked without end. */
  usedBefore(owner: PasswordOwner, password: string, field: string): Promise<readonly FieldError[]>;
  /** Gives the account a password that was held against both; false where another change came first. */
  replace(owner: PasswordOwner, password: string): Promise<boolean>;
}

export function passwordService(policy: DeepReadonly<PasswordPolicy>, parts: PasswordParts): PasswordService {
  const rulesAgainst = async (
    password: string,
    { username, email }: { readonly username: string; readonly email: string | null },
    minLength: number,
  ): Promise<FieldError[]> => {
    const context: PasswordContext = {
      username,
      ...(email === null ? {} : { email }),
      ...(parts.product === undefined ? {} : { product: parts.product }),
    };
    const problems = passwordProblems(policy, password, context, minLength);
    // One that the rules refuse already is not sent anywhere, not even five characters of its hash.
    const count = problems.length > 0 ? undefined : await parts.breached(password);
    if (count !== undefined)
      problems.push({
        field: "password",
        reason: "breached",
        message: `It is known from data breaches (seen ${count} times). Choose one that nobody else has used.`,
      });
    return problems;
  };
  const usedBefore = async (
    owner: PasswordOwner,
    password: string,
    field: string,
  ): Promise<readonly FieldError[]> => {
    if (policy.historyCount === 0) return [];
    const earlier = await parts.history(owner.id, policy.historyCount - 1);
    const message =
      policy.historyCount === 1
        ? "It is the one you have. Choose another."
        : `It is one of your last ${policy.historyCount}. Choose one that you did not use before.`;
    for (const hash of [owner.passwordHash, ...earlier])
      if ((await parts.verify(password, hash)).ok) return [{ field, reason: "used_before", message }];
    return [];
  };

  const problemsOf = async (
    owner: PasswordOwner,
    password: string,
    hasSecondFactor: boolean,
    field: string,
  ): Promise<readonly FieldError[]> => {
    const found = await rulesAgainst(password, owner, minLengthFor(policy, hasSecondFactor));
    return found.map((problem) => ({ ...problem, field }));
  };
  const replace = async (owner: PasswordOwner, password: string): Promise<boolean> =>
    parts.change(owner.id, owner.passwordHash, {
      hash: await parts.hash(password),
      changedAt: parts.clock.now(),
      needsMfa: codePoints(normalizePassword(password)) < policy.minLength,
      keepHistory: policy.historyCount === 0 ? 0 : policy.historyCount - 1,
    });

  return {
    async forNewAccount(password, who) {
      const problems = await rulesAgainst(password, who, policy.minLength);
      return problems.length > 0 ? { problems } : { hash: await parts.hash(password) };
    },
    problemsOf,
    usedBefore,
    replace,
    async change(owner, password, hasSecondFactor, field) {
      const found = await problemsOf(owner, password, hasSecondFactor, field);
      const problems = found.length > 0 ? found : await usedBefore(owner, password, field);
      return problems.length > 0 ? { problems } : { changed: await replace(owner, password) };
    },
  };
}
