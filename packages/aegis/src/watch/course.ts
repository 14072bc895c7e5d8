/** How a watch goes on: begun, gone on with after a death, told of what was seen. Pure; the caller keeps each state. */
import { noBeats, WINDOW, withBeat } from "./beats.ts";
import { forgotten, judgeAll } from "./judge.ts";
import { type Change, LIMITS, type Observation, type WatchState } from "./model.ts";
import {
  type Beat,
  beatObservations,
  clockObservation,
  controlObservations,
  type ControlFinding,
  latencyObservation,
} from "./subjects.ts";

export interface WatchPlan {
  readonly origin: string;
  readonly policyName: string;
  /** Of the policy that it is held against. */
  readonly fingerprint: string;
  /** Which controls are looked at, in words. */
  readonly scope: string;
  /** How long, in milliseconds; of a watch that goes on its own end counts. */
  readonly forMs: number;
  readonly beatMs: number;
  /** Beyond it an answer of the health check is late. */
  readonly slowMs: number;
  readonly clockMs: number;
}

export interface Step {
  readonly state: WatchState;
  readonly changes: readonly Change[];
}

/** A watch from now on. Of one that is over before it: what was told, what was not sent, and what holds. */
export function begun(plan: WatchPlan, now: number, before?: WatchState): WatchState {
  const fresh: WatchState = {
    format: 1,
    origin: plan.origin,
    policyName: plan.policyName.slice(0, 300),
    fingerprint: plan.fingerprint,
    scope: plan.scope,
    startedAt: now,
    until: now + plan.forMs,
    lastAt: now,
    finished: false,
    subjects: {},
    identities: [],
    newIdentity: "",
    window: [],
    beats: noBeats,
    looks: { done: 0, void: 0 },
    accountsMade: 0,
    gaps: [],
    notWatchedMs: 0,
    changes: [],
    changesLost: 0,
    outbox: [],
    parcels: { sent: 0, lost: 0 },
  };
  if (before === undefined) return fresh;
  const { subjects, identities, outbox, fingerprint } = before;
  return forgotten({ ...fresh, subjects, identities, outbox, fingerprint }, () => true);
}

/** After a death, however it came: what nobody saw since is said to be so. */
export function goneOn(before: WatchState, now: number): WatchState {
  const state = gone(before, Math.min(now, before.until));
  return { ...forgotten(state, () => true), window: [], newIdentity: "" };
}

/** Nobody watched from the last moment until now. */
function gone(state: WatchState, now: number): WatchState {
  if (now <= state.lastAt) return state;
  return {
    ...state,
    gaps: [...state.gaps, { from: state.lastAt, to: now }].slice(-LIMITS.gaps),
    notWatchedMs: state.notWatchedMs + now - state.lastAt,
    lastAt: now,
  };
}

/** A machine that slept has not watched, though its process lives. */
const SLEPT_MS = 60_000;

/** What the policy is now: a watch that goes on may be held against another. */
export function heldAgainst(before: WatchState, plan: WatchPlan, now: number): Step {
  const state = { ...before, scope: plan.scope };
  if (state.fingerprint === plan.fingerprint) return { state, changes: [] };
  const text = `policy ${plan.fingerprint} (${plan.policyName}) instead of ${state.fingerprint}`;
  const change = other("policy", "It is held against the same policy as before.", text, now);
  const { fingerprint, policyName } = plan;
  return kept({ ...state, fingerprint, policyName: policyName.slice(0, 300) }, [change]);
}

