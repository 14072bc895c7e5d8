import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fixedWindow, type WindowState } from "./fixed-window.ts";
import { gcra, type GcraState } from "./gcra.ts";
import { type RateDecision, ruleOf, scaled } from "./rate.ts";

const limits = fc.integer({ min: 1, max: 50 });
const windows = fc.constantFrom(1000, 60_000, 3_600_000);
/** Pauses between requests: many at once, some a part of the window apart. */
const pauses = fc.array(
  fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 2000 }), fc.integer({ min: 0, max: 90_000 })),
  {
    maxLength: 300,
  },
);

interface Sent {
  readonly at: number;
  readonly decision: RateDecision;
}

function runGcra(limit: number, windowMs: number, gaps: readonly number[]): Sent[] {
  let [state, at]: [GcraState | undefined, number] = [undefined, 0];
  return gaps.map((gap) => {
    at += gap;
    const step = gcra(state, at, 1, { algorithm: "gcra", limit, windowMs });
    state = step.state;
    return { at, decision: step.decision };
  });
}

function runWindow(limit: number, windowMs: number, gaps: readonly number[]): Sent[] {
  let [state, at]: [WindowState | undefined, number] = [undefined, 0];
  return gaps.map((gap) => {
    at += gap;
    const step = fixedWindow(state, at, 1, { algorithm: "fixed-window", limit, windowMs });
    state = step.state;
    return { at, decision: step.decision };
  });
}

/** The most that was allowed within any stretch of so long, its beginning counted and its end not. */
function mostWithin(sent: readonly Sent[], stretch: number): number {
  const times = sent.filter(({ decision }) => decision.allowed).map(({ at }) => at);
  return times.reduce(
    (most, from) => Math.max(most, times.filter((at) => at >= from && at < from + stretch).length),
    0,
  );
}

describe("the cell rate algorithm", () => {
  it("allows no more than the limit at once, and limit + limit * t / window in any time t", () => {
    fc.assert(
      fc.property(
        limits,
        windows,
        pauses,
        fc.integer({ min: 1, max: 200_000 }),
        (limit, windowMs, gaps, t) => {
          const sent = runGcra(limit, windowMs, gaps);
          expect(mostWithin(sent, t)).toBeLessThanOrEqual(limit + (limit * t) / windowMs);
          expect(mostWithin(sent, 1)).toBeLessThanOrEqual(limit);
        },
      ),
    );
  });

  it("gives, after a pause of a window, the whole limit at once and not one more", () => {
    fc.assert(
      fc.property(limits, windows, pauses, (limit, windowMs, gaps) => {
        const sent = runGcra(limit, windowMs, [...gaps, windowMs, ...Array.from({ length: limit }, () => 0)]);
        expect(sent.slice(gaps.length).map(({ decision }) => decision.allowed)).toEqual([
          ...Array.from({ length: limit }, () => true),
          false,
        ]);
      }),
    );
  });
});

describe("the window", () => {
  it("allows no more than the limit in a window, and twice as much across an edge", () => {
    fc.assert(
      fc.property(limits, windows, pauses, (limit, windowMs, gaps) => {
        const sent = runWindow(limit, windowMs, gaps);
        expect(mostWithin(sent, windowMs)).toBeLessThanOrEqual(2 * limit);
        const first = sent.filter(({ at }) => at < windowMs + (sent[0]?.at ?? 0));
        expect(first.filter(({ decision }) => decision.allowed).length).toBe(Math.min(limit, first.length));
      }),
    );
  });
});

describe.each([
  ["gcra", runGcra],
  ["fixed-window", runWindow],
] as const)("the decisions of %s", (algorithm, run) => {
  it("are whole numbers, and honest: not a millisecond before the time they say, and at that time", () => {
    fc.assert(
      fc.property(limits, windows, pauses, (limit, windowMs, gaps) => {
        for (const { at, decision } of run(limit, windowMs, gaps)) {
          expect(
            Object.values(decision).every(
              (value) => typeof value === "boolean" || Number.isSafeInteger(value),
            ),
          ).toBe(true);
          expect(decision.remaining).toBeGreaterThanOrEqual(0);
          expect(decision.remaining).toBeLessThan(limit);
          expect(decision.resetAtMs).toBeGreaterThanOrEqual(at);
          expect(decision.allowed).toBe(decision.retryAfterMs === 0);
        }
        const full = [...gaps, ...Array.from({ length: limit + 1 }, () => 0)];
        const wait = run(limit, windowMs, full).at(-1)?.decision.retryAfterMs ?? 0;
        expect(wait).toBeGreaterThan(0);
        expect(run(limit, windowMs, [...full, wait - 1]).at(-1)?.decision.allowed).toBe(false);
        expect(run(limit, windowMs, [...full, wait]).at(-1)?.decision.allowed).toBe(true);
      }),
    );
  });

  it("never take away from whoever waits: what is left only grows while nobody asks", () => {
    fc.assert(
      fc.property(
        limits,
        windows,
        pauses,
        fc.array(fc.integer({ min: 0, max: 30_000 })),
        (limit, windowMs, gaps, waits) => {
          const left = waits
            .toSorted((a, b) => a - b)
            .map((wait) => run(limit, windowMs, [...gaps, wait]).at(-1)?.decision.remaining ?? 0);
          if (algorithm === "gcra") expect(left).toEqual(left.toSorted((a, b) => a - b));
          else expect(Math.max(0, ...left)).toBeLessThan(limit + 1);
        },
      ),
    );
  });
});

describe("a rate in words", () => {
  it("is a number in a unit of time", () => {
    expect(ruleOf("10/minute", "gcra")).toEqual({ algorithm: "gcra", limit: 10, windowMs: 60_000 });
    expect(ruleOf("999999/day", "fixed-window").windowMs).toBe(86_400_000);
    for (const wrong of ["", "10", "0/minute", "10/week", "-1/day", "1e3/hour", "10/minute ", "1000000/day"])
      expect(() => ruleOf(wrong, "gcra")).toThrow(TypeError);
  });

  it("scales for more or less trust, and never to nothing", () => {
    expect(scaled(ruleOf("10/minute", "gcra"), 0.5).limit).toBe(5);
    expect(scaled(ruleOf("1/minute", "gcra"), 0.5).limit).toBe(1);
    expect(scaled(ruleOf("5/minute", "gcra"), 2).limit).toBe(10);
  });
});
