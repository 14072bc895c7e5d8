import { Link } from "@tanstack/react-router";
import type { AuditEntry } from "../../api/audit.ts";
import { Badge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { Time } from "../../ui/time.tsx";
import { eventWords } from "../security/event-words.ts";

/** Newest first. */
export const Entries = ({
  items,
  onUser,
}: {
  items: readonly AuditEntry[];
  onUser: (id: string) => void;
}) => (
  <ol className="divide-y divide-line rounded-lg border border-line bg-surface" aria-label="Entries">
    {items.map((entry) => (
      <li key={entry.seq} className="flex flex-wrap items-start gap-x-4 gap-y-1 px-5 py-3">
        <span className="w-16 shrink-0 text-muted tabular-nums">
          <span className="sr-only">Entry </span>
          {entry.seq}
        </span>
        {entry.intact ? <Whole entry={entry} onUser={onUser} /> : <Touched />}
      </li>
    ))}
  </ol>
);

const Touched = () => (
  <>
    <span className="min-w-0 grow font-medium">What stands here is not what was written</span>
    <Badge state="fail">Touched</Badge>
  </>
);

function Whole({ entry, onUser }: { entry: AuditEntry; onUser: (id: string) => void }) {
  const { event = "", at, outcome, user_id: userId, code, source = "", request_id: request = "" } = entry;
  return (
    <>
      <div className="min-w-0 grow basis-60">
        <p className="font-medium">{eventWords(event)}</p>
        <p className="text-sm text-muted">
          {at === undefined ? null : <Time at={at} />} · <code className="font-mono break-all">{event}</code>
          {code === undefined ? null : (
            <>
              {" "}
              · <code className="font-mono break-all">{code}</code>
            </>
          )}
        </p>
        <dl className="mt-1 flex flex-wrap gap-x-4 text-sm text-muted">
          {source === "" ? null : <Fact name="Address (hashed)" value={source} />}
          {request === "" ? null : <Fact name="Request" value={request} />}
        </dl>
        {userId === undefined ? null : (
          <div className="mt-1 flex flex-wrap items-center gap-x-3">
            <Link
              to="/admin/users/$id"
              params={{ id: userId }}
              className="inline-flex min-h-11 items-center text-accent underline underline-offset-4"
              aria-label={`Person of entry ${entry.seq}`}
            >
              Person
            </Link>
            <Button
              look="quiet"
              aria-label={`All entries of the person of entry ${entry.seq}`}
              onClick={() => onUser(userId)}
            >
              All of theirs
            </Button>
          </div>
        )}
      </div>
      <Badge state={outcome === "success" ? "pass" : "fail"}>
        {outcome === "success" ? "Done" : "Refused"}
      </Badge>
    </>
  );
}

const Fact = ({ name, value }: { name: string; value: string }) => (
  <div className="flex flex-wrap gap-x-1">
    <dt>{name}</dt>
    <dd>
      <code className="font-mono break-all">{value}</code>
    </dd>
  </div>
);
