import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useRouterState } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { signOutEverywhere } from "../../api/account.ts";
import { devicesQuery, sessionQuery } from "../../api/queries.ts";
import { eventsQuery, mfaQuery } from "../../api/security-queries.ts";
import { Answer } from "../../ui/answer.tsx";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Page, Section } from "../../ui/page.tsx";
import { Loading, Notice, SignInFirst, Skeleton } from "../../ui/states.tsx";
import { clearDrafts } from "../account/draft.ts";
import { useSession } from "../account/session.tsx";
import { Devices } from "../sessions/devices.tsx";
import { AuthenticatorPart } from "./authenticator-part.tsx";
import { BackupCodesPart } from "./backup-codes-part.tsx";
import { EmailPart } from "./email-part.tsx";
import { EventsList } from "./events-list.tsx";
import { Overview } from "./overview.tsx";
import { PasskeysPart } from "./passkeys-part.tsx";
import { PasswordPart } from "./password-part.tsx";
import { ProgramsPart } from "./programs-part.tsx";

/** Everything that keeps others out of one's account, on one page with an address for each part. */
export function SecurityPage() {
  const session = useSession();
  const devices = useQuery(devicesQuery);
  const events = useQuery(eventsQuery);
  // The part that the address names may come only with its data.
  const hash = useRouterState({ select: ({ location }) => location.hash });
  const drawn = useQuery(mfaQuery).data !== undefined && session !== undefined;
  useEffect(() => {
    if (drawn && hash !== "") document.getElementById(hash)?.scrollIntoView();
  }, [drawn, hash]);
  return (
    <Page title="Security of your account" lead="What protects this account, and what you can do about it.">
      {session === null ? (
        <SignInFirst />
      ) : session === undefined ? (
        <Loading label="your account">
          <Skeleton className="h-48 w-full" />
        </Loading>
      ) : (
        <div className="space-y-12">
          <section aria-label="What protects this account">
            <Overview session={session} />
          </section>
          <PasswordPart session={session} />
          <AuthenticatorPart />
          <BackupCodesPart />
          <PasskeysPart />
          <EmailPart session={session} />
          <Section
            id="devices"
            title="Devices and sessions"
            lead="Everywhere you are signed in. If you do not know one of them, end it and change your password."
          >
            <Answer query={devices} label="your sessions">
              {({ items }) => <Devices items={items} />}
            </Answer>
            <Everywhere />
          </Section>
          <ProgramsPart />
          <Section
            id="events"
            title="Recent events"
            lead="Do you not recognise one of them? Change your password."
          >
            <Answer query={events} label="recent events">
              {({ items }) => <EventsList items={items} />}
            </Answer>
          </Section>
        </div>
      )}
    </Page>
  );
}

function Everywhere() {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [asked, setAsked] = useState(false);
  const leaving = useMutation({
    mutationFn: signOutEverywhere,
    onSuccess: async () => {
      clearDrafts();
      client.setQueryData(sessionQuery.queryKey, null);
      await navigate({ to: "/login", search: { signedOut: true } });
      client.removeQueries({ queryKey: ["me"] });
    },
    onSettled: () => setAsked(false),
  });
  return (
    <>
      {leaving.error === null ? null : <Notice tone="fail">{leaving.error.message}</Notice>}
      <Button look="danger" onClick={() => setAsked(true)}>
        Sign out everywhere, here too
      </Button>
      <Confirm
        open={asked}
        title="Sign out everywhere?"
        action="Sign out everywhere"
        busy={leaving.isPending}
        onClose={() => setAsked(false)}
        onConfirm={() => leaving.mutate()}
      >
        Every session ends at once, this one too. You can sign in again right after.
      </Confirm>
    </>
  );
}
