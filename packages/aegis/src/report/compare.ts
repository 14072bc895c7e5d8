/**
 * Two runs beside each other. Threat: a number that moved and nobody knows why; or two runs compared that were held
 * against different things. Rule: every difference is a control's, named with what was seen before and after; whatever
 * else differs is said first. References: requirement CHK-4.
 */
import type { Outcome } from "../control.ts";
import { ReportError } from "./errors.ts";
import type { Run, RunFinding } from "./run-file.ts";
import { type ComponentScore, type Score, scoreOf } from "./score.ts";

/** What a control's change does to what is proven. */
export type Effect = "better" | "worse" | "other";

export interface ControlChange {
  readonly id: string;
  readonly component: string;
  readonly claim: string;
  /** Undefined: there was no such finding. */
  readonly before: Outcome | undefined;
  readonly after: Outcome | undefined;
  readonly effect: Effect;
  /** What was seen then and now. */
  readonly observedBefore: string | undefined;
  readonly observedAfter: string | undefined;
}

export interface ComponentComparison {
  readonly component: string;
  readonly before: ComponentScore | undefined;
  readonly after: ComponentScore | undefined;
  /** In points; undefined where one side has no score. */
  readonly delta: number | undefined;
  /** The controls that made the difference: never none where there is one. */
  readonly causes: readonly ControlChange[];
}

export interface Comparison {
  readonly before: ComparedRun;
  readonly after: ComparedRun;
  readonly delta: number | undefined;
  /** What else differs, as sentences: policy, target, environment, version. */
  readonly differences: readonly string[];
  readonly components: readonly ComponentComparison[];
  readonly counts: Readonly<Record<Effect, number>>;
  /** Something was proven and is no longer, or something fails that did not. */
  readonly isWorse: boolean;
}

export type ComparedRun = Pick<
  Run,
  "origin" | "target" | "environment" | "policyName" | "fingerprint" | "startedAt" | "tool"
> & { readonly score: Score };

/** A probe that broke says less than a failure: of a control that fails where its probe broke before, something new is known. */
const badness = (outcome: Outcome | undefined): number =>
  outcome === "fail" ? 2 : outcome === "error" ? 1 : 0;

export function effectOf(before: Outcome | undefined, after: Outcome | undefined): Effect {
  if (after === "pass") return before === "pass" ? "other" : "better";
  if (before === "pass") return "worse";
  return badness(after) > badness(before) ? "worse" : "other";
}

/** @throws ReportError where a target could not be reached: there is nothing to compare then */
export function compareRuns(before: Run, after: Run): Comparison {
  for (const [name, { reachable }] of [
    ["before", before],
    ["after", after],
  ] as const)
    if (!reachable)
      throw new ReportError(`In the run ${name} the target could not be reached: it says nothing of it.`);
  const [scoreBefore, scoreAfter] = [scoreOf(before.findings), scoreOf(after.findings)];
  const changes = changesOf(before.findings, after.findings);
  const names = new Set(
    [...scoreBefore.components, ...scoreAfter.components].map(({ component }) => component),
  );
  const components = [...names].map((component): ComponentComparison => {
    const [own, now] = [scoreBefore, scoreAfter].map(({ components: all }) =>
      all.find((one) => one.component === component),
    );
    return {
      component,
      before: own,
      after: now,
      delta: difference(own?.score, now?.score),
      causes: changes.filter((change) => change.component === component),
    };
  });
  const count = (effect: Effect): number => changes.filter((change) => change.effect === effect).length;
  const counts = { better: count("better"), worse: count("worse"), other: count("other") };
  return {
    before: facts(before, scoreBefore),
    after: facts(after, scoreAfter),
    delta: difference(scoreBefore.score, scoreAfter.score),
    differences: differencesOf(before, after),
    components,
    counts,
    isWorse: counts.worse > 0,
  };
}

const facts = (run: Run, score: Score): ComparedRun => ({
  origin: run.origin,
  target: run.target,
  environment: run.environment,
  ...(run.policyName === undefined ? {} : { policyName: run.policyName }),
  fingerprint: run.fingerprint,
  startedAt: run.startedAt,
  tool: run.tool,
  score,
});

/** In tenths, so that 97.3 less 97.2 is 0.1. */
const difference = (one: number | undefined, other: number | undefined): number | undefined =>
  one === undefined || other === undefined ? undefined : (Math.round(other * 10) - Math.round(one * 10)) / 10;

function changesOf(before: readonly RunFinding[], after: readonly RunFinding[]): readonly ControlChange[] {
  const [then, now] = [before, after].map((all) => new Map(all.map((one) => [one.id, one])));
  const every = new Map([...before, ...after].map((one) => [one.id, one]));
  return [...every].flatMap(([id, { room, claim }]) => {
    const [was, is] = [then?.get(id), now?.get(id)];
    if (was?.outcome === is?.outcome && was?.room === is?.room) return [];
    const change = {
      id,
      component: room,
      claim,
      before: was?.outcome,
      after: is?.outcome,
      effect: effectOf(was?.outcome, is?.outcome),
      observedBefore: was?.observed,
      observedAfter: is?.observed,
    };
    // One that moved from a component to another changes both.
    return was !== undefined && is !== undefined && was.room !== is.room
      ? [
          { ...change, component: was.room },
          { ...change, component: is.room },
        ]
      : [change];
  });
}

function differencesOf(before: Run, after: Run): readonly string[] {
  const policy = ({ policyName, fingerprint }: Run): string =>
    policyName === undefined ? fingerprint : `${policyName}, ${fingerprint}`;
  const notRun = ({ controlsKnown, findings }: Run): number => Math.max(0, controlsKnown - findings.length);
  return [
    ...(before.fingerprint === after.fingerprint
      ? []
      : [`They were held against different policies (${policy(before)}; ${policy(after)}).`]),
    ...(before.origin === after.origin ? [] : [`The targets differ: ${before.origin}; ${after.origin}.`]),
    ...(before.environment === after.environment
      ? []
      : [`The environments differ: ${before.environment}; ${after.environment}.`]),
    ...(before.tool.version === after.tool.version
      ? []
      : [`Different versions of Aegis looked: ${before.tool.version}; ${after.tool.version}.`]),
    ...(notRun(before) === notRun(after)
      ? []
      : [`Controls were left out: ${notRun(before)} before, ${notRun(after)} after.`]),
    ...(Date.parse(after.startedAt) < Date.parse(before.startedAt)
      ? ["The run after is older than the run before."]
      : []),
  ];
}
