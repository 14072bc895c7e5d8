import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { type Approval, decideApproval } from "../../api/admin.ts";
import { approvalsQuery } from "../../api/security-queries.ts";
import { Answer } from "../../ui/answer.tsx";
import { Badge, type State } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Empty, Notice } from "../../ui/states.tsx";
import { Time } from "../../ui/time.tsx";
import { SecurityPage } from "./security-area.tsx";

type Decision = "approve" | "reject";
type Asked = { readonly approval: Approval; readonly decision: Decision } | null;

const STATES: Record<Approval["state"], readonly [state: State, word: string]> = {
  pending: ["warn", "Waiting"],
  approved: ["pass", "Approved"],
  rejected: ["fail", "Rejected"],
  expired: ["unknown", "Expired"],
};

const actionWords = (action: string): string =>
  action === "remove-mfa" ? "Remove the second step of" : `${action.replaceAll("-", " ")}:`;

export const ApprovalsPage = () => (
  <SecurityPage
    title="Approvals"
    lead="What one administrator alone may not do. Whoever asked for it cannot approve it."
  >
    {() => <Approvals />}
  </SecurityPage>
);

function Approvals() {
  const client = useQueryClient();
  const query = useQuery(approvalsQuery);
  const [asked, setAsked] = useState<Asked>(null);
  const [said, setSaid] = useState<string | undefined>(undefined);
  const deciding = useMutation({
    mutationFn: ({ approval, decision }: NonNullable<Asked>) => decideApproval(approval.id, decision),
    onMutate: () => setSaid(undefined),
    onSuccess: (_, { decision }) =>
      setSaid(decision === "approve" ? "It is approved and done." : "It is rejected. Nothing has changed."),
    onSettled: () => {
      setAsked(null);
      return client.invalidateQueries({ queryKey: ["admin"] });
    },
  });
  return (
    <div className="space-y-4">
      {said === undefined ? null : (
        <Notice tone="pass" catchesFocus>
          {said}
        </Notice>
      )}
      {deciding.error === null ? null : (
        <Notice tone="fail" catchesFocus>
          {deciding.error.message}
        </Notice>
      )}
      <Answer query={query} label="the approvals" shape="h-48">
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="Nothing to approve">
              When an administrator's second step is to be removed, the request appears here.
            </Empty>
          ) : (
            <ul className="space-y-3">
              {items
                .toSorted((a, b) => Number(b.state === "pending") - Number(a.state === "pending"))
                .map((approval) => (
                  <Row
                    key={approval.id}
                    approval={approval}
                    onAsk={(decision) => setAsked({ approval, decision })}
                  />
                ))}
            </ul>
          )
        }
      </Answer>
      <Confirm
        open={asked !== null}
        title={asked?.decision === "approve" ? "Approve this?" : "Reject this?"}
        action={asked?.decision === "approve" ? "Approve" : "Reject"}
        busy={deciding.isPending}
        onClose={() => setAsked(null)}
        onConfirm={() => asked !== null && deciding.mutate(asked)}
      >
        {asked?.decision === "approve"
          ? `The authenticator app, passkeys and backup codes of ${asked.approval.subject.username} stop working at once. It cannot be undone. Be sure by another way than e-mail that they asked for it.`
          : `Nothing changes for ${asked?.approval.subject.username ?? "them"}. It can be asked for again.`}
      </Confirm>
    </div>
  );
}

function Row({ approval, onAsk }: { approval: Approval; onAsk: (decision: Decision) => void }) {
  const [state, word] = STATES[approval.state];
  const waits = approval.state === "pending";
  return (
    <li className="rounded-lg border border-line bg-surface p-5">
      <div className="flex flex-wrap items-start justify-between gap-3">
        <p className="font-medium">
          {actionWords(approval.action)}{" "}
          <Link
            to="/admin/users/$id"
            params={{ id: approval.subject.id }}
            className="break-all text-accent underline underline-offset-4"
          >
            {approval.subject.username}
          </Link>
        </p>
        <Badge state={state}>{word}</Badge>
      </div>
      <p className="mt-1 text-sm text-muted">
        Asked for by {approval.requested_by.username} <Time at={approval.requested_at} />
        {waits ? (
          <>
            {" "}
            · runs out <Time at={approval.expires_at} />
          </>
        ) : null}
        {approval.decided_at === null ? null : (
          <>
            {" "}
            · decided {approval.decided_by === null ? "" : `by ${approval.decided_by.username} `}
            <Time at={approval.decided_at} />
          </>
        )}
      </p>
      {!waits ? null : approval.may_decide ? (
        <div className="mt-4 flex flex-wrap gap-3">
          <Button look="danger" onClick={() => onAsk("approve")}>
            Approve …
          </Button>
          <Button look="quiet" onClick={() => onAsk("reject")}>
            Reject …
          </Button>
        </div>
      ) : (
        <p className="mt-3 text-sm text-muted">
          You asked for it or it concerns you, so another administrator decides.
        </p>
      )}
    </li>
  );
}
