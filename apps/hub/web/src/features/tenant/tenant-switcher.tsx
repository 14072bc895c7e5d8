import { Menu } from "@base-ui/react/menu";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useRef } from "react";
import { atLeast, enterTenant, ownTenantsQuery } from "../../api/tenant.ts";
import { flash } from "../../ui/flash.tsx";
import { useForgetTenant } from "./use-enter.ts";
import { roleWord } from "./words.ts";

const item =
  "flex min-h-11 cursor-default items-center gap-2 rounded-sm px-3 outline-none data-[highlighted]:bg-sunken";

/** Which tenant one works in, and the way to the others. Who is in none and can open none sees nothing of it. */
export function TenantSwitcher() {
  const { data } = useQuery(ownTenantsQuery);
  // Within the header, so that what opens is part of a landmark.
  const place = useRef<HTMLSpanElement>(null);
  const navigate = useNavigate();
  const forget = useForgetTenant();
  const entering = useMutation({
    mutationFn: enterTenant,
    onSuccess: async (tenant) => {
      await forget();
      flash({ tone: "pass", text: `You work in ${tenant.name} now.` });
      // What is shown may belong to the tenant before.
      await navigate({ to: "/" });
    },
    onError: (error) => flash({ tone: "warn", text: error.message }),
  });
  if (data === undefined || (data.tenants.length === 0 && !data.self_service)) return null;
  const { tenant, tenants } = data;
  const name = tenant?.name ?? "No tenant";
  return (
    <span ref={place}>
      <Menu.Root>
        <Menu.Trigger
          className="flex min-h-11 max-w-44 items-center gap-1.5 rounded-sm border border-line px-3 hover:bg-sunken"
          aria-label={`Tenant: ${name}`}
          aria-busy={entering.isPending || undefined}
        >
          <span className="truncate">{name}</span>
          <span aria-hidden="true" className="text-muted">
            ▾
          </span>
        </Menu.Trigger>
        <Menu.Portal container={place}>
          <Menu.Positioner align="end" sideOffset={6} className="z-40">
            <Menu.Popup className="max-h-[80dvh] max-w-[calc(100vw-2rem)] min-w-56 overflow-auto rounded-lg border border-line bg-surface p-1.5 text-text shadow-card outline-none">
              {tenants.length === 0 ? null : (
                <Menu.RadioGroup
                  value={tenant?.id ?? ""}
                  onValueChange={(id: string) => {
                    if (id !== tenant?.id) entering.mutate(id);
                  }}
                >
                  <Menu.GroupLabel className="px-3 py-1 text-sm text-muted">Work in</Menu.GroupLabel>
                  {tenants.map((one) => (
                    <Menu.RadioItem key={one.id} value={one.id} className={item} closeOnClick>
                      <span aria-hidden="true" className="w-4 text-accent">
                        {one.id === tenant?.id ? "✓" : ""}
                      </span>
                      <span className="grow break-words">{one.name}</span>
                      <span className="text-sm text-muted">{roleWord(one.role)}</span>
                    </Menu.RadioItem>
                  ))}
                </Menu.RadioGroup>
              )}
              <Menu.Group className="border-t border-line pt-1.5 first:border-t-0 first:pt-0">
                {tenant === null ? null : (
                  <>
                    <Menu.Item className={item} render={<Link to="/tenant/courses" />}>
                      Courses
                    </Menu.Item>
                    {atLeast(tenant.role, "admin") ? (
                      <>
                        <Menu.Item className={item} render={<Link to="/tenant/members" />}>
                          Members
                        </Menu.Item>
                        <Menu.Item className={item} render={<Link to="/tenant/invitations" />}>
                          Invitations
                        </Menu.Item>
                        <Menu.Item className={item} render={<Link to="/tenant/settings" />}>
                          Settings
                        </Menu.Item>
                      </>
                    ) : null}
                    <Menu.Item className={item} render={<Link to="/tenant/roles" />}>
                      Roles
                    </Menu.Item>
                  </>
                )}
                {data.self_service ? (
                  <Menu.Item className={item} render={<Link to="/tenant/new" />}>
                    New tenant …
                  </Menu.Item>
                ) : null}
              </Menu.Group>
            </Menu.Popup>
          </Menu.Positioner>
        </Menu.Portal>
      </Menu.Root>
    </span>
  );
}
