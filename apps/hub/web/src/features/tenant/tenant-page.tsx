import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { policyQuery } from "../../api/queries.ts";
import { atLeast, type Membership, ownTenantsQuery, type Role } from "../../api/tenant.ts";
import { Answer } from "../../ui/answer.tsx";
import { Page } from "../../ui/page.tsx";
import { Empty, Loading, SignInFirst, Skeleton } from "../../ui/states.tsx";
import { useSession } from "../account/session.tsx";
import { roleWord } from "./words.ts";

const PAGES = [
  ["/tenant/members", "Members", "admin"],
  ["/tenant/invitations", "Invitations", "admin"],
  ["/tenant/roles", "Roles", "learner"],
  ["/tenant/settings", "Settings", "admin"],
] as const satisfies readonly (readonly [string, string, Role])[];

/** The frame of a tenant's page: what it shows is asked for only by those who may see it. */
export function TenantPage({
  title,
  needs = "admin",
  wide = false,
  children,
}: {
  title: string;
  needs?: Role;
  wide?: boolean;
  children: (tenant: Membership) => ReactNode;
}) {
  const session = useSession();
  const enabled = useQuery(policyQuery).data?.tenants;
  return (
    <Page title={title} wide={wide}>
      {session === null ? (
        <SignInFirst />
      ) : session === undefined || enabled === undefined ? (
        <Loading label="the tenant">
          <Skeleton className="h-64 w-full" />
        </Loading>
      ) : enabled ? (
        <Inside needs={needs}>{children}</Inside>
      ) : (
        <Empty title="There are no tenants here">Whoever runs this hub has not switched them on.</Empty>
      )}
    </Page>
  );
}

function Inside({ needs, children }: { needs: Role; children: (tenant: Membership) => ReactNode }) {
  const query = useQuery(ownTenantsQuery);
  return (
    <Answer query={query} label="the tenant" shape="h-64">
      {({ tenant, tenants }) =>
        tenant === null ? (
          <Empty title="You are not working in a tenant">
            {tenants.length === 0
              ? "Somebody who runs one can invite you by e-mail. The invitation opens with the address that it was sent to."
              : "Choose one of yours in the head of the page."}
          </Empty>
        ) : (
          // Anew for every tenant: what was typed or asked in one does not go on in another.
          <div key={tenant.id} className="space-y-8">
            <Tabs tenant={tenant} />
            {atLeast(tenant.role, needs) ? children(tenant) : <TooLittle tenant={tenant} />}
          </div>
        )
      }
    </Answer>
  );
}

const Tabs = ({ tenant }: { tenant: Membership }) => (
  <div>
    <p className="text-lg text-muted">
      <span className="font-medium break-words text-text">{tenant.name}</span>, where you are{" "}
      {roleWord(tenant.role).toLowerCase()}
    </p>
    <nav aria-label="Tenant" className="mt-4 flex flex-wrap gap-1 border-b border-line">
      {PAGES.filter(([, , role]) => atLeast(tenant.role, role)).map(([to, name]) => (
        <Link
          key={to}
          to={to}
          activeOptions={{ exact: true, includeSearch: false }}
          className="-mb-px flex min-h-11 items-center border-b-2 border-transparent px-3 text-muted hover:text-text aria-[current=page]:border-accent aria-[current=page]:font-medium aria-[current=page]:text-text"
        >
          {name}
        </Link>
      ))}
    </nav>
  </div>
);

const TooLittle = ({ tenant }: { tenant: Membership }) => (
  <div className="rounded-lg border border-line bg-surface p-6">
    <h2 className="text-lg font-semibold">This is for administrators of the tenant</h2>
    <p className="mt-1 text-muted">
      You are {roleWord(tenant.role).toLowerCase()} in {tenant.name}. If you need more for your work, ask one
      of its administrators.
    </p>
  </div>
);
