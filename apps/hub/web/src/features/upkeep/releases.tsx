import type { Releases } from "../../api/upkeep.ts";
import { Badge, type State } from "../../ui/badge.tsx";
import { Empty, Notice } from "../../ui/states.tsx";
import { Time } from "../../ui/time.tsx";
import { counted } from "../../ui/words.ts";

const OUTCOMES: Record<Releases["items"][number]["outcome"], readonly [state: State, word: string]> = {
  live: ["pass", "Went live"],
  returned: ["warn", "Taken back"],
  failed: ["fail", "Failed"],
};

export const Deployed = ({ releases }: { releases: Releases }) => (
  <div className="space-y-4">
    {releases.under_way === null ? null : (
      <Notice tone="warn" live={false}>
        A {releases.under_way.kind} to {releases.under_way.to} is under way, or was interrupted:{" "}
        <code className="font-mono">aegis releases FOLDER</code>
      </Notice>
    )}
    <p>
      {releases.current === null ? (
        "Nothing is live by a release."
      ) : (
        <>
          Live: <code className="font-mono break-all">{releases.current}</code>
        </>
      )}
    </p>
    {releases.items.length === 0 ? (
      <Empty title="No releases yet">
        They appear here once <code className="font-mono">aegis release</code> has made one.
      </Empty>
    ) : (
      <ul className="divide-y divide-line rounded-lg border border-line bg-surface">
        {releases.items.map((one) => (
          <li
            key={`${one.id} ${one.started_at}`}
            className="flex flex-wrap items-start justify-between gap-x-4 gap-y-1 px-4 py-3"
          >
            <span className="min-w-0 grow basis-60 break-words">
              <span className="font-medium">
                {one.kind === "release" ? "Release" : "Way back to"}{" "}
                <code className="font-mono break-all">{one.id}</code>
              </span>
              <span className="block text-sm text-muted">
                <Time at={one.started_at} />, took {counted(Math.round(one.seconds), "second")}
                {one.from === null ? "" : `, from ${one.from}`}
                {one.version === null ? "" : `, version ${one.version}`}
                {one.commit === null ? "" : `, commit ${one.commit.slice(0, 12)}`}
                {one.reason === null ? "" : `. ${one.reason}`}
              </span>
            </span>
            <Badge state={OUTCOMES[one.outcome][0]}>{OUTCOMES[one.outcome][1]}</Badge>
          </li>
        ))}
      </ul>
    )}
  </div>
);
