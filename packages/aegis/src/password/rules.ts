/** The rules for a new password, pure. Every rule that fails is named, all at once (PWD-1). */
import type { FieldError } from "../errors.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import { isCommon, isMadeOf } from "./common.ts";
import { codePoints, normalizePassword } from "./normalize.ts";
import type { PasswordPolicy } from "./policy.ts";

export interface PasswordContext {
  readonly username?: string;
  readonly email?: string;
  readonly product?: string;
}

interface Rule {
  readonly reason: string;
  readonly message: string;
  readonly applies: boolean;
  readonly broken: boolean;
}

export function passwordProblems(
  policy: DeepReadonly<PasswordPolicy>,
  typed: string,
  context: PasswordContext = {},
  minLength: number = policy.minLength,
): FieldError[] {
  const password = normalizePassword(typed);
  const length = codePoints(password);
  // What is too long is refused for that alone: the lists are not searched with megabytes of somebody's choice.
  const readable = length <= policy.maxLength;
  const words = [context.username, context.email, context.email?.split("@", 1)[0], context.product];
  const rules: readonly Rule[] = [
    // A lone surrogate or a control character cannot be typed again on another keyboard, and NUL ends C strings.
    {
      reason: "not_text",
      message: "It has characters that cannot be typed.",
      applies: true,
      broken: /[\p{Cc}\p{Cs}]/u.test(password),
    },
    {
      reason: "too_short",
      message: `At least ${minLength} characters.`,
      applies: true,
      broken: length < minLength,
    },
    {
      reason: "too_long",
      message: `At most ${policy.maxLength} characters.`,
      applies: true,
      broken: length > policy.maxLength,
    },
    {
      reason: "needs_uppercase",
      message: "At least one upper case letter.",
      applies: policy.requireUppercase,
      broken: !/\p{Lu}/u.test(password),
    },
    {
      reason: "needs_lowercase",
      message: "At least one lower case letter.",
      applies: policy.requireLowercase,
      broken: !/\p{Ll}/u.test(password),
    },
    {
      reason: "needs_digit",
      message: "At least one digit.",
      applies: policy.requireDigit,
      broken: !/\p{Nd}/u.test(password),
    },
    {
      reason: "needs_special",
      message: "At least one character that is no letter and no digit.",
      applies: policy.requireSpecial,
      broken: !/[^\p{L}\p{N}]/u.test(password),
    },
    {
      reason: "common",
      message: "It is one of the passwords that attackers try first.",
      applies: policy.refuseCommon,
      broken: readable && isCommon(password),
    },
    {
      reason: "contains_context",
      message: "It is made of your name, your address or the name of this service.",
      applies: policy.refuseCommon,
      broken:
        readable &&
        isMadeOf(
          password,
          words.filter((word) => word !== undefined),
        ),
    },
  ];
  return rules
    .filter(({ applies, broken }) => applies && broken)
    .map(({ reason, message }) => ({ field: "password", reason, message }));
}
