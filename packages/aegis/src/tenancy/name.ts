/** What may be the name of a tenant. Checked after NFKC, because that is what is kept, shown and compared. */
import type { FieldError } from "../errors.ts";

const LONGEST = 64;
/** No "/", ":" or "@": invitations carry the name to strangers, and no mail program may make a link or an address of it. */
const SHAPE = /^[\p{L}\p{N}][\p{L}\p{M}\p{N} .,&'()_-]*$/u;
const INVISIBLE = /\p{Default_Ignorable_Code_Point}/u;
/** Letters of other scripts that pass for Latin ones. */
const LATIN = /\p{Script=Latin}/u;
const LOOKALIKE = /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Cherokee}\p{Script=Armenian}]/u;

export const normalTenantName = (typed: string): string =>
  typed.normalize("NFKC").replaceAll(/\s+/gu, " ").trim();

/** What two spellings of a name must share to be the same name. */
export const tenantKey = (name: string): string => normalTenantName(name).toLowerCase();

export function tenantNameProblems(name: string): FieldError[] {
  const length = [...name].length;
  const rules: readonly (readonly [broken: boolean, reason: string, message: string])[] = [
    [length < 2, "too_short", "At least 2 characters."],
    [length > LONGEST, "too_long", `At most ${LONGEST} characters.`],
    [
      !SHAPE.test(name) || INVISIBLE.test(name),
      "characters",
      "Letters, digits and spaces, and . , & ' ( ) _ - after the first.",
    ],
    [LATIN.test(name) && LOOKALIKE.test(name), "mixed_scripts", "Letters of one alphabet."],
  ];
  return rules
    .filter(([broken]) => broken)
    .map(([, reason, message]) => ({ field: "name", reason, message }));
}
