import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { WholeUser } from "../../api/admin.ts";
import { userQuery } from "../../api/security-queries.ts";
import type { SignedIn } from "../../api/sign-in.ts";
import { Answer } from "../../ui/answer.tsx";
import { Badge } from "../../ui/badge.tsx";
import { Fact } from "../../ui/fact.tsx";
import { Card, Section } from "../../ui/page.tsx";
import { Time } from "../../ui/time.tsx";
import { EventsList } from "../security/events-list.tsx";
import { AdminPage } from "./admin-page.tsx";
import { UserActions } from "./user-actions.tsx";
import { UserSessions } from "./user-sessions.tsx";
import { isLocked, UserStates } from "./user-states.tsx";

const route = getRouteApi("/admin/users/$id");

export function UserPage() {
  const { id } = route.useParams();
  const name = useQuery({ ...userQuery(id), enabled: false }).data?.username;
  return (
    <AdminPage title={name ?? "User"}>
      {(session) => (
        <>
          <p className="-mt-4 mb-6">
            <Link to="/admin/users" className="text-accent underline underline-offset-4">
              All users
            </Link>
          </p>
          <Whole id={id} session={session} />
        </>
      )}
    </AdminPage>
  );
}

function Whole({ id, session }: { id: string; session: SignedIn }) {
  const query = useQuery(userQuery(id));
  return (
    <Answer query={query} label="the user" shape="h-96">
      {(user) => (
        <div className="space-y-12">
          <div className="space-y-4">
            <Facts user={user} />
            <UserActions user={user} self={user.id === session.user.id} />
          </div>
          <Section id="sessions" title="Sessions">
            <UserSessions id={user.id} username={user.username} />
          </Section>
          <Section id="events" title="Recent events">
            <EventsList items={user.events} />
          </Section>
        </div>
      )}
    </Answer>
  );
}

const Facts = ({ user }: { user: WholeUser }) => (
  <Card>
    <dl className="grid gap-x-8 gap-y-1 sm:grid-cols-[auto_1fr] sm:gap-y-3">
      <Fact label="State">
        <UserStates user={user} />
      </Fact>
      <Fact label="E-mail">
        {user.email === null ? (
          "none"
        ) : (
          <span className="flex flex-wrap items-center gap-2">
            <span className="break-all">{user.email}</span>
            <Badge state={user.email_verified ? "pass" : "warn"}>
              {user.email_verified ? "Verified" : "Not verified"}
            </Badge>
          </span>
        )}
      </Fact>
      <Fact label="Roles">{user.roles.join(", ")}</Fact>
      <Fact label="Second step">
        <Badge state={user.mfa_enabled ? "pass" : "unknown"}>{user.mfa_enabled ? "On" : "Off"}</Badge>
      </Fact>
      <Fact label="Failed tries">
        {user.failed_login_attempts}
        {user.locked_until !== null && isLocked(user) ? (
          <>
            , locked until <Time at={user.locked_until} />
          </>
        ) : null}
      </Fact>
      <Fact label="Password">
        {user.password_changed_at === null ? (
          "none"
        ) : (
          <>
            changed <Time at={user.password_changed_at} />
          </>
        )}
        {user.password_expires_at === null ? null : (
          <>
            , expires <Time at={user.password_expires_at} />
          </>
        )}
      </Fact>
      <Fact label="Open sessions">{user.sessions}</Fact>
      {user.disabled_at === null ? null : (
        <Fact label="Suspended">
          <Time at={user.disabled_at} />
        </Fact>
      )}
      {user.delete_after === null ? null : (
        <Fact label="To be deleted">
          <Time at={user.delete_after} />, unless they sign in
        </Fact>
      )}
      <Fact label="Account made">
        <Time at={user.created_at} />
      </Fact>
      <Fact label="Id">
        <code className="font-mono text-sm break-all">{user.id}</code>
      </Fact>
    </dl>
  </Card>
);
