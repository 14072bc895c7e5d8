/** A watch as its report: what was when, and what nobody saw. Pure. */
import { quantile, total } from "./beats.ts";
import type { Advice, Bucket, Change, Gap, WatchState } from "./model.ts";
import { durationText, nameOf } from "./notices.ts";

/** A stretch of time in which something did not hold, or could not be seen. */
export interface Episode {
  readonly subject: string;
  readonly claim: string;
  readonly kind: "bad" | "unseen";
  readonly from: number;
  /** Undefined: it was so at the end. */
  readonly to: number | undefined;
  /** It was so when the watch began. */
  readonly before: boolean;
  readonly observed: string;
  readonly advice?: Advice;
}

export type Verdict = "well" | "failed" | "not-watched";

export interface WatchReport {
  readonly origin: string;
  readonly policyName: string;
  readonly fingerprint: string;
  readonly scope: string;
  readonly startedAt: number;
  readonly until: number;
  /** Up to here it was watched. */
  readonly endedAt: number;
  /** False: it was ended before its time, and can be gone on with. */
  readonly finished: boolean;
  readonly verdict: Verdict;
  readonly headline: string;
  /** Of 1; of the beats that could tell. Undefined: none could. */
  readonly availability: number | undefined;
  readonly beats: { readonly good: number; readonly bad: number; readonly unseen: number };
  readonly latency: { readonly p50: number | undefined; readonly p95: number | undefined };
  readonly stretches: readonly (Pick<Bucket, "at" | "good" | "bad" | "unseen"> & {
    readonly p50: number | undefined;
    readonly p95: number | undefined;
  })[];
  readonly stretchMs: number;
  readonly looks: WatchState["looks"];
  readonly episodes: readonly Episode[];
  /** What became another: the policy, the certificate's key. */
  readonly moments: readonly Change[];
  readonly changes: readonly Change[];
  readonly changesLost: number;
  readonly gaps: readonly Gap[];
  readonly notWatchedMs: number;
  /** Controls that hold, fail, and that nobody could see, at the end. */
  readonly controls: {
    readonly good: number;
    readonly bad: readonly string[];
    readonly unseen: readonly string[];
  };
  /** Seen bad by the last look alone: neither told nor proven otherwise when the watch ended. */
  readonly once: readonly string[];
  readonly parcels: { readonly sent: number; readonly waiting: number; readonly lost: number };
  readonly accountsMade: number;
}

export function watchReport(state: WatchState): WatchReport {
  const { good, bad, unseen } = total(state.beats);
  const episodes = episodesOf(state);
  const controls = Object.entries(state.subjects).filter(([subject]) => subject.startsWith("control:"));
  const named = (held: string): readonly string[] =>
    controls.filter(([, one]) => one.held === held).map(([subject]) => nameOf(subject));
  const doubted = Object.entries(state.subjects).filter(
    ([, one]) => one.seen === "bad" && one.held !== "bad" && one.inARow > 0,
  );
  // A control that has failed at its only look is not well, and no second look says that it is bad.
  const neverWell = doubted.filter(([, { held }]) => held === "none").length;
  // Controls that never let themselves be seen say nothing, however often somebody looked.
  const wasAnySeen =
    controls.some(([, { held, seen }]) => held === "good" || seen === "good") ||
    state.changes.some(({ subject, from }) => subject.startsWith("control:") && from === "good");
  const wasSeen = state.looks.done > 0 && neverWell === 0 && wasAnySeen;
  const failures = episodes.filter(({ kind }) => kind === "bad");
  const verdict: Verdict =
    good === 0 ? "not-watched" : failures.length > 0 ? "failed" : wasSeen ? "well" : "not-watched";
  const all = total(state.beats);
  return {
    origin: state.origin,
    policyName: state.policyName,
    fingerprint: state.fingerprint,
    scope: state.scope,
    startedAt: state.startedAt,
    until: state.until,
    endedAt: state.lastAt,
    finished: state.finished,
    verdict,
    headline: headline(verdict, failures, state, neverWell),
    availability: good + bad === 0 ? undefined : good / (good + bad),
    beats: { good, bad, unseen },
    latency: { p50: quantile(all, 0.5), p95: quantile(all, 0.95) },
    stretches: state.beats.buckets.map((one) => ({
      at: one.at,
      good: one.good,
      bad: one.bad,
      unseen: one.unseen,
      p50: quantile(one, 0.5),
      p95: quantile(one, 0.95),
    })),
    stretchMs: state.beats.widthMs,
    looks: state.looks,
    episodes,
    moments: state.changes.filter(({ to }) => to === "other"),
    changes: state.changes,
    changesLost: state.changesLost,
    gaps: state.gaps,
    notWatchedMs: state.notWatchedMs,
    controls: { good: named("good").length, bad: named("bad"), unseen: named("unseen") },
    once: doubted.map(([subject]) => nameOf(subject)),
    parcels: { ...state.parcels, waiting: state.outbox.length },
    accountsMade: state.accountsMade,
  };
}

