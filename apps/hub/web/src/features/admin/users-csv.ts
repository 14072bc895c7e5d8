import type { UserRow } from "../../api/admin.ts";
import type { CsvColumn } from "../../ui/table.tsx";

const yes = (value: boolean): string => (value ? "yes" : "no");

/** The page of users as a file. */
export const USER_COLUMNS: readonly CsvColumn<UserRow>[] = [
  ["id", ({ id }) => id],
  ["username", ({ username }) => username],
  ["email", ({ email }) => email ?? ""],
  ["email_verified", (user) => yes(user.email_verified)],
  ["roles", ({ roles }) => roles.join(" ")],
  ["second_step", (user) => yes(user.mfa_enabled)],
  ["must_change_password", (user) => yes(user.must_change_password)],
  ["failed_tries", (user) => String(user.failed_login_attempts)],
  ["locked_until", (user) => user.locked_until ?? ""],
  ["suspended_at", (user) => user.disabled_at ?? ""],
  ["delete_after", (user) => user.delete_after ?? ""],
  ["password_changed_at", (user) => user.password_changed_at ?? ""],
  ["password_expires_at", (user) => user.password_expires_at ?? ""],
  ["created_at", (user) => user.created_at],
];
