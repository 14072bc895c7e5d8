import { Link } from "@tanstack/react-router";
import type { UserOrder, UserRow } from "../../api/admin.ts";
import { Badge } from "../../ui/badge.tsx";
import { cell, head, type Sorting, SortHead, TableFrame } from "../../ui/table.tsx";
import { Time } from "../../ui/time.tsx";
import { UserStates } from "./user-states.tsx";

/** Narrow windows show who and in what state; the rest is on the user's own page. */
export const UsersTable = ({ items, ...sorting }: { items: readonly UserRow[] } & Sorting<UserOrder>) => (
  <TableFrame label="Users" long>
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
    <tbody>
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
  </TableFrame>
);
