import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import {
  giveRole,
  type Member,
  membersQuery,
  ownTenantsQuery,
  PER_PAGE,
  removeMember,
  type Role,
  ROLES,
} from "../../api/tenant.ts";
import { Answer } from "../../ui/answer.tsx";
import { Button, ButtonLink } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Notice } from "../../ui/states.tsx";
import { Time } from "../../ui/time.tsx";
import { TenantPage } from "./tenant-page.tsx";
import { roleWord } from "./words.ts";

export const MembersPage = () => (
  <TenantPage title="Members" wide>
    {(tenant) => <Members tenant={tenant.name} />}
  </TenantPage>
);

type Asked =
  | { readonly member: Member; readonly what: "remove" }
  | { readonly member: Member; readonly what: "role"; readonly role: Role }
  | null;

function Members({ tenant }: { tenant: string }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const { page = 1 } = useSearch({ from: "/tenant/members" });
  const query = useQuery(membersQuery(page));
  const [asked, setAsked] = useState<Asked>(null);
  const [said, setSaid] = useState<string | undefined>(undefined);
  const change = useMutation({
    mutationFn: (wanted: NonNullable<Asked>) =>
      wanted.what === "remove" ? removeMember(wanted.member.id) : giveRole(wanted.member.id, wanted.role),
    onMutate: () => setSaid(undefined),
    onSuccess: (_, wanted) =>
      setSaid(
        wanted.what === "remove"
          ? `${wanted.member.username} is removed, and refused from now on.`
          : `${wanted.member.username} is ${roleWord(wanted.role).toLowerCase()} now.`,
      ),
    onSettled: async () => {
      setAsked(null);
      await client.invalidateQueries({ queryKey: ["tenant", "members"] });
      await client.invalidateQueries({ queryKey: ownTenantsQuery.queryKey });
    },
  });
  return (
    <div className="space-y-4">
      {said === undefined ? null : (
        <Notice tone="pass" catchesFocus>
          {said}
        </Notice>
      )}
      {change.error === null ? null : <Notice tone="fail">{change.error.message}</Notice>}
      <Answer query={query} label="the members" shape="h-64">
        {({ items, total, roles_to_give: mayGive }) => {
          const pages = Math.max(1, Math.ceil(total / PER_PAGE));
          return (
            <>
              <ul aria-label="Members" className="space-y-3">
                {items.map((member) => (
                  <Row
                    key={member.id}
                    member={member}
                    mayGive={mayGive}
                    onRole={(role) => setAsked({ member, what: "role", role })}
                    onRemove={() => setAsked({ member, what: "remove" })}
                  />
                ))}
              </ul>
              <div className="flex flex-wrap items-center gap-3">
                {total === 1 ? (
                  <p className="text-muted">You are the only one here.</p>
                ) : (
                  <nav aria-label="Pages" className="flex flex-wrap items-center gap-3">
                    <Button
                      look="quiet"
                      disabled={page <= 1}
                      onClick={() => void navigate({ to: "/tenant/members", search: { page: page - 1 } })}
                    >
                      Previous
                    </Button>
                    <span role="status" className="text-muted tabular-nums">
                      Page {page} of {pages}, {total} members
                    </span>
                    <Button
                      look="quiet"
                      disabled={page >= pages}
                      onClick={() => void navigate({ to: "/tenant/members", search: { page: page + 1 } })}
                    >
                      Next
                    </Button>
                  </nav>
                )}
                <ButtonLink to="/tenant/invitations" className="sm:ml-auto">
                  Invite somebody
                </ButtonLink>
              </div>
            </>
          );
        }}
      </Answer>
      <Confirm
        open={asked !== null}
        title={
          asked?.what === "role"
            ? `Make ${asked.member.username} ${roleWord(asked.role).toLowerCase()}?`
            : `Remove ${asked?.member.username ?? ""}?`
        }
        action={asked?.what === "role" ? "Change the role" : "Remove"}
        busy={change.isPending}
        onClose={() => setAsked(null)}
        onConfirm={() => asked !== null && change.mutate(asked)}
      >
        {asked?.what === "role"
          ? "It counts from their next request on, in every session they have. You can change it back."
          : `They are refused in ${tenant} from their next request on. Their account stays; to have them back, invite them again.`}
      </Confirm>
    </div>
  );
}

function Row({
  member,
  mayGive,
  onRole,
  onRemove,
}: {
  member: Member;
  mayGive: readonly Role[];
  onRole: (role: Role) => void;
  onRemove: () => void;
}) {
  const mayChange = mayGive.includes(member.role);
  return (
    <li className="flex flex-wrap items-center gap-x-6 gap-y-3 rounded-lg border border-line bg-surface p-4">
      <div className="min-w-0 grow">
        <h2 className="font-medium break-all">
          {member.username}
          {member.is_self ? <span className="font-normal text-muted"> (you)</span> : null}
        </h2>
        <p className="text-sm break-words text-muted">
          {member.display_name === "" || member.display_name === member.username
            ? ""
            : `${member.display_name} · `}
          joined <Time at={member.joined_at} />
        </p>
      </div>
      {mayChange ? (
        <div className="flex flex-wrap items-center gap-3">
          <select
            aria-label={`Role of ${member.username}`}
            className="min-h-11 rounded-sm border border-line-strong bg-surface px-2 text-text"
            value={member.role}
            onChange={(event) => {
              const role = ROLES.find((one) => one === event.target.value);
              if (role !== undefined) onRole(role);
            }}
          >
            {mayGive.map((role) => (
              <option key={role} value={role}>
                {roleWord(role)}
              </option>
            ))}
          </select>
          {member.is_self ? null : (
            <Button look="danger" aria-label={`Remove ${member.username}`} onClick={onRemove}>
              Remove …
            </Button>
          )}
        </div>
      ) : (
        <span className="text-muted">{roleWord(member.role)}</span>
      )}
    </li>
  );
}
