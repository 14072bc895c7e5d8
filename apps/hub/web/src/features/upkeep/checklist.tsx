import type { Checklist } from "../../api/upkeep.ts";
import { Badge } from "../../ui/badge.tsx";
import { Notice } from "../../ui/states.tsx";
import { Time } from "../../ui/time.tsx";

export const SignOff = ({ checklist }: { checklist: Checklist }) => (
  <div className="space-y-4">
    <Genuine checklist={checklist} />
    <p>
      <span className="font-medium">{checklist.application}</span>: {checklist.done} of {checklist.steps}{" "}
      steps done, last touched <Time at={checklist.last_at} />
    </p>
    <ul className="divide-y divide-line rounded-lg border border-line bg-surface" aria-label="Approvals">
      {checklist.approvals.map(({ role, answer, by, at, note, stale }) => (
        <li key={role} className="flex flex-wrap items-start justify-between gap-x-4 gap-y-1 px-4 py-3">
          <span className="min-w-0 grow basis-60 break-words">
            <span className="font-medium">{role}</span>
            <span className="block text-sm text-muted">
              {by === null || at === null ? (
                "has not answered"
              ) : (
                <>
                  {by}, <Time at={at} />
                  {note === null || note === "" ? "" : `: ${note}`}
                </>
              )}
            </span>
          </span>
          {answer === null ? (
            <Badge state="unknown">Waits</Badge>
          ) : stale ? (
            <Badge state="warn">Given before the last change</Badge>
          ) : answer === "yes" ? (
            <Badge state="pass">Approved</Badge>
          ) : (
            <Badge state="fail">Refused</Badge>
          )}
        </li>
      ))}
    </ul>
    {checklist.open.length === 0 ? null : (
      <details>
        <summary className="flex min-h-11 cursor-pointer items-center font-medium">
          What is open ({checklist.open.length})
        </summary>
        <ul className="list-disc pl-5">
          {checklist.open.map(({ id, title, outcome }) => (
            <li key={id}>
              {title} <span className="text-muted">({outcome === "fail" ? "failed" : "not done"})</span>
            </li>
          ))}
        </ul>
      </details>
    )}
  </div>
);

function Genuine({ checklist: { problems } }: { checklist: Checklist }) {
  if (problems.length === 0)
    return (
      <p>
        <Badge state="pass">Signed, and whole</Badge>
      </p>
    );
  const isUnknown = problems.every(({ kind }) => kind === "key-unknown");
  return (
    <Notice tone={isUnknown ? "warn" : "fail"} live={false}>
      {isUnknown
        ? "It is signed by a key that is not known here, so nobody can tell whether it was touched: set CHECKLIST_PUBLIC_KEY_FILE of the server."
        : `It is not what was signed: ${problems.map(({ detail }) => detail).join("; ")}.`}
    </Notice>
  );
}
