/** What may be a user name. Checked after NFKC, because that is what is kept, shown and compared. */
import type { FieldError } from "../errors.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import type { AccountPolicy } from "./policy.ts";

/** Letters, digits and few signs: no "@", so that a name can never pass for somebody's address. */
const SHAPE = /^[\p{L}\p{N}][\p{L}\p{M}\p{N}._-]*$/u;
/** Hangul filler and its like are letters that nobody sees: two names would look the same. */
const INVISIBLE = /\p{Default_Ignorable_Code_Point}/u;
/** Letters of other scripts that pass for Latin ones: a name is of one script, or it is somebody else's name. */
const LATIN = /\p{Script=Latin}/u;
const LOOKALIKE = /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Cherokee}\p{Script=Armenian}]/u;

export const normalUsername = (typed: string): string => typed.normalize("NFKC");

export function usernameProblems(policy: DeepReadonly<AccountPolicy>, username: string): FieldError[] {
  const length = [...username].length;
  const rules: readonly (readonly [broken: boolean, reason: string, message: string])[] = [
    [length < policy.usernameMinLength, "too_short", `At least ${policy.usernameMinLength} characters.`],
    [
      length > policy.usernameMaxLength || username.length > 64,
      "too_long",
      `At most ${policy.usernameMaxLength} characters.`,
    ],
    [
      !SHAPE.test(username) || INVISIBLE.test(username),
      "characters",
      "Letters and digits, and . _ - after the first.",
    ],
    [
      LATIN.test(username) && LOOKALIKE.test(username),
      "mixed_scripts",
      "Letters of one alphabet: mixed ones could pass for another name.",
    ],
  ];
  return rules
    .filter(([broken]) => broken)
    .map(([, reason, message]) => ({ field: "username", reason, message }));
}