/** One beat: health, readiness, clock, and how long it took. `busy`: a look at controls went on beside it. */
export function beaten(before: WatchState, beat: Beat, now: number, plan: WatchPlan, busy: boolean): Step {
  const late = now - before.lastAt > 3 * plan.beatMs + SLEPT_MS;
  const since = late ? goneOn(before, now) : { ...before, lastAt: Math.max(before.lastAt, now) };
  const seen = beatObservations(beat);
  const health = seen[0]?.status ?? "unseen";
  const latency = health === "good" && !busy ? beat.latencyMs : undefined;
  const window = latency === undefined ? since.window : [...since.window, Math.round(latency)];
  const isFull = window.length >= WINDOW;
  const counted: WatchState = {
    ...since,
    window: isFull ? [] : window,
    beats: withBeat(since.beats, now, health, latency),
  };
  // What was not asked because the target is away, is as it was.
  const patient = health === "good" ? counted : forgotten(counted, (subject) => subject === "ready");
  const { state, changes } = judgeAll(
    patient,
    [
      ...seen,
      ...(isFull ? [latencyObservation(window, plan.slowMs)] : []),
      ...(beat.clock === undefined || busy ? [] : [clockObservation(beat.clock, plan.clockMs)]),
    ],
    now,
  );
  return kept(state, changes);
}

/** Anything else that was looked at. */
export function observed(before: WatchState, observations: readonly Observation[], now: number): Step {
  const { state, changes } = judgeAll(before, observations, now);
  return kept(state, changes);
}

/** A look at controls. Where the target was away meanwhile it has seen the outage, not the controls: it counts for nothing. */
export function controlsSeen(
  before: WatchState,
  look: {
    readonly findings: readonly ControlFinding[];
    readonly accountsMade: number;
    readonly wasThere: boolean;
  },
  now: number,
): Step {
  const { looks } = before;
  const counted = { ...before, accountsMade: before.accountsMade + look.accountsMade };
  if (!look.wasThere) {
    const state = { ...counted, looks: { ...looks, void: looks.void + 1 } };
    return { state: forgotten(state, (subject) => subject.startsWith("control:")), changes: [] };
  }
  // What never applied is no part of this watch; what applied and does so no more, nobody can see hold.
  const applying = look.findings.filter(
    ({ id, outcome }) => outcome !== "not-applicable" || Object.hasOwn(before.subjects, `control:${id}`),
  );
  return observed(
    { ...counted, looks: { ...looks, done: looks.done + 1 } },
    controlObservations(applying),
    now,
  );
}

/** Which key it shows. Several servers may take turns with several: each is told once. */
export function identitySeen(state: WatchState, identity: string, now: number): Step {
  const short = identity.slice(0, 200);
  if (state.identities.includes(short)) return { state: { ...state, newIdentity: "" }, changes: [] };
  if (state.identities.length === 0) return { state: { ...state, identities: [short] }, changes: [] };
  if (state.newIdentity !== short) return { state: { ...state, newIdentity: short }, changes: [] };
  const change = other(
    "certificate-identity",
    "It shows the key and the issuer that it has shown before.",
    short,
    now,
  );
  const identities = [...state.identities, short].slice(-LIMITS.values);
  return kept({ ...state, identities, newIdentity: "" }, [change]);
}

const other = (subject: string, claim: string, text: string, now: number): Change => ({
  at: now,
  since: now,
  subject,
  claim,
  from: "good",
  to: "other",
  observed: text.slice(0, LIMITS.observed),
});

function kept(state: WatchState, changes: readonly Change[]): Step {
  if (changes.length === 0) return { state, changes };
  const all = [...state.changes, ...changes];
  const lost = Math.max(0, all.length - LIMITS.changes);
  return {
    state: { ...state, changes: without(all, lost), changesLost: state.changesLost + lost },
    changes,
  };
}

/** The oldest go, those of failures last: a target that then changes without end must not look as if nothing had failed. */
function without(all: readonly Change[], count: number): Change[] {
  const isOfFailure = ({ from, to }: Change): boolean => from === "bad" || to === "bad";
  const going = new Set(
    all.toSorted((a, b) => Number(isOfFailure(a)) - Number(isOfFailure(b))).slice(0, count),
  );
  return all.filter((change) => !going.has(change));
}

/** True where the last beats say that it is there: controls are looked at then alone. */
export const isThere = ({ subjects }: WatchState): boolean =>
  ["health", "ready"].every((name) => {
    const one = subjects[name];
    return name === "ready" && one === undefined ? true : one?.seen === "good" && one.inARow >= 1;
  });
