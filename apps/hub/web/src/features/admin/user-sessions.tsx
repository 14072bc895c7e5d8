import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { endSessionOf, type PersonSession, sessionsOfQuery } from "../../api/attacks.ts";
import { Answer } from "../../ui/answer.tsx";
import { Button } from "../../ui/button.tsx";
import { Empty, Notice } from "../../ui/states.tsx";
import { Time } from "../../ui/time.tsx";
import { ConfirmEnd } from "../sessions/confirm-end.tsx";

/** Every session of one person, idle ones too; each can be ended by itself. */
export function UserSessions({ id, username }: { id: string; username: string }) {
  const client = useQueryClient();
  const query = useQuery(sessionsOfQuery(id));
  const [asked, setAsked] = useState<PersonSession | null>(null);
  const [said, setSaid] = useState<string | undefined>(undefined);
  const ending = useMutation({
    mutationFn: (session: PersonSession) => endSessionOf(id, session.id),
    onMutate: () => setSaid(undefined),
    onSuccess: (_, { device }) => setSaid(`The session on ${device} has ended.`),
    onSettled: () => {
      setAsked(null);
      return client.invalidateQueries({ queryKey: ["admin", "user", id] });
    },
  });
  return (
    <div className="space-y-4">
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
      <Answer query={query} label="the sessions" shape="h-24">
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="Not signed in anywhere">When {username} signs in, it appears here.</Empty>
          ) : (
            <ul className="space-y-2">
              {items.map((session) => (
                <li
                  key={session.id}
                  className="flex flex-wrap items-center justify-between gap-3 rounded-lg border border-line bg-surface px-4 py-3"
                >
                  <div className="min-w-0">
                    <span className="font-medium">{session.device}</span>
                    <span className="block text-sm text-muted">
                      <span className="break-all">{session.place ?? session.ip}</span> · signed in{" "}
                      <Time at={session.created_at} /> · seen <Time at={session.last_seen_at} />
                    </span>
                  </div>
                  <Button
                    look="danger"
                    aria-label={`End the session on ${session.device} at ${session.ip}`}
                    onClick={() => setAsked(session)}
                  >
                    End …
                  </Button>
                </li>
              ))}
            </ul>
          )
        }
      </Answer>
      <ConfirmEnd
        device={asked?.device}
        username={username}
        busy={ending.isPending}
        onClose={() => setAsked(null)}
        onConfirm={() => asked !== null && ending.mutate(asked)}
      />
    </div>
  );
}
