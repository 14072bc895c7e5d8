import type { AccountEvent } from "../../api/security.ts";
import { Badge } from "../../ui/badge.tsx";
import { Empty } from "../../ui/states.tsx";
import { Time } from "../../ui/time.tsx";
import { eventWords } from "./event-words.ts";

/** What happened, newest first. */
export function EventsList({ items }: { items: readonly AccountEvent[] }) {
  if (items.length === 0)
    return (
      <Empty title="Nothing yet">
        Sign-ins and changes of password, second step and passkeys will be listed here.
      </Empty>
    );
  return (
    <ol className="divide-y divide-line rounded-lg border border-line bg-surface">
      {items.map(({ event, outcome, at, ip, device }, index) => (
        <li key={`${at} ${event} ${index}`} className="flex flex-wrap items-center gap-x-4 gap-y-1 px-5 py-3">
          <span className="min-w-0 grow font-medium">{eventWords(event)}</span>
          {outcome === "success" ? (
            <Badge state="pass">Done</Badge>
          ) : outcome === "failure" ? (
            <Badge state="fail">Refused</Badge>
          ) : (
            <Badge state="unknown">{outcome}</Badge>
          )}
          <span className="w-full text-sm text-muted">
            <Time at={at} />
            {device === null || device === "" ? null : <> · {device}</>}
            {ip === null || ip === "" ? null : (
              <>
                {" "}
                · <span className="inline-block max-w-full font-mono break-all">{ip}</span>
              </>
            )}
          </span>
        </li>
      ))}
    </ol>
  );
}
