import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Navigate } from "@tanstack/react-router";
import { pendingQuery, policyQuery, sessionQuery } from "../../api/queries.ts";
import { flash } from "../../ui/flash.tsx";
import { Card, Page } from "../../ui/page.tsx";
import { ErrorState, Loading, Notice, Skeleton } from "../../ui/states.tsx";
import { useArrive } from "./arrive.ts";
import { ChangePasswordForm } from "./change-password-form.tsx";
import { StartAgain } from "./start-again.tsx";

const route = getRouteApi("/change-password");

/** A stop on the way in: the password has run out, or an administrator asked for a new one. */
export function ChangePasswordPage() {
  const { next } = route.useSearch();
  const arrive = useArrive(next);
  const client = useQueryClient();
  const pending = useQuery(pendingQuery);
  const policy = useQuery(policyQuery);
  const error = pending.error ?? policy.error;
  if (pending.data === null) return <Elsewhere next={next} />;
  return (
    <Page title="Choose a new password">
      <div className="max-w-md space-y-6">
        {error !== null ? (
          <ErrorState error={error} retry={() => void Promise.all([pending.refetch(), policy.refetch()])} />
        ) : pending.data === undefined || policy.data === undefined ? (
          <Loading label="the form">
            <Skeleton className="h-80 w-full" />
          </Loading>
        ) : (
          <>
            <Notice tone="warn" live={false}>
              Before you go on, choose a new password: the old one has reached its age, or an administrator
              has asked for it because it may be known to others.
            </Notice>
            <Card>
              <ChangePasswordForm
                policy={policy.data}
                words={[policy.data.product]}
                onChanged={async (result) => {
                  flash({ tone: "pass", text: "Your password is changed." });
                  if (result.next !== undefined) return arrive(result.next);
                  await client.invalidateQueries({ queryKey: sessionQuery.queryKey });
                  await client.invalidateQueries({ queryKey: pendingQuery.queryKey });
                }}
              />
            </Card>
            <StartAgain />
          </>
        )}
      </div>
    </Page>
  );
}

/** Nobody is on the way in: those who are in change it on their own page, others sign in. */
export function Elsewhere({ next }: { next: string | undefined }) {
  const { data: session } = useQuery(sessionQuery);
  if (session === undefined) return null;
  return session === null ? (
    <Navigate to="/login" search={next === undefined ? {} : { next }} replace />
  ) : (
    <Navigate to="/account/security" replace />
  );
}
