/** What saved runs say together: the wall of controls, the score over time, and what changed it. Pure. */
import { type Comparison, compareRuns, type Run, type RunFinding, type Score, scoreOf } from "aegis/report";
import type { SavedRun } from "./proofs.ts";

/** A run that looked at every control of a target that answered: only such runs have a score that can be compared. */
export const isWhole = ({ reachable, findings, controlsKnown }: Run): boolean =>
  reachable && findings.length >= controlsKnown;

/** Changes between two runs that are named one by one; an update of the verifier may bring hundreds. */
const MOST_CAUSES = 40;

export const targetsOf = (runs: readonly SavedRun[]) =>
  [...Map.groupBy(runs, ({ run }) => run.origin)]
    .map(([origin, own]) => ({ origin, runs: own.length, last_at: own.at(-1)?.run.endedAt ?? "" }))
    .toSorted((a, b) => (a.last_at > b.last_at ? -1 : 1));

const scoreView = ({ score, coverage, counts, applicable }: Omit<Score, "components">) => ({
  score: score ?? null,
  coverage: coverage ?? null,
  applicable,
  counts,
});

/** Of one target, the oldest first. */
export function postureOf(runs: readonly SavedRun[], runningPolicy: string) {
  const seen = runs.filter(({ run }) => run.reachable);
  return {
    runs: runs.map(({ file, run }) => ({
      file,
      at: run.endedAt,
      target: run.target,
      environment: run.environment,
      policy_name: run.policyName ?? null,
      fingerprint: run.fingerprint,
      is_running_policy: run.fingerprint === runningPolicy,
      version: run.tool.version,
      seconds: run.seconds,
      reachable: run.reachable,
      whole: isWhole(run),
      controls: run.findings.length,
      controls_known: run.controlsKnown,
      ...scoreView(scoreOf(run.findings)),
    })),
    rooms: roomsOf(seen),
    changes: changesOf(runs.filter(({ run }) => isWhole(run))),
  };
}

function roomsOf(runs: readonly SavedRun[]) {
  const byRun = runs.map(({ run }) => new Map(run.findings.map((one) => [one.id, one])));
  // The newest word on each control, in the order of the newest run that has most of them.
  const ids = new Set(runs.toReversed().flatMap(({ run }) => run.findings.map(({ id }) => id)));
  const controls = [...ids].flatMap((id) => {
    const history = byRun.map((run) => run.get(id));
    const place = history.findLastIndex((one) => one !== undefined);
    const latest = history[place];
    if (latest === undefined) return [];
    const passed = history.findLastIndex((one) => one?.outcome === "pass");
    return [
      {
        id,
        room: latest.room,
        claim: latest.claim,
        outcome: latest.outcome,
        at: runs[place]?.run.endedAt ?? "",
        passed_at: runs[passed]?.run.endedAt ?? null,
        history: history.map((one) => one?.outcome ?? null),
      },
    ];
  });
  return [...Map.groupBy(controls, ({ room }) => room)].map(([room, own]) => ({
    room,
    ...scoreView(scoreOf(own)),
    controls: own,
  }));
}

/** The newest first: each step from one whole run to the next in which a control changed, or what it is held against. */
function changesOf(runs: readonly SavedRun[]) {
  return runs
    .flatMap(({ file, run }, place) => {
      const before = runs[place - 1];
      if (before === undefined) return [];
      const compared = compareRuns(before.run, run);
      return isStill(compared) ? [] : [changeView(file, run, compared)];
    })
    .toReversed();
}

const isStill = ({ components, differences }: Comparison): boolean =>
  differences.length === 0 && components.every(({ causes }) => causes.length === 0);

function changeView(file: string, run: Run, { delta, differences, components, counts, isWorse }: Comparison) {
  const rank = { worse: 0, better: 1, other: 2 };
  const causes = components.flatMap((one) => one.causes).toSorted((a, b) => rank[a.effect] - rank[b.effect]);
  return {
    file,
    at: run.endedAt,
    delta: delta ?? null,
    is_worse: isWorse,
    counts,
    differences,
    causes: causes.slice(0, MOST_CAUSES).map((cause) => ({
      id: cause.id,
      room: cause.component,
      claim: cause.claim,
      before: cause.before ?? null,
      after: cause.after ?? null,
      effect: cause.effect,
      observed_before: cause.observedBefore ?? null,
      observed_after: cause.observedAfter ?? null,
    })),
    more_causes: Math.max(0, causes.length - MOST_CAUSES),
  };
}

const MOST_EXCHANGES = 20;
const MOST_CELLS = 50;
const URGENCY = { fail: 0, error: 1, unknown: 2, pass: 3, "not-applicable": 4 };

/** One control, with the exchanges that its last finding rests on. */
export function proofOf(finding: RunFinding, { run, file }: SavedRun, runs: readonly SavedRun[]) {
  const { matrix } = finding;
  const worst = matrix.toSorted((a, b) => URGENCY[a.outcome] - URGENCY[b.outcome]);
  const { counts } = scoreOf(matrix.map(({ outcome }) => ({ outcome, room: finding.room })));
  return {
    id: finding.id,
    room: finding.room,
    claim: finding.claim,
    outcome: finding.outcome,
    observed: finding.observed,
    expected: finding.expected ?? null,
    advice: finding.advice,
    proves: finding.proves,
    references: finding.references,
    seconds: finding.seconds,
    at: run.endedAt,
    file,
    origin: run.origin,
    target: run.target,
    evidence: finding.evidence.slice(0, MOST_EXCHANGES),
    more_evidence: Math.max(0, finding.evidence.length - MOST_EXCHANGES),
    cells: {
      total: matrix.length,
      counts,
      items: worst.slice(0, MOST_CELLS).map(({ method, path, outcome, observed, evidence }) => ({
        method,
        path,
        outcome,
        observed,
        evidence: evidence ?? null,
      })),
    },
    history: runs
      .flatMap(({ file: name, run: one }) => {
        const then = one.findings.find(({ id }) => id === finding.id);
        return then === undefined
          ? []
          : [{ file: name, at: one.endedAt, outcome: then.outcome, observed: then.observed }];
      })
      .toReversed(),
  };
}
