import type { UserRow } from "../../api/admin.ts";
import { Badge, type State } from "../../ui/badge.tsx";

type Facts = Pick<
  UserRow,
  "disabled_at" | "delete_after" | "locked_until" | "must_change_password" | "password_expires_at"
>;

export const isLocked = ({ locked_until: until }: Pick<UserRow, "locked_until">): boolean =>
  until !== null && Date.parse(until) > Date.now();

function statesOf(user: Facts): readonly (readonly [state: State, word: string])[] {
  const expired = user.password_expires_at !== null && Date.parse(user.password_expires_at) < Date.now();
  const all: readonly (readonly [holds: boolean, state: State, word: string])[] = [
    [user.disabled_at !== null, "fail", "Suspended"],
    [user.delete_after !== null, "fail", "To be deleted"],
    [isLocked(user), "warn", "Locked"],
    [user.must_change_password, "warn", "Must change password"],
    [expired, "warn", "Password expired"],
  ];
  const found = all.filter(([holds]) => holds).map(([, state, word]) => [state, word] as const);
  return found.length === 0 ? [["pass", "Active"]] : found;
}

export const UserStates = ({ user }: { user: Facts }) => (
  <span className="flex flex-wrap gap-1.5">
    {statesOf(user).map(([state, word]) => (
      <Badge key={word} state={state}>
        {word}
      </Badge>
    ))}
  </span>
);
