import type { PublicPolicy } from "../../api/policy.ts";
import { PasswordField } from "../../ui/form.tsx";
import { PasswordRules } from "./password-rules.tsx";
import { StrengthMeter } from "./strength-meter.tsx";

/** A password that is being chosen: how strong it is and which rules hold, while it is typed. */
export function NewPasswordField({
  label = "New password",
  name = "new_password",
  rules,
  minLength = rules.min_length,
  words = [],
  errors,
  value,
  onChange,
}: {
  label?: string;
  name?: string;
  rules: PublicPolicy["password"];
  /** Where it differs for this person. */
  minLength?: number;
  /** What is known of the person and so easy to guess. */
  words?: readonly string[];
  errors: readonly string[];
  value: string;
  onChange: (value: string) => void;
}) {
  return (
    <PasswordField
      label={label}
      name={name}
      autoComplete="new-password"
      required
      help={
        <>
          <StrengthMeter password={value} words={words} />
          <PasswordRules rules={{ ...rules, min_length: minLength }} password={value} />
        </>
      }
      errors={errors}
      value={value}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}
