import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { acceptInvitation } from "../../api/tenant.ts";
import { ButtonLink } from "../../ui/button.tsx";
import { flash } from "../../ui/flash.tsx";
import { Form, useForm } from "../../ui/form.tsx";
import { Card, Page } from "../../ui/page.tsx";
import { Loading, Notice, Skeleton } from "../../ui/states.tsx";
import { useSession } from "../account/session.tsx";
import { forgetInvitationToken, invitationToken } from "./invitation-token.ts";
import { useForgetTenant } from "./use-enter.ts";
import { roleWord } from "./words.ts";

export function InvitationPage() {
  const session = useSession();
  const [token] = useState(invitationToken);
  return (
    <Page title="Invitation">
      <div className="max-w-md space-y-6">
        {token === undefined ? (
          <Notice tone="warn" live={false}>
            This page needs the link from the invitation's letter. Open the link again.
          </Notice>
        ) : session === undefined ? (
          <Loading label="the invitation">
            <Skeleton className="h-40 w-full" />
          </Loading>
        ) : session === null ? (
          <>
            <p className="text-muted">
              Sign in with the e-mail address that the invitation was sent to. If you have no account yet,
              make one with that address first, and verify it.
            </p>
            <div className="flex flex-wrap gap-3">
              <ButtonLink to="/login" search={{ next: "/invitation" }}>
                Sign in
              </ButtonLink>
              <ButtonLink to="/register" look="quiet">
                Create an account
              </ButtonLink>
            </div>
          </>
        ) : (
          <Card>
            <Accept token={token} username={session.user.username} />
          </Card>
        )}
      </div>
    </Page>
  );
}

function Accept({ token, username }: { token: string; username: string }) {
  const navigate = useNavigate();
  const forget = useForgetTenant();
  const form = useForm(async () => {
    const tenant = await acceptInvitation(token);
    forgetInvitationToken();
    await forget();
    flash({ tone: "pass", text: `You are ${roleWord(tenant.role).toLowerCase()} in ${tenant.name} now.` });
    await navigate({ to: "/tenant/roles" });
  });
  return (
    <Form state={form} action="Accept the invitation">
      <p>
        You are signed in as <span className="font-medium">{username}</span>. Whoever invited you, and other
        administrators of the tenant, will see your user name and display name.
      </p>
      <p className="text-muted">If you did not expect this, leave the page: nothing happens.</p>
    </Form>
  );
}
