import type { PublicPolicy } from "../../api/policy.ts";

type Rules = PublicPolicy["password"];

/** The rules that can be seen to hold while typing; the server has the last word, and names the rest. */
function checks(rules: Rules, typed: string): readonly (readonly [rule: string, holds: boolean])[] {
  const password = typed.normalize("NFKC");
  const length = [...password].length;
  const all: readonly (readonly [wanted: boolean, rule: string, holds: boolean])[] = [
    [true, `${rules.min_length} characters or more (now ${length})`, length >= rules.min_length],
    [length > rules.max_length, `At most ${rules.max_length} characters`, length <= rules.max_length],
    [rules.require_uppercase, "An upper case letter", /\p{Lu}/u.test(password)],
    [rules.require_lowercase, "A lower case letter", /\p{Ll}/u.test(password)],
    [rules.require_digit, "A digit", /\p{Nd}/u.test(password)],
    [rules.require_special, "A character that is no letter and no digit", /[^\p{L}\p{N}]/u.test(password)],
  ];
  return all.filter(([wanted]) => wanted).map(([, rule, holds]) => [rule, holds]);
}

export function PasswordRules({ rules, password }: { rules: Rules; password: string }) {
  return (
    <>
      <ul className="space-y-0.5">
        {checks(rules, password).map(([rule, holds]) => (
          <li key={rule.replace(/\d+/g, "")} className={holds ? "text-pass" : ""}>
            <span aria-hidden="true">{holds ? "✓" : "○"}</span>{" "}
            <span className="sr-only">{holds ? "holds: " : "still needed: "}</span>
            {rule}
          </li>
        ))}
      </ul>
      {rules.common_passwords_refused ? (
        <p className="mt-1">Several unrelated words make a good one. Well-known passwords are refused.</p>
      ) : null}
    </>
  );
}
