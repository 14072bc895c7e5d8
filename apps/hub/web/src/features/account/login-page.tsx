import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Navigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { whenSessionLost } from "../../api/client.ts";
import { verifyPasskey } from "../../api/passkeys.ts";
import { pendingQuery } from "../../api/queries.ts";
import { verifySecondFactor } from "../../api/sign-in.ts";
import { Card, Page } from "../../ui/page.tsx";
import { Notice } from "../../ui/states.tsx";
import { PAGES, useArrive } from "./arrive.ts";
import { PasswordStep } from "./password-step.tsx";
import { StartAgain } from "./start-again.tsx";
import { SecondFactor } from "./second-factor.tsx";

const route = getRouteApi("/login");

/** All steps of a sign-in that take place here; which one is due, the server says, also after a reload. */
export function LoginPage() {
  const { next, registered, signedOut, reset } = route.useSearch();
  const client = useQueryClient();
  const arrive = useArrive(next);
  const pending = useQuery(pendingQuery).data;
  const [late, setLate] = useState(false);
  // A sign-in waits only for some minutes; then the server knows nothing of it, and it begins anew.
  useEffect(
    () =>
      whenSessionLost(() => {
        client.setQueryData(pendingQuery.queryKey, null);
        setLate(true);
      }),
    [client],
  );
  if (pending !== null && pending !== undefined && pending.step !== "second_factor")
    return <Navigate to={PAGES[pending.step]} search={next === undefined ? {} : { next }} replace />;
  if (pending?.step === "second_factor")
    return (
      <Page title="Confirm that it is you" takesFocus={false}>
        <div className="max-w-md space-y-6">
          <p className="text-muted">Your password is right. One more step protects your account.</p>
          <Card>
            <SecondFactor
              methods={pending.methods}
              action="Sign in"
              verify={async (proof) => arrive(await verifySecondFactor(proof))}
              passkey={async () => arrive(await verifyPasskey())}
            />
          </Card>
          <StartAgain />
        </div>
      </Page>
    );
  return (
    <Page title="Sign in">
      <div className="max-w-md space-y-6">
        {signedOut === true ? <Notice tone="pass">You are signed out, here and on the server.</Notice> : null}
        {reset === true ? (
          <Notice tone="pass">
            Your new password is set, and every other session has ended. Sign in with it.
          </Notice>
        ) : null}
        {late ? <Notice tone="warn">The sign-in took too long and has ended. Begin it again.</Notice> : null}
        {registered === undefined ? null : (
          <Notice tone="pass">Your account is ready. Sign in to use it.</Notice>
        )}
        <PasswordStep known={registered ?? ""} onStep={arrive} />
      </div>
    </Page>
  );
}
