import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import {
  atLeast,
  type Invitation,
  invitationsQuery,
  invite,
  type Membership,
  type Role,
  ROLES,
  withdraw,
} from "../../api/tenant.ts";
import { Answer } from "../../ui/answer.tsx";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Form, SelectField, TextField, useForm } from "../../ui/form.tsx";
import { Card, Section } from "../../ui/page.tsx";
import { Empty, Notice } from "../../ui/states.tsx";
import { Time } from "../../ui/time.tsx";
import { TenantPage } from "./tenant-page.tsx";
import { roleWord } from "./words.ts";

export const InvitationsPage = () => (
  <TenantPage title="Invitations">{(tenant) => <Invitations tenant={tenant} />}</TenantPage>
);

function Invitations({ tenant }: { tenant: Membership }) {
  const client = useQueryClient();
  const query = useQuery(invitationsQuery);
  const [asked, setAsked] = useState<Invitation | null>(null);
  const [said, setSaid] = useState<string | undefined>(undefined);
  const refresh = () => client.invalidateQueries({ queryKey: invitationsQuery.queryKey });
  const withdrawal = useMutation({
    mutationFn: (invitation: Invitation) => withdraw(invitation.id),
    onMutate: () => setSaid(undefined),
    onSuccess: (_, { email }) => setSaid(`The invitation of ${email} is withdrawn.`),
    onSettled: () => {
      setAsked(null);
      return refresh();
    },
  });
  return (
    <div className="space-y-8">
      {said === undefined ? null : (
        <Notice tone="pass" catchesFocus>
          {said}
        </Notice>
      )}
      {withdrawal.error === null ? null : <Notice tone="fail">{withdrawal.error.message}</Notice>}
      <Section id="invite" title="Invite somebody">
        <Card>
          <Invite
            tenant={tenant}
            onInvited={(email) => {
              setSaid(`${email} is invited. The letter is on its way.`);
              void refresh();
            }}
          />
        </Card>
      </Section>
      <Section id="open" title="Open invitations">
        <Answer query={query} label="the invitations" shape="h-32">
          {({ items }) =>
            items.length === 0 ? (
              <Empty title="Nobody is invited">
                Whom you invite appears here until they accept, or the time is over.
              </Empty>
            ) : (
              <ul aria-label="Open invitations" className="space-y-3">
                {items.map((invitation) => (
                  <li
                    key={invitation.id}
                    className="flex flex-wrap items-center justify-between gap-3 rounded-lg border border-line bg-surface p-4"
                  >
                    <div className="min-w-0">
                      <h3 className="font-medium break-all">{invitation.email}</h3>
                      <p className="text-sm text-muted">
                        {roleWord(invitation.role)} · invited <Time at={invitation.created_at} /> · ends{" "}
                        <Time at={invitation.expires_at} />
                      </p>
                    </div>
                    <Button
                      look="danger"
                      aria-label={`Withdraw the invitation of ${invitation.email}`}
                      onClick={() => setAsked(invitation)}
                    >
                      Withdraw …
                    </Button>
                  </li>
                ))}
              </ul>
            )
          }
        </Answer>
      </Section>
      <Confirm
        open={asked !== null}
        title="Withdraw this invitation?"
        action="Withdraw"
        busy={withdrawal.isPending}
        onClose={() => setAsked(null)}
        onConfirm={() => asked !== null && withdrawal.mutate(asked)}
      >
        The link in the letter to {asked?.email} stops working at once. You can invite them again.
      </Confirm>
    </div>
  );
}

function Invite({ tenant, onInvited }: { tenant: Membership; onInvited: (email: string) => void }) {
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<Role>("learner");
  const form = useForm(async () => {
    await invite(email.trim(), role);
    setEmail("");
    onInvited(email.trim());
  });
  return (
    <Form state={form} action="Send the invitation" labels={{ email: "E-mail", role: "Role" }}>
      <TextField
        label="E-mail"
        name="email"
        type="email"
        autoComplete="off"
        maxLength={254}
        required
        help="Only whoever signs in with this address, verified, can accept. An earlier invitation of it ends."
        errors={form.errorsOf("email")}
        value={email}
        onChange={(event) => setEmail(event.target.value)}
      />
      <SelectField
        label="Role"
        name="role"
        errors={form.errorsOf("role")}
        value={role}
        onChange={(event) => setRole(ROLES.find((one) => one === event.target.value) ?? "learner")}
      >
        {ROLES.filter((one) => atLeast(tenant.role, one)).map((one) => (
          <option key={one} value={one}>
            {roleWord(one)}
          </option>
        ))}
      </SelectField>
    </Form>
  );
}
