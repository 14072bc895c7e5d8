/** Keeps what the page knows of the session true: warns before it ends, says so when it has. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useRouter, useRouterState } from "@tanstack/react-router";
import { type ReactNode, useEffect, useState } from "react";
import { refreshSession } from "../../api/account.ts";
import { forgetCsrfToken, whenSessionLost, whenStepDue } from "../../api/client.ts";
import { sessionQuery } from "../../api/queries.ts";
import type { SignedIn } from "../../api/sign-in.ts";
import { Button } from "../../ui/button.tsx";

const WARN_BEFORE_MS = 120_000;
const LOOK_EVERY_MS = 10_000;

/** Who is signed in; undefined while that is not known yet. */
export function useSession(): SignedIn | null | undefined {
  return useQuery(sessionQuery).data;
}

const endOf = ({ session }: SignedIn): number =>
  Math.min(Date.parse(session.idle_expires_at), Date.parse(session.absolute_expires_at));

export function SessionWatch() {
  const client = useQueryClient();
  const router = useRouter();
  const session = useSession();
  const [lost, setLost] = useState(false);
  const [now, setNow] = useState(Date.now);
  const [busy, setBusy] = useState(false);
  const end = session === null || session === undefined ? undefined : endOf(session);

  useEffect(() => {
    const timer = window.setInterval(() => setNow(Date.now()), LOOK_EVERY_MS);
    return () => window.clearInterval(timer);
  }, []);

  useEffect(
    () =>
      whenSessionLost(() => {
        // Only news where a session was: a stranger who is asked to sign in has lost nothing.
        if (
          client.getQueryData(sessionQuery.queryKey) === null ||
          client.getQueryData(sessionQuery.queryKey) === undefined
        )
          return;
        forgetCsrfToken();
        client.setQueryData(sessionQuery.queryKey, null);
        setLost(true);
      }),
    [client],
  );

  // The page of a sign-in asks which step is due, and shows it.
  useEffect(
    () =>
      whenStepDue(() => {
        forgetCsrfToken();
        client.setQueryData(sessionQuery.queryKey, null);
        void router.navigate({ to: "/login", search: { next: router.state.location.href } });
      }),
    [client, router],
  );

  // The server decides: at the end, and where the warning would begin, ask it again before saying anything.
  const due = end !== undefined && now >= end - WARN_BEFORE_MS;
  const over = end !== undefined && now >= end;
  useEffect(() => {
    if (!due) return;
    void client.fetchQuery({ ...sessionQuery, staleTime: 0 }).then((found) => {
      if (found === null) setLost(true);
    });
  }, [due, over, client]);

  useEffect(() => {
    if (session !== null && session !== undefined) setLost(false);
  }, [session]);

  if (lost && session === null) return <Ended onClose={() => setLost(false)} />;
  if (!due || end === undefined || session === null || session === undefined) return null;
  const last = Date.parse(session.session.absolute_expires_at) - now < WARN_BEFORE_MS;
  const stay = () => {
    setBusy(true);
    refreshSession()
      .then(() => client.invalidateQueries({ queryKey: sessionQuery.queryKey }))
      .catch(() => client.invalidateQueries({ queryKey: sessionQuery.queryKey }))
      .finally(() => setBusy(false));
  };
  return (
    <Bar>
      <span>
        {last ? "Your session reaches its longest time" : "You will be signed out for inactivity"} in{" "}
        {Math.max(1, Math.ceil((end - now) / 60_000))} min.
      </span>
      {last ? (
        <span>You can sign in again right after.</span>
      ) : (
        <Button look="quiet" busy={busy} onClick={stay}>
          Stay signed in
        </Button>
      )}
    </Bar>
  );
}

function Ended({ onClose }: { onClose: () => void }) {
  const next = useRouterState({ select: (state) => state.location.href });
  return (
    <Bar>
      <span>Your session has ended. What you typed on this page is kept.</span>
      <Link to="/login" search={{ next }} className="font-semibold underline underline-offset-4">
        Sign in and go on here
      </Link>
      <Button look="quiet" onClick={onClose} aria-label="Close this message">
        Close
      </Button>
    </Bar>
  );
}

const Bar = ({ children }: { children: ReactNode }) => (
  <div role="alert" className="border-b border-warn/30 bg-warn-soft text-warn">
    <div className="mx-auto flex max-w-5xl flex-wrap items-center gap-x-6 gap-y-2 px-4 py-2 sm:px-6">
      {children}
    </div>
  </div>
);
