/** The frame of a page of simulations: what it shows is asked for only by those who work in a tenant. */
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { policyQuery } from "../../api/queries.ts";
import { type Membership, ownTenantsQuery } from "../../api/tenant.ts";
import { Answer } from "../../ui/answer.tsx";
import { Empty, Loading, SignInFirst, Skeleton } from "../../ui/states.tsx";
import { useSession } from "../account/session.tsx";

export function InTenant({ children }: { children: (tenant: Membership) => ReactNode }) {
  const session = useSession();
  const enabled = useQuery(policyQuery).data?.tenants;
  if (session === null) return <SignInFirst />;
  if (session === undefined || enabled === undefined)
    return (
      <Loading label="the page">
        <Skeleton className="h-64 w-full" />
      </Loading>
    );
  if (!enabled)
    return (
      <Empty title="Simulations belong to tenants, and there are none here">
        Whoever runs this hub has not switched them on.
      </Empty>
    );
  return <Inside>{children}</Inside>;
}

function Inside({ children }: { children: (tenant: Membership) => ReactNode }) {
  const query = useQuery(ownTenantsQuery);
  return (
    <Answer query={query} label="the tenant" shape="h-64">
      {({ tenant, tenants }) =>
        tenant === null ? (
          <Empty title="You are not working in a tenant">
            {tenants.length === 0
              ? "Simulations belong to a tenant. Somebody who runs one can invite you by e-mail."
              : "Simulations belong to a tenant: choose one of yours in the head of the page."}
          </Empty>
        ) : (
          // Anew for every tenant: what was typed or asked in one does not go on in another.
          <div key={tenant.id}>{children(tenant)}</div>
        )
      }
    </Answer>
  );
}
