import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { manualClock } from "../testing/clock.ts";
import { delaysOf, FOREVER_SECONDS } from "./delays.ts";
import { MemoryThrottleStore } from "./memory-store.ts";
import { throttleDefaults, type ThrottlePolicy } from "./policy.ts";
import { throttleService } from "./service.ts";

const policy = (over: Partial<ThrottlePolicy> = {}): ThrottlePolicy => ({
  ...throttleDefaults("test"),
  ...over,
});

describe("the waits", () => {
  it("double from the first failure beyond the free ones, up to the longest, and end at the hard cap", () => {
    const delays = delaysOf(policy({ firstDelaySeconds: 2, longestDelaySeconds: 30, attemptLimit: 12 }));
    expect(delays).toEqual([0, 0, 0, 0, 2, 4, 8, 16, 30, 30, 30, FOREVER_SECONDS]);
  });

  it("come once a round where the policy locks", () => {
    const delays = delaysOf(
      policy({ mode: "lockout", freeAttemptCount: 2, lockoutSeconds: 600, attemptLimit: 8 }),
    );
    expect(delays).toEqual([0, 0, 600, 0, 0, 600, 0, FOREVER_SECONDS]);
  });

  it("never shrink while failures go on, for any back-off", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 3600 }),
        fc.integer({ min: 1, max: 86_400 }),
        (freeAttemptCount, first, longest) => {
          const delays = delaysOf(
            policy({
              freeAttemptCount,
              firstDelaySeconds: Math.min(first, longest),
              longestDelaySeconds: longest,
              attemptLimit: 100,
            }),
          );
          expect(delays).toEqual(delays.toSorted((a, b) => a - b));
          expect(delays.at(-1)).toBe(FOREVER_SECONDS);
        },
      ),
    );
  });
});

describe("names that nobody has", () => {
  it("share a bounded number of lanes, so that a stranger cannot make the store grow without end", async () => {
    const store = new MemoryThrottleStore();
    const lanes = new Set<string>();
    const begin = store.begin.bind(store);
    store.begin = (lane, now, rule) => {
      lanes.add(lane);
      return begin(lane, now, rule);
    };
    const throttle = throttleService(policy(), store, new Uint8Array(32), manualClock());
    for (let name = 0; name < 2000; name++)
      await throttle.attempt("sign-in", { accountId: undefined, login: `stranger-${name}` });
    for (const lane of lanes) expect(lane).toMatch(/^sign-in nobody \d{1,5}$/);
    expect(lanes.size).toBeGreaterThan(1900);
  });
});
