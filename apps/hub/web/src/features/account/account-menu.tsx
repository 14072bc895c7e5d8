import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { policyQuery } from "../../api/queries.ts";
import { ButtonLink } from "../../ui/button.tsx";
import { useSession } from "./session.tsx";

// Strangers, who are most visitors, do not pay for the menu.
const SignedInMenu = lazy(() =>
  import("./signed-in-menu.tsx").then((module) => ({ default: module.SignedInMenu })),
);

const TenantSwitcher = lazy(() =>
  import("../tenant/tenant-switcher.tsx").then((module) => ({ default: module.TenantSwitcher })),
);

const place = <span className="h-11 w-12 sm:w-24" aria-hidden="true" />;

export function AccountMenu() {
  const session = useSession();
  const hasTenants = useQuery({ ...policyQuery, enabled: session != null }).data?.tenants === true;
  if (session === undefined) return place;
  if (session === null) return <ButtonLink to="/login">Sign in</ButtonLink>;
  return (
    <Suspense fallback={place}>
      {hasTenants ? <TenantSwitcher /> : null}
      <SignedInMenu session={session} />
    </Suspense>
  );
}
