import { Menu } from "@base-ui/react/menu";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { signOut } from "../../api/account.ts";
import { policyQuery, sessionQuery } from "../../api/queries.ts";
import type { SignedIn } from "../../api/sign-in.ts";
import { clearDrafts } from "./draft.ts";

const item =
  "flex min-h-11 cursor-default items-center rounded-sm px-3 outline-none data-[highlighted]:bg-sunken";

export function SignedInMenu({ session }: { session: SignedIn }) {
  const navigate = useNavigate();
  const client = useQueryClient();
  const [failed, setFailed] = useState(false);
  const policy = useQuery(policyQuery).data;
  const hasKeys = policy?.api_keys === true;
  const hasTenants = policy?.tenants === true;
  const leave = async () => {
    try {
      await signOut();
    } catch {
      setFailed(true);
      return;
    }
    clearDrafts();
    client.removeQueries({ queryKey: ["me"] });
    client.removeQueries({ queryKey: ["admin"] });
    client.removeQueries({ queryKey: ["tenant"] });
    client.setQueryData(sessionQuery.queryKey, null);
    await navigate({ to: "/login", search: { signedOut: true } });
  };
  return (
    <Menu.Root>
      <Menu.Trigger
        className="flex min-h-11 max-w-40 items-center gap-2 rounded-sm px-3 font-medium hover:bg-sunken"
        aria-label={`Account of ${session.user.display_name}`}
      >
        <span
          className="grid size-7 shrink-0 place-items-center rounded-full bg-accent-soft text-sm text-accent-strong uppercase"
          aria-hidden="true"
        >
          {session.user.display_name.slice(0, 1) || session.user.username.slice(0, 1)}
        </span>
        <span className="hidden truncate sm:inline">
          {session.user.display_name || session.user.username}
        </span>
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner align="end" sideOffset={6} className="z-40">
          <Menu.Popup className="min-w-52 rounded-lg border border-line bg-surface p-1.5 text-text shadow-card outline-none">
            <p className="px-3 py-2 text-sm text-muted">
              Signed in as <span className="font-medium text-text">{session.user.username}</span>
            </p>
            <Menu.Item className={item} render={<Link to="/profile" />}>
              Profile
            </Menu.Item>
            <Menu.Item className={item} render={<Link to="/account/security" />}>
              Security
            </Menu.Item>
            <Menu.Item className={item} render={<Link to="/sessions" />}>
              Devices and sessions
            </Menu.Item>
            {hasKeys ? (
              <Menu.Item className={item} render={<Link to="/account/api-keys" />}>
                API keys
              </Menu.Item>
            ) : null}
            <Menu.Item className={item} render={<Link to="/uploads" />}>
              Uploads
            </Menu.Item>
            <Menu.Item className={item} render={<Link to="/account/data" />}>
              My data
            </Menu.Item>
            {session.user.roles.includes("admin") ? (
              <Menu.Group className="my-1.5 border-y border-line py-1.5">
                <Menu.GroupLabel className="px-3 py-1 text-sm text-muted">Administration</Menu.GroupLabel>
                <Menu.Item className={item} render={<Link to="/admin/security" />}>
                  Security overview
                </Menu.Item>
                <Menu.Item className={item} render={<Link to="/admin/audit" />}>
                  Audit log
                </Menu.Item>
                <Menu.Item className={item} render={<Link to="/admin/users" />}>
                  Users
                </Menu.Item>
                {hasTenants ? (
                  <Menu.Item className={item} render={<Link to="/admin/tenants" />}>
                    Tenants
                  </Menu.Item>
                ) : null}
                <Menu.Item className={item} render={<Link to="/admin/approvals" />}>
                  Approvals
                </Menu.Item>
                {hasKeys ? (
                  <Menu.Item className={item} render={<Link to="/admin/api-keys" />}>
                    All API keys
                  </Menu.Item>
                ) : null}
              </Menu.Group>
            ) : null}
            <Menu.Item className={item} closeOnClick={false} onClick={() => void leave()}>
              {failed ? "Could not sign out. Try again" : "Sign out"}
            </Menu.Item>
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}
