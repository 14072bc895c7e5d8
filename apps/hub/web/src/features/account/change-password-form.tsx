import { type ReactNode, useState } from "react";
import type { PublicPolicy } from "../../api/policy.ts";
import { changePassword } from "../../api/security.ts";
import { Form, PasswordField, useForm } from "../../ui/form.tsx";
import { NewPasswordField } from "./new-password-field.tsx";

export type PasswordChanged = Awaited<ReturnType<typeof changePassword>>;

/** The password of today and the one from now on. */
export function ChangePasswordForm({
  policy,
  minLength = policy.password.min_length,
  username = "",
  words,
  onChanged,
  aside,
}: {
  policy: PublicPolicy;
  /** The length that is asked of this person. */
  minLength?: number | undefined;
  username?: string;
  words: readonly string[];
  onChanged: (result: PasswordChanged) => Promise<void> | void;
  aside?: ReactNode;
}) {
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const form = useForm(async () => {
    const result = await changePassword(current, next);
    await onChanged(result);
  });
  return (
    <Form
      state={form}
      action="Change password"
      aside={aside}
      labels={{ current_password: "Current password", new_password: "New password" }}
    >
      {/* Tells password managers whose password this is. */}
      <input type="text" name="username" autoComplete="username" value={username} readOnly hidden />
      <PasswordField
        label="Current password"
        name="current_password"
        autoComplete="current-password"
        required
        errors={form.errorsOf("current_password")}
        value={current}
        onChange={(event) => setCurrent(event.target.value)}
      />
      <NewPasswordField
        rules={policy.password}
        minLength={minLength}
        words={words}
        errors={form.errorsOf("new_password")}
        value={next}
        onChange={setNext}
      />
    </Form>
  );
}
