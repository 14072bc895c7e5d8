import { Link } from "@tanstack/react-router";
import type { UserOrder, UserRow, UserSort } from "../../api/admin.ts";
import { Badge } from "../../ui/badge.tsx";
import { Time } from "../../ui/time.tsx";
import { UserStates } from "./user-states.tsx";

const head =
  "sticky top-0 bg-surface px-4 py-3 text-left font-medium text-muted shadow-[0_1px_0_var(--line)]";
const cell = "px-4 py-3 align-top";

interface Sorting {
  readonly sort: UserSort;
  readonly onSort: (sort: UserSort) => void;
}

/** A head that sorts by its column, and the other way round when pressed again. */
function SortHead({
  by,
  sort,
  onSort,
  className = "",
  children,
}: Sorting & { by: UserOrder; className?: string; children: string }) {
  const up = sort === by;
  const down = sort === `-${by}`;
  return (
    <th
      scope="col"
      className={`${head} ${className}`}
      aria-sort={up ? "ascending" : down ? "descending" : "none"}
    >
      <button
        type="button"
        className="flex min-h-8 items-center gap-1 hover:text-text"
        onClick={() => onSort(up ? `-${by}` : by)}
      >
        {children}
        <span aria-hidden="true" className={up || down ? "" : "invisible"}>
          {down ? "↓" : "↑"}
        </span>
      </button>
    </th>
  );
}

/** Narrow windows show who and in what state; the rest is on the user's own page. */
export const UsersTable = ({ items, ...sorting }: { items: readonly UserRow[] } & Sorting) => (
  <div
    className="overflow-auto md:max-h-[70dvh] rounded-lg border border-line bg-surface"
    role="region"
    aria-label="Users"
    // Scrolls, so the keyboard must be able to get to it.
    tabIndex={0}
  >
    <table className="w-full border-separate border-spacing-0">
      <caption className="sr-only">Users and the states of their accounts</caption>
      <thead>
        <tr>
          <SortHead by="username" {...sorting}>
            User
          </SortHead>
          <th scope="col" className={head}>
            State
          </th>
          <th scope="col" className={`${head} max-md:hidden`}>
            Second step
          </th>
          <th scope="col" className={`${head} max-md:hidden`}>
            Roles
          </th>
          <SortHead by="password_changed_at" className="max-lg:hidden" {...sorting}>
            Password changed
          </SortHead>
          <SortHead by="created_at" className="max-lg:hidden" {...sorting}>
            Account made
          </SortHead>
        </tr>
      </thead>
      <tbody className="[&_td]:border-t [&_td]:border-line [&_th]:border-t [&_th]:border-line">
        {items.map((user) => (
          <tr key={user.id} className="hover:bg-sunken">
            <th scope="row" className={`${cell} text-left font-normal`}>
              <Link
                to="/admin/users/$id"
                params={{ id: user.id }}
                className="font-medium break-all text-accent underline underline-offset-4"
              >
                {user.username}
              </Link>
              <span className="block text-sm break-all text-muted">{user.email ?? "no e-mail"}</span>
              {user.email !== null && !user.email_verified ? (
                <span className="block text-sm text-muted">address not verified</span>
              ) : null}
            </th>
            <td className={cell}>
              <UserStates user={user} />
            </td>
            <td className={`${cell} max-md:hidden`}>
              <Badge state={user.mfa_enabled ? "pass" : "unknown"}>{user.mfa_enabled ? "On" : "Off"}</Badge>
            </td>
            <td className={`${cell} max-md:hidden`}>{user.roles.join(", ")}</td>
            <td className={`${cell} whitespace-nowrap max-lg:hidden`}>
              {user.password_changed_at === null ? "never" : <Time at={user.password_changed_at} />}
            </td>
            <td className={`${cell} whitespace-nowrap max-lg:hidden`}>
              <Time at={user.created_at} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </div>
);
