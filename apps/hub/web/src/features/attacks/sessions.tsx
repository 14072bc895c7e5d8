import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import {
  endSession,
  liveSessionsQuery,
  type Overview,
  type SessionRow,
  SESSIONS_A_PAGE,
} from "../../api/attacks.ts";
import { Answer } from "../../ui/answer.tsx";
import { Button } from "../../ui/button.tsx";
import { Empty, Notice } from "../../ui/states.tsx";
import { Time } from "../../ui/time.tsx";
import { ConfirmEnd } from "../sessions/confirm-end.tsx";
import { counted, number } from "../../ui/words.ts";

const route = getRouteApi("/admin/security/sessions");

const pagesOf = (total: number): number => Math.max(1, Math.ceil(total / SESSIONS_A_PAGE));

/** How many there are, and which; the list is asked for, not pushed, so that it stands still while somebody reads. */
export function ActiveSessions({ counts }: { counts: Overview["sessions"] }) {
  const client = useQueryClient();
  const { page = 1 } = route.useSearch();
  const navigate = route.useNavigate();
  const setPage = (next: number): void =>
    void navigate({ search: next === 1 ? {} : { page: next }, resetScroll: false });
  const query = useQuery(liveSessionsQuery(page));
  const [asked, setAsked] = useState<SessionRow | null>(null);
  const [said, setSaid] = useState<string | undefined>(undefined);
  const ending = useMutation({
    mutationFn: ({ id }: SessionRow) => endSession(id),
    onMutate: () => setSaid(undefined),
    onSuccess: (_, { user, device }) => setSaid(`The session of ${user.username} (${device}) has ended.`),
    onSettled: () => {
      setAsked(null);
      return client.invalidateQueries({ queryKey: ["admin", "sessions"] });
    },
  });
  return (
    <div className="space-y-4">
      <dl className="grid gap-3 sm:grid-cols-3">
        {(
          [
            ["last 5 minutes", counts.last_5_minutes],
            ["last 15 minutes", counts.last_15_minutes],
            ["last 30 minutes", counts.last_30_minutes],
          ] as const
        ).map(([label, value]) => (
          <div key={label} className="rounded-lg border border-line bg-surface p-4">
            <dt className="text-sm text-muted">Active in the {label}</dt>
            <dd className="text-xl font-semibold tabular-nums">{number.format(value)}</dd>
          </div>
        ))}
      </dl>
      {said === undefined ? null : (
        <Notice tone="pass" catchesFocus>
          {said}
        </Notice>
      )}
      {ending.error === null ? null : (
        <Notice tone="fail" catchesFocus>
          {ending.error.message}
        </Notice>
      )}
      <Answer query={query} label="the sessions" shape="h-40">
        {({ items, total }) => (
          <>
            <div className="flex flex-wrap items-center justify-between gap-3">
              <p className="text-muted" role="status">
                {counted(total, "session")} in the last half hour, ended ones among them
              </p>
              <Button look="quiet" busy={query.isFetching} onClick={() => void query.refetch()}>
                Refresh the list
              </Button>
            </div>
            {items.length === 0 ? (
              <Empty title={page === 1 ? "No active sessions" : "No sessions on this page"}>
                Whoever is signed in and does something appears here.
              </Empty>
            ) : (
              <ul className="space-y-2">
                {items.map((session) => (
                  <li
                    key={session.id}
                    className="flex flex-wrap items-center justify-between gap-3 rounded-lg border border-line bg-surface px-4 py-3"
                  >
                    <div>
                      <Link
                        to="/admin/users/$id"
                        params={{ id: session.user.id }}
                        className="font-medium break-all text-accent underline underline-offset-4"
                      >
                        {session.user.username}
                      </Link>
                      <span className="block text-sm text-muted">
                        {session.device} · {session.place ?? session.ip} · seen{" "}
                        <Time at={session.last_seen_at} />
                      </span>
                    </div>
                    <Button
                      look="danger"
                      aria-label={`End the session of ${session.user.username} on ${session.device}`}
                      onClick={() => setAsked(session)}
                    >
                      End …
                    </Button>
                  </li>
                ))}
              </ul>
            )}
            {total <= SESSIONS_A_PAGE && page === 1 ? null : (
              <nav aria-label="Pages of sessions" className="flex flex-wrap items-center gap-3">
                <Button
                  look="quiet"
                  disabled={page === 1}
                  onClick={() => setPage(Math.min(page - 1, pagesOf(total)))}
                >
                  Earlier page
                </Button>
                <span className="text-muted">
                  Page {page} of {pagesOf(total)}
                </span>
                <Button
                  look="quiet"
                  disabled={page * SESSIONS_A_PAGE >= total}
                  onClick={() => setPage(page + 1)}
                >
                  Next page
                </Button>
              </nav>
            )}
          </>
        )}
      </Answer>
      <ConfirmEnd
        device={asked?.device}
        username={asked?.user.username ?? ""}
        busy={ending.isPending}
        onClose={() => setAsked(null)}
        onConfirm={() => asked !== null && ending.mutate(asked)}
      />
    </div>
  );
}
