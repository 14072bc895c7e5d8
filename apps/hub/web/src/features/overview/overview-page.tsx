import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { overviewQuery } from "../../api/attacks.ts";
import { auditQuery } from "../../api/audit.ts";
import { postureQuery } from "../../api/posture.ts";
import { approvalsQuery } from "../../api/security-queries.ts";
import { atRiskQuery, cspReportsQuery, upkeepQuery } from "../../api/upkeep.ts";
import { Badge, type State } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { Card, Section } from "../../ui/page.tsx";
import { Empty, ErrorState, Loading, Skeleton } from "../../ui/states.tsx";
import { SecurityPage } from "../admin/security-area.tsx";
import { LiveBadge, useLive } from "../attacks/live.tsx";
import { Changes } from "./changes.tsx";
import {
  approvalsVerdict,
  attacksVerdict,
  auditVerdict,
  byUrgency,
  cspVerdict,
  peopleVerdict,
  postureVerdict,
  summaryOf,
  type Verdict,
} from "./verdict.ts";
import { upkeepVerdicts } from "./upkeep-verdicts.ts";

export const OverviewPage = () => (
  <SecurityPage
    title="Security overview"
    lead="Is it safe now, what has changed, and what is to be done. Each answer leads to what it rests on."
  >
    {() => <Whole />}
  </SecurityPage>
);

const WORDS: Record<State, string> = { pass: "Safe", warn: "Look", fail: "Act", unknown: "Not known" };
const MINUTE_MS = 60_000;

/** Days pass while a page is open. */
function useNow(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = window.setInterval(() => setNow(Date.now()), MINUTE_MS);
    return () => window.clearInterval(timer);
  }, []);
  return now;
}

function Whole() {
  const live = useLive(false);
  const now = useNow();
  const posture = useQuery(postureQuery());
  const attacks = useQuery(overviewQuery);
  const people = useQuery(atRiskQuery);
  const approvals = useQuery(approvalsQuery);
  const audit = useQuery(auditQuery({}));
  const csp = useQuery(cspReportsQuery);
  const upkeep = useQuery(upkeepQuery);
  const parts = {
    Proof: posture,
    Attacks: attacks,
    People: people,
    Approvals: approvals,
    "Audit log": audit,
    "Page policy": csp,
    Upkeep: upkeep,
  };
  const all = Object.values(parts);
  // Also where an answer from before is there: what could not be asked again is not called safe.
  const failed = all.find(({ error }) => error !== null);
  const waits = all.some(({ data, error }) => data === undefined && error === null);
  const verdicts: readonly Verdict[] = [
    ...(posture.data === undefined ? [] : [postureVerdict(posture.data, now)]),
    ...(attacks.data === undefined ? [] : [attacksVerdict(attacks.data)]),
    ...(people.data === undefined ? [] : [peopleVerdict(people.data.items)]),
    ...(audit.data === undefined ? [] : [auditVerdict(audit.data.chain)]),
    ...(csp.data === undefined ? [] : [cspVerdict(csp.data, now)]),
    ...(approvals.data === undefined
      ? []
      : [approvalsVerdict(approvals.data.items.filter(({ state }) => state === "pending").length)]),
    ...(upkeep.data === undefined ? [] : upkeepVerdicts(upkeep.data)),
  ];
  if (waits && verdicts.length === 0)
    return (
      <Loading label="the overview">
        <Skeleton className="h-96 w-full" />
      </Loading>
    );
  const again = () =>
    void Promise.all(all.filter(({ error }) => error !== null).map(({ refetch }) => refetch()));
  if (failed !== undefined && verdicts.length === 0) return <ErrorState error={failed.error} retry={again} />;
  return (
    <div className="space-y-12">
      {failed === undefined ? null : (
        <div className="space-y-3">
          <ErrorState error={failed.error} retry={again} />
          <Missing parts={parts} />
        </div>
      )}
      <Section id="now" title="Is it safe now?">
        {waits || failed !== undefined ? null : <Summary verdicts={verdicts} />}
        <div className="flex flex-wrap items-center gap-3">
          <LiveBadge live={live} />
          <span className="text-muted">Attacks and bans come by themselves; the rest is asked for.</span>
          <Button
            look="quiet"
            busy={all.some(({ isFetching }) => isFetching)}
            onClick={() => void Promise.all(all.map(({ refetch }) => refetch()))}
          >
            Look again
          </Button>
        </div>
        <ul className="grid gap-3 sm:grid-cols-2 lg:grid-cols-3" aria-label="What is looked at">
          {verdicts.map((one) => (
            <Tile key={one.name} verdict={one} />
          ))}
        </ul>
      </Section>
      <Section id="todo" title="What must I do?">
        <Todo verdicts={verdicts} />
      </Section>
      <Section id="changes" title="What has changed?">
        <Changes posture={posture.data} attacks={attacks.data} upkeep={upkeep.data} />
      </Section>
    </div>
  );
}

interface Part {
  readonly data: unknown;
  readonly error: Error | null;
}

/** Which answers are missing, and which are from before. */
function Missing({ parts }: { parts: Readonly<Record<string, Part>> }) {
  const failed = Object.entries(parts).filter(([, { error }]) => error !== null);
  const names = (of: typeof failed): string => of.map(([name]) => name).join(", ");
  const gone = failed.filter(([, { data }]) => data === undefined);
  const old = failed.filter(([, { data }]) => data !== undefined);
  return (
    <p className="text-muted">
      {gone.length === 0 ? "" : `Not known now: ${names(gone)}. `}
      {old.length === 0 ? "" : `Shown as it was before: ${names(old)}.`}
    </p>
  );
}

function Summary({ verdicts }: { verdicts: readonly Verdict[] }) {
  const { state, words } = summaryOf(verdicts);
  return (
    <Card className="flex flex-wrap items-center gap-3">
      <Badge state={state}>{WORDS[state]}</Badge>
      <p className="text-lg font-medium" role="status">
        {words}.
      </p>
    </Card>
  );
}

const Tile = ({ verdict: { name, state, finding, to } }: { verdict: Verdict }) => (
  <li className="flex">
    <Link
      to={to}
      className="flex w-full flex-col gap-2 rounded-lg border border-line bg-surface p-4 hover:border-line-strong"
    >
      <span className="flex flex-wrap items-center justify-between gap-2">
        <span className="text-sm text-muted">{name}</span>
        <Badge state={state}>{WORDS[state]}</Badge>
      </span>
      <span className="font-medium break-words">{finding}</span>
    </Link>
  </li>
);

function Todo({ verdicts }: { verdicts: readonly Verdict[] }) {
  const open = byUrgency(verdicts).filter(({ todo }) => todo !== undefined);
  if (open.length === 0)
    return <Empty title="Nothing for now">What needs somebody appears here, the most urgent first.</Empty>;
  return (
    <ol className="divide-y divide-line rounded-lg border border-line bg-surface">
      {open.map(({ name, state, finding, todo, to }) => (
        <li key={name} className="flex flex-wrap items-start gap-x-4 gap-y-1 px-4 py-3 sm:px-5">
          <span className="w-28 shrink-0">
            <Badge state={state}>{WORDS[state]}</Badge>
          </span>
          <span className="min-w-0 grow basis-60">
            <Link to={to} className="font-medium break-words text-accent underline underline-offset-4">
              {todo}
            </Link>
            <span className="block text-sm break-words text-muted">
              {name}: {finding}.
            </span>
          </span>
        </li>
      ))}
    </ol>
  );
}
