import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { policyQuery } from "../../api/queries.ts";
import { type Membership, ownTenantsQuery } from "../../api/tenant.ts";
import { Answer } from "../../ui/answer.tsx";
import { Empty, Loading, SignInFirst, Skeleton } from "../../ui/states.tsx";
import { useSession } from "../account/session.tsx";

/** What members work on: asked for only by those who work in a tenant, and anew for each. */
export function InTenant({ children }: { children: (tenant: Membership) => ReactNode }) {
  const session = useSession();
  const enabled = useQuery(policyQuery).data?.tenants;
  if (session === null) return <SignInFirst />;
  if (enabled === false)
    return <Empty title="There are no tenants here">Whoever runs this hub has not switched them on.</Empty>;
  if (session === undefined || enabled === undefined)
    return (
      <Loading label="the tenant">
        <Skeleton className="h-64 w-full" />
      </Loading>
    );
  return <Inside>{children}</Inside>;
}

function Inside({ children }: { children: (tenant: Membership) => ReactNode }) {
  return (
    <Answer query={useQuery(ownTenantsQuery)} label="the tenant" shape="h-64">
      {({ tenant, tenants }) =>
        tenant === null ? (
          <Empty title="You are not working in a tenant">
            {tenants.length === 0
              ? "Somebody who runs one can invite you by e-mail. What its members share appears here then."
              : "Choose one of yours in the head of the page."}
          </Empty>
        ) : (
          <div key={tenant.id}>{children(tenant)}</div>
        )
      }
    </Answer>
  );
}
