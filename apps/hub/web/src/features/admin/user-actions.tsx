import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { actOnUser, type UserAction, type WholeUser } from "../../api/admin.ts";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Notice } from "../../ui/states.tsx";
import { isLocked } from "./user-states.tsx";

interface Act {
  readonly action: UserAction;
  readonly label: string;
  /** What will happen, and whether it can be undone. */
  readonly means: string;
  readonly done: string;
}

/** What can be done to this account as it is now, the mildest first. */
function actsOn(user: WholeUser, self: boolean): readonly Act[] {
  const admin = user.roles.includes("admin");
  const all: readonly (readonly [applies: boolean, act: Act])[] = [
    [
      isLocked(user) || user.failed_login_attempts > 0,
      {
        action: "unlock",
        label: "Unlock",
        means: `The ${user.failed_login_attempts} failed tries are forgotten, and signing in is possible again at once. If somebody is guessing the password, they can go on guessing.`,
        done: "The account is unlocked.",
      },
    ],
    [
      user.sessions > 0 && !self,
      {
        action: "sign-out",
        label: "Sign out everywhere",
        means: `Every session ends at once (now ${user.sessions}). Work that is not saved is lost. They can sign in again.`,
        done: "All sessions have ended.",
      },
    ],
    [
      !user.must_change_password,
      {
        action: "force-password-change",
        label: "Ask for a new password",
        means:
          "At the next sign-in they must choose a new password before anything else. It cannot be taken back; nobody here gets to know either password.",
        done: "A new password is asked for at the next sign-in.",
      },
    ],
    [
      user.mfa_enabled && !self,
      {
        action: "reset-mfa",
        label: "Remove the second step",
        means: admin
          ? "This user is an administrator, so another administrator has to approve it first. Then their authenticator app, passkeys and backup codes stop working, which cannot be undone."
          : "Their authenticator app, passkeys and backup codes stop working, and the password alone gets in until they set up a new one. It cannot be undone. Be sure by another way than e-mail that it is them who asks.",
        done: "The second step is removed.",
      },
    ],
    [
      user.disabled_at === null && !self,
      {
        action: "suspend",
        label: "Suspend",
        means:
          "Every session ends at once, and they cannot sign in until you restore the account. Nothing is deleted.",
        done: "The account is suspended.",
      },
    ],
    [
      user.disabled_at !== null,
      {
        action: "restore",
        label: "Restore",
        means: "They can sign in again as before. You can suspend the account again.",
        done: "The account is restored.",
      },
    ],
  ];
  return all.filter(([applies]) => applies).map(([, act]) => act);
}

export function UserActions({ user, self }: { user: WholeUser; self: boolean }) {
  const client = useQueryClient();
  const [asked, setAsked] = useState<Act | null>(null);
  const [said, setSaid] = useState<{ readonly text: string; readonly approval: boolean } | undefined>(
    undefined,
  );
  const acting = useMutation({
    mutationFn: ({ action }: Act) => actOnUser(user.id, action),
    onMutate: () => setSaid(undefined),
    onSuccess: ({ status }, act) =>
      setSaid(
        status === "approval_requested"
          ? {
              text: "Another administrator has been asked. Until they agree, nothing changes.",
              approval: true,
            }
          : { text: act.done, approval: false },
      ),
    onSettled: () => {
      setAsked(null);
      return client.invalidateQueries({ queryKey: ["admin"] });
    },
  });
  const acts = actsOn(user, self);
  return (
    <div className="space-y-4">
      {said === undefined ? null : (
        <Notice tone="pass" catchesFocus>
          {said.text}{" "}
          {said.approval ? (
            <Link to="/admin/approvals" className="font-medium underline underline-offset-4">
              See the approvals
            </Link>
          ) : null}
        </Notice>
      )}
      {acting.error === null ? null : <Notice tone="fail">{acting.error.message}</Notice>}
      {self ? (
        <p className="text-muted">
          This is your own account. What concerns your sign-in you change under{" "}
          <Link to="/account/security" className="text-accent underline underline-offset-4">
            Security
          </Link>
          .
        </p>
      ) : null}
      {acts.length === 0 ? null : (
        <div className="flex flex-wrap gap-3">
          {acts.map((act) => (
            <Button
              key={act.action}
              look={act.action === "unlock" || act.action === "restore" ? "quiet" : "danger"}
              onClick={() => setAsked(act)}
            >
              {act.label}
            </Button>
          ))}
        </div>
      )}
      <Confirm
        open={asked !== null}
        title={`${asked?.label ?? ""}: ${user.username}?`}
        action={asked?.label ?? ""}
        busy={acting.isPending}
        onClose={() => setAsked(null)}
        onConfirm={() => asked !== null && acting.mutate(asked)}
      >
        {asked?.means}
      </Confirm>
    </div>
  );
}
