import type { ChainStatus } from "../../api/audit.ts";
import { Badge } from "../../ui/badge.tsx";
import { Card } from "../../ui/page.tsx";
import { Notice } from "../../ui/states.tsx";
import { Time } from "../../ui/time.tsx";
import { counted, number } from "../../ui/words.ts";

const KINDS: Readonly<Record<string, string>> = {
  edited: "was changed",
  malformed: "cannot be read",
  unlinked: "does not follow the one before",
  missing: "is missing",
  moved: "stands in another place",
  inserted: "is there twice",
  cut: "and those after it are gone",
  rewritten: "is not the one that was signed",
  "forged-head": "has a signature that is not ours",
};

/** Whether the log is what it was, as far as this server can say. */
export function Chain({ chain }: { chain: ChainStatus }) {
  const { problems, signed_head: signed, broken_at: broken, waiting, lost, failing } = chain;
  const touched = problems.length > 0 || broken !== null;
  return (
    <Card className="space-y-3">
      <div className="flex flex-wrap items-center gap-3">
        <h2 className="text-lg font-semibold">State of the chain</h2>
        {touched ? (
          <Badge state="fail">Touched</Badge>
        ) : failing ? (
          <Badge state="warn">Not written</Badge>
        ) : signed === null ? (
          <Badge state="unknown">Not signed yet</Badge>
        ) : (
          <Badge state="pass">Whole</Badge>
        )}
      </div>
      {touched ? (
        <Notice tone="fail" live={false}>
          {[
            ...problems.map(({ seq, kind }) => `Entry ${seq} ${KINDS[kind] ?? kind}.`),
            ...(broken === null ? [] : [`Entry ${broken} was found gone or changed while this server ran.`]),
          ]
            .slice(0, 10)
            .join(" ")}{" "}
          Keep the database as it is, and hold an export against the signed heads in the server's log.
        </Notice>
      ) : null}
      {failing ? (
        <Notice tone="warn" live={false}>
          The database takes no entries. {counted(waiting, "entry", "entries")}{" "}
          {waiting === 1 ? "waits and is" : "wait and are"} written as soon as it does.
        </Notice>
      ) : null}
      {lost > 0 ? (
        <Notice tone="warn" live={false}>
          {counted(lost, "event")} since the start could not be kept. The log says where.
        </Notice>
      ) : null}
      <dl className="grid gap-x-6 gap-y-1 text-sm sm:grid-cols-[max-content_1fr]">
        <dt className="text-muted">Entries</dt>
        <dd className="tabular-nums">{number.format(chain.entries)}</dd>
        <dt className="text-muted">Looked at just now</dt>
        <dd className="tabular-nums">the last {number.format(chain.checked)}</dd>
        <dt className="text-muted">Signed up to</dt>
        <dd className="tabular-nums">
          {signed === null ? (
            "nothing yet"
          ) : (
            <>
              entry {signed.seq}, <Time at={signed.at} />
            </>
          )}
        </dd>
        <dt className="text-muted">Hash of the last</dt>
        <dd>
          <code className="font-mono break-all">{chain.hash}</code>
        </dd>
      </dl>
    </Card>
  );
}
