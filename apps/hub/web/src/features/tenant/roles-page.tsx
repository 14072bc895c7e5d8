import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { leaveTenant, type Membership, rolesQuery } from "../../api/tenant.ts";
import { Answer } from "../../ui/answer.tsx";
import { Badge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { flash } from "../../ui/flash.tsx";
import { Section } from "../../ui/page.tsx";
import { Notice } from "../../ui/states.tsx";
import { TenantPage } from "./tenant-page.tsx";
import { useForgetTenant } from "./use-enter.ts";
import { roleWord } from "./words.ts";

export const RolesPage = () => (
  <TenantPage title="Roles" needs="learner">
    {(tenant) => (
      <div className="space-y-10">
        <Roles />
        <Leave tenant={tenant} />
      </div>
    )}
  </TenantPage>
);

function Roles() {
  const query = useQuery(rolesQuery);
  return (
    <Answer query={query} label="the roles" shape="h-64">
      {({ own, items }) => (
        <dl className="divide-y divide-line rounded-lg border border-line bg-surface">
          {items.map(({ role, rights }) => (
            <div key={role} className="p-4 sm:flex sm:gap-6">
              <dt className="flex shrink-0 flex-wrap items-center gap-2 font-medium sm:w-48 sm:flex-col sm:items-start">
                {roleWord(role)}
                {role === own ? <Badge state="pass">Your role</Badge> : null}
              </dt>
              <dd className="mt-1 text-muted sm:mt-0">{rights}</dd>
            </div>
          ))}
        </dl>
      )}
    </Answer>
  );
}

function Leave({ tenant }: { tenant: Membership }) {
  const navigate = useNavigate();
  const forget = useForgetTenant();
  const [asked, setAsked] = useState(false);
  const leaving = useMutation({
    mutationFn: leaveTenant,
    onSuccess: async () => {
      flash({ tone: "pass", text: `You have left ${tenant.name}.` });
      await navigate({ to: "/" });
      await forget();
    },
    onSettled: () => setAsked(false),
  });
  return (
    <Section
      id="leave"
      title="Leave"
      lead="Your account stays. You come back only if somebody invites you again."
    >
      {leaving.error === null ? null : <Notice tone="fail">{leaving.error.message}</Notice>}
      <Button look="danger" onClick={() => setAsked(true)}>
        Leave this tenant …
      </Button>
      <Confirm
        open={asked}
        title={`Leave ${tenant.name}?`}
        action="Leave"
        busy={leaving.isPending}
        onClose={() => setAsked(false)}
        onConfirm={() => leaving.mutate()}
      >
        You see nothing of it any more from then on. This cannot be undone by you.
      </Confirm>
    </Section>
  );
}
