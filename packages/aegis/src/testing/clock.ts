import type { Clock } from "../lib/clock.ts";

/** A clock that stands still until it is told to move. */
export function manualClock(start = Date.now()): Clock & { advance(seconds: number): void } {
  let now = start;
  return {
    now: () => now,
    advance(seconds) {
      now += seconds * 1000;
    },
  };
}
