import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { pendingQuery, policyQuery, sessionQuery } from "../../api/queries.ts";
import type { Step } from "../../api/sign-in.ts";
import { Card, Page } from "../../ui/page.tsx";
import { ErrorState, Loading, Notice, Skeleton } from "../../ui/states.tsx";
import { useArrive } from "../account/arrive.ts";
import { Elsewhere } from "../account/change-password-page.tsx";
import { StartAgain } from "../account/start-again.tsx";
import { AddPasskey } from "./add-passkey.tsx";
import { TotpSetupWizard } from "./totp-setup.tsx";

const route = getRouteApi("/enrol");

/** A stop on the way in for those whose role asks for a second factor. */
export function EnrolPage() {
  const { next } = route.useSearch();
  const client = useQueryClient();
  const arrive = useArrive(next);
  const pending = useQuery({
    ...pendingQuery,
    // The sign-in may be complete while backup codes are still on the screen: they stay until they are kept.
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });
  const policy = useQuery(policyQuery).data;
  const finish = async (step: Step | undefined) => {
    if (step !== undefined) return arrive(step);
    await client.invalidateQueries({ queryKey: sessionQuery.queryKey });
    await client.invalidateQueries({ queryKey: pendingQuery.queryKey });
  };
  if (pending.data === null) return <Elsewhere next={next} />;
  return (
    <Page title="Add a second step">
      <div className="max-w-xl space-y-6">
        {pending.error !== null ? (
          <ErrorState error={pending.error} retry={() => void pending.refetch()} />
        ) : pending.data === undefined ? (
          <Loading label="the choices">
            <Skeleton className="h-80 w-full" />
          </Loading>
        ) : (
          <>
            <Notice tone="warn" live={false}>
              Your role can change much here, so a password alone is not enough for it. Set up one of these to
              go on. From then on you use it each time you sign in.
            </Notice>
            {policy?.passkeys === true ? (
              <Card>
                <h2 className="text-lg font-semibold">A passkey</h2>
                <p className="mt-1 mb-5 text-muted">
                  The safest: it cannot be phished or guessed, and there is no code to type.
                </p>
                <AddPasskey onFinished={(step) => void finish(step)} />
              </Card>
            ) : null}
            <Card>
              <h2 className="text-lg font-semibold">An authenticator app</h2>
              <p className="mt-1 mb-5 text-muted">
                An app on your phone shows a new code every 30 seconds, without a network.
              </p>
              <TotpSetupWizard
                action="Set up an authenticator app"
                onFinished={(step) => void finish(step)}
              />
            </Card>
            <StartAgain />
          </>
        )}
      </div>
    </Page>
  );
}
