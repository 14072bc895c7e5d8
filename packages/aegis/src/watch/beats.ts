/**
 * Beats, added up. Pure. A watch of a month needs no more room than one of a day: at most 288 stretches, which are made
 * twice as long when they would be more. Latencies are counted in steps of a quarter octave (a fifth more each), and a
 * quantile is told as the upper end of its step: never better than it was.
 */
import { type Beats, type Bucket, LIMITS, type Status } from "./model.ts";

const STEPS_PER_OCTAVE = 4;
const FIRST_WIDTH_MS = 60_000;

export const noBeats: Beats = { widthMs: FIRST_WIDTH_MS, buckets: [] };

const stepOf = (ms: number): number =>
  Math.min(LIMITS.bins - 1, Math.max(0, Math.ceil(Math.log2(Math.max(1, ms)) * STEPS_PER_OCTAVE)));
const upperEnd = (step: number): number => Math.round(2 ** (step / STEPS_PER_OCTAVE));

/** `latencyMs` is counted where the beat was good and nothing else was going on. */
export function withBeat(beats: Beats, at: number, status: Status, latencyMs: number | undefined): Beats {
  const one: Bucket = {
    at,
    good: status === "good" ? 1 : 0,
    bad: status === "bad" ? 1 : 0,
    unseen: status === "unseen" ? 1 : 0,
    bins: latencyMs === undefined ? [] : [[stepOf(latencyMs), 1]],
  };
  let { widthMs } = beats;
  let buckets = gathered([...beats.buckets, one], widthMs);
  while (buckets.length > LIMITS.buckets) {
    widthMs *= 2;
    buckets = gathered(buckets, widthMs);
  }
  return { widthMs, buckets };
}

function gathered(buckets: readonly Bucket[], widthMs: number): Bucket[] {
  const all = new Map<number, Bucket>();
  for (const one of buckets) {
    const at = Math.floor(one.at / widthMs) * widthMs;
    const there = all.get(at);
    all.set(at, there === undefined ? { ...one, at } : added({ ...there, at }, one));
  }
  return [...all.values()].toSorted((a, b) => a.at - b.at);
}

function added(one: Bucket, other: Bucket): Bucket {
  const bins = new Map(one.bins.map(([step, count]) => [step, count]));
  for (const [step, count] of other.bins) bins.set(step, (bins.get(step) ?? 0) + count);
  return {
    at: one.at,
    good: one.good + other.good,
    bad: one.bad + other.bad,
    unseen: one.unseen + other.unseen,
    bins: [...bins].toSorted(([a], [b]) => a - b),
  };
}

/** All of them as one. */
export const total = ({ buckets }: Beats): Bucket =>
  buckets.reduce(added, { at: buckets[0]?.at ?? 0, good: 0, bad: 0, unseen: 0, bins: [] });

/** Milliseconds that so large a share of the answers took at most; undefined where there were none. */
export function quantile({ bins }: Pick<Bucket, "bins">, share: number): number | undefined {
  const wanted = Math.ceil(bins.reduce((sum, [, count]) => sum + count, 0) * share);
  let seen = 0;
  for (const [step, count] of bins) {
    seen += count;
    if (seen >= wanted) return upperEnd(step);
  }
  return undefined;
}

/** Answers that are judged together. */
export const WINDOW = 20;

/** The share of a full window by nearest rank, exactly. */
export const exactQuantile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.ceil(values.length * share) - 1] ?? 0;
