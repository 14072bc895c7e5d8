import type { Posture, SavedRun } from "../../api/posture.ts";
import { Badge } from "../../ui/badge.tsx";
import { cell, type CsvColumn, Download, head, TableFrame } from "../../ui/table.tsx";
import { duration, Time } from "../../ui/time.tsx";
import { counted } from "../../ui/words.ts";
import { scoreWords } from "./words.ts";

const COLUMNS: readonly CsvColumn<SavedRun>[] = [
  ["file", ({ file }) => file],
  ["ended_at", ({ at }) => at],
  ["score", ({ score, whole }) => (whole ? (score ?? "").toString() : "")],
  ["proven", ({ counts }) => String(counts.pass)],
  ["failing", ({ counts }) => String(counts.fail + counts.error)],
  ["not_proven", ({ counts }) => String(counts.unknown)],
  ["policy", ({ fingerprint }) => fingerprint],
  ["version", ({ version }) => version],
];

export function Runs({ posture }: { posture: Posture }) {
  const runs = posture.runs.toReversed();
  return (
    <div className="space-y-3">
      <TableFrame label="Runs" long>
        <caption className="sr-only">Saved runs of this target, the newest first</caption>
        <thead>
          <tr>
            <th scope="col" className={head}>
              Ended
            </th>
            <th scope="col" className={head}>
              State
            </th>
            <th scope="col" className={`${head} text-right`}>
              Score
            </th>
            <th scope="col" className={`${head} max-md:hidden`}>
              Held against
            </th>
            <th scope="col" className={`${head} max-lg:hidden`}>
              Took
            </th>
            <th scope="col" className={`${head} max-sm:hidden`}>
              File
            </th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <tr key={run.file} className="hover:bg-sunken">
              <th scope="row" className={`${cell} text-left font-normal whitespace-nowrap`}>
                <Time at={run.at} />
              </th>
              <td className={cell}>
                <State run={run} />
              </td>
              <td className={`${cell} text-right tabular-nums`}>{run.whole ? scoreWords(run.score) : "–"}</td>
              <td className={`${cell} max-md:hidden`}>
                {run.policy_name ?? "a policy"}
                {run.is_running_policy ? ", the one that runs" : ""}
              </td>
              <td className={`${cell} whitespace-nowrap max-lg:hidden`}>
                {duration(Math.max(1, Math.round(run.seconds)))}
              </td>
              <td className={`${cell} max-sm:hidden`}>
                <code className="font-mono text-sm break-all">{run.file}</code>
              </td>
            </tr>
          ))}
        </tbody>
      </TableFrame>
      <p className="text-muted">
        The newest {posture.most_runs} runs are read from{" "}
        <code className="font-mono break-all">{posture.folder}</code>
        {posture.left_out === 0
          ? "."
          : `; ${counted(posture.left_out, "older file")} ${posture.left_out === 1 ? "was" : "were"} left out.`}
      </p>
      <Download name="runs.csv" columns={COLUMNS} rows={runs}>
        Download the runs (CSV)
      </Download>
    </div>
  );
}

function State({ run: { reachable, whole, counts, controls, controls_known: known } }: { run: SavedRun }) {
  if (!reachable) return <Badge state="warn">Not reached</Badge>;
  if (!whole)
    return (
      <Badge state="unknown">
        {controls} of {known} controls
      </Badge>
    );
  const failing = counts.fail + counts.error;
  return failing > 0 ? (
    <Badge state="fail">{failing} failing</Badge>
  ) : (
    <Badge state="pass">None failing</Badge>
  );
}