/** 0: nothing failed. 1: something did. 2: it could not be watched. */
export const watchStatus = ({ verdict }: WatchReport): 0 | 1 | 2 =>
  verdict === "well" ? 0 : verdict === "failed" ? 1 : 2;

function headline(
  verdict: Verdict,
  failures: readonly Episode[],
  state: WatchState,
  neverWell: number,
): string {
  if (verdict === "not-watched" && neverWell > 0 && state.looks.done > 0)
    return `${neverWell === 1 ? "One thing" : `${neverWell} things`} failed at the only look that there was time for.`;
  if (verdict === "not-watched")
    return state.beats.buckets.some(({ good }) => good > 0)
      ? `It answered, and ${state.looks.done > 0 ? "none of its controls could be seen" : "no look at its controls could be had"}.`
      : "It never answered: nothing was watched.";
  const subjects = new Set(failures.map(({ subject }) => subject)).size;
  const open = failures.filter(({ to }) => to === undefined).length;
  const unwatched =
    state.notWatchedMs > 0 ? ` It was not watched for ${durationText(state.notWatchedMs)}.` : "";
  if (verdict === "well") return `Nothing failed.${unwatched}`;
  return `${subjects === 1 ? "One thing" : `${subjects} things`} failed; ${open === 0 ? "all is well again" : `${open} not well yet`}.${unwatched}`;
}

/** Each change opens a stretch or ends one; what was told before the first change here was so from the beginning. */
function episodesOf(state: WatchState): readonly Episode[] {
  const bySubject = Map.groupBy(
    state.changes.filter(({ to }) => to !== "other"),
    ({ subject }) => subject,
  );
  const names = new Set([...bySubject.keys(), ...Object.keys(state.subjects)]);
  return [...names]
    .flatMap((subject) => ofOne(subject, bySubject.get(subject) ?? [], state))
    .toSorted((a, b) => a.from - b.from || (a.subject < b.subject ? -1 : 1));
}

function ofOne(subject: string, changes: readonly Change[], state: WatchState): readonly Episode[] {
  const episodes: Episode[] = [];
  let open: Episode | undefined;
  const first = changes[0];
  const now = state.subjects[subject];
  const earlier = first === undefined ? now?.told : first.from;
  const wasSo = earlier === "bad" || (earlier === "unseen" && first === undefined && now?.told === "unseen");
  if (wasSo) {
    const from = first === undefined ? now?.heldSince : first.since - (first.lasted ?? 0);
    open = {
      subject: nameOf(subject),
      claim: first?.claim ?? now?.claim ?? "",
      kind: earlier === "bad" ? "bad" : "unseen",
      from: Math.max(0, from ?? state.startedAt),
      to: undefined,
      before: true,
      observed: "as told by the watch before",
    };
  }
  for (const change of changes) {
    if (open !== undefined) episodes.push({ ...open, to: change.since });
    open = undefined;
    if (change.to === "bad" || change.to === "unseen")
      open = {
        subject: nameOf(subject),
        claim: change.claim,
        kind: change.to,
        from: change.since,
        to: undefined,
        before: change.from === "none",
        observed: change.observed,
        ...(change.advice === undefined ? {} : { advice: change.advice }),
      };
  }
  if (open !== undefined) episodes.push(open);
  return episodes;
}

/** Times as ISO 8601, durations as seconds. */
export function watchJson(report: WatchReport): string {
  const iso = (at: number): string => new Date(at).toISOString();
  const { stretchMs, notWatchedMs, ...rest } = report;
  return `${JSON.stringify(
    {
      ...rest,
      startedAt: iso(report.startedAt),
      until: iso(report.until),
      endedAt: iso(report.endedAt),
      stretchSeconds: stretchMs / 1000,
      notWatchedSeconds: notWatchedMs / 1000,
      stretches: report.stretches.map((one) => ({ ...one, at: iso(one.at) })),
      episodes: report.episodes.map((one) => ({
        ...one,
        from: iso(one.from),
        to: one.to === undefined ? null : iso(one.to),
        seconds: Math.round(((one.to ?? report.endedAt) - one.from) / 1000),
      })),
      moments: report.moments.map(({ at, since: _since, ...one }) => ({ ...one, at: iso(at) })),
      changes: report.changes.map(({ at, since, lasted, ...one }) => ({
        ...one,
        at: iso(at),
        since: iso(since),
        ...(lasted === undefined ? {} : { lastedSeconds: Math.round(lasted / 1000) }),
      })),
      gaps: report.gaps.map(({ from, to }) => ({ from: iso(from), to: iso(to) })),
    },
    undefined,
    2,
  )}\n`;
}
