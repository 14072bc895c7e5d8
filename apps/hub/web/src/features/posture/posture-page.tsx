import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { type Posture, postureQuery } from "../../api/posture.ts";
import { Answer } from "../../ui/answer.tsx";
import { Badge } from "../../ui/badge.tsx";
import { SelectField } from "../../ui/form.tsx";
import { Card, Section } from "../../ui/page.tsx";
import { Empty, Notice } from "../../ui/states.tsx";
import { Time } from "../../ui/time.tsx";
import { SecurityPage } from "../admin/security-area.tsx";
import { counted } from "../../ui/words.ts";
import { Causes } from "./causes.tsx";
import { Runs } from "./runs.tsx";
import { ScoreChart } from "./score-chart.tsx";
import { Wall } from "./wall.tsx";
import { scoreWords } from "./words.ts";

const route = getRouteApi("/admin/security/posture");

export const PosturePage = () => (
  <SecurityPage
    title="Posture"
    lead="What is proven of this application, by runs of the verifier from outside. Nothing here is taken on trust."
  >
    {() => <Whole />}
  </SecurityPage>
);

function Whole() {
  const { target } = route.useSearch();
  const query = useQuery(postureQuery(target));
  return (
    <Answer query={query} label="the posture" shape="h-96">
      {(posture) => <Picture posture={posture} />}
    </Answer>
  );
}

function Picture({ posture }: { posture: Posture }) {
  const { target: chosen } = route.useSearch();
  const { runs, rooms, changes, targets, target, problems, folder } = posture;
  return (
    <div className="space-y-12">
      {problems.length === 0 ? null : <Problems posture={posture} />}
      {runs.length === 0 ? (
        <Empty title={target === null ? "Nothing is proven yet" : `No run of ${target}`}>
          <p>
            Controls, their proofs and the score over time appear here once a run is saved in the folder{" "}
            <code className="font-mono break-all">{folder}</code> of the server:
          </p>
          <p className="mt-3">
            <code className="font-mono break-words">{command(posture)}</code>
          </p>
        </Empty>
      ) : (
        <>
          <Facts posture={posture} />
          {targets.length > 1 ? <Target posture={posture} /> : null}
          <Section id="score" title="Score over time">
            <ScoreChart runs={runs} />
          </Section>
          <Section
            id="wall"
            title="Controls by room"
            lead="Each cell is a control, with the last word on it. Open one for its evidence."
          >
            <Wall rooms={rooms} />
          </Section>
          <Section id="causes" title="What moved the score">
            <Causes changes={changes} target={chosen} />
          </Section>
          <Section id="runs" title="Runs">
            <Runs posture={posture} />
          </Section>
        </>
      )}
    </div>
  );
}

const command = ({ folder, public_origin: origin }: Posture): string =>
  `npx aegis verify ${origin ?? "URL"} --save ${folder}/$(date +%F-%H%M).json`;

function Facts({ posture }: { posture: Posture }) {
  const { runs, public_origin: origin, target, running_policy: running } = posture;
  const last = runs.findLast(({ whole }) => whole) ?? runs.at(-1);
  if (last === undefined) return null;
  const { counts } = last;
  const failing = counts.fail + counts.error;
  const unseen = counts.unknown;
  return (
    <Card className="space-y-4">
      <div className="flex flex-wrap items-center gap-x-6 gap-y-3">
        <p>
          <span className="block text-sm text-muted">Score of 100</span>
          <span className="text-2xl font-semibold tabular-nums">{scoreWords(last.score)}</span>
        </p>
        <ul className="flex flex-wrap gap-2">
          <li>
            <Badge state="pass">{counts.pass} proven</Badge>
          </li>
          <li>
            <Badge state={failing > 0 ? "fail" : "pass"}>{failing} failing</Badge>
          </li>
          <li>
            <Badge state="unknown">{unseen} not proven</Badge>
          </li>
          {counts["not-applicable"] === 0 ? null : (
            <li>
              <Badge state="unknown">
                {counts["not-applicable"]} {counts["not-applicable"] === 1 ? "does" : "do"} not apply
              </Badge>
            </li>
          )}
        </ul>
      </div>
      <p className="text-muted">
        Last looked at <Time at={last.at} />: <span className="break-all">{target}</span> ({last.environment}
        ). Only what is proven counts; what could not be seen does not.
      </p>
      {last.fingerprint === running ? null : (
        <Notice tone="warn" live={false}>
          It was held against another policy than the one that this server runs with. Verify again, with the
          same policy, to know whether it does as it says.
        </Notice>
      )}
      {origin === null || target === null || origin === target ? null : (
        <Notice tone="warn" live={false}>
          People reach this application at {origin}; this run looked at {target}. What stands in front of it
          was not looked at.
        </Notice>
      )}
    </Card>
  );
}

function Target({ posture: { targets, target } }: { posture: Posture }) {
  const navigate = route.useNavigate();
  return (
    <div className="max-w-md">
      <SelectField
        label="Target"
        name="target"
        value={target ?? ""}
        help="Runs of different targets are never compared with each other."
        onChange={(event) =>
          void navigate({ search: (old) => ({ ...old, target: event.target.value }), resetScroll: false })
        }
      >
        {targets.map(({ origin, runs }) => (
          <option key={origin} value={origin}>
            {origin} ({counted(runs, "run")})
          </option>
        ))}
      </SelectField>
    </div>
  );
}

const Problems = ({ posture: { problems, folder } }: { posture: Posture }) => (
  <Notice tone="warn" live={false}>
    <p>
      {problems.length === 1 ? "One file" : `${problems.length} files`} in {folder} could not be read as a
      run, and {problems.length === 1 ? "counts" : "count"} for nothing:
    </p>
    <ul className="mt-1 list-disc pl-5">
      {problems.slice(0, 10).map(({ file, reason }) => (
        <li key={file}>
          <code className="font-mono break-all">{file}</code>: {reason}
        </li>
      ))}
    </ul>
    {problems.length > 10 ? <p>And {problems.length - 10} more.</p> : null}
  </Notice>
);
