import { describe, expect, it } from "vitest";
import { rateCounter } from "./counter.ts";
import { MemoryRateLimitStore } from "./memory-store.ts";
import type { RateRule } from "./rate.ts";
import type { RateLimitStore } from "./store.ts";

function counterWith(rule: RateRule) {
  const memory = new MemoryRateLimitStore();
  let trips = 0;
  /** Counts for several processes, and how often it was asked. */
  const store: RateLimitStore = {
    isShared: true,
    take: (...args) => memory.take(...args),
    takeMany: (...args) => ((trips += 1), memory.takeMany(...args)),
    leaseBlock: (...args) => ((trips += 1), memory.leaseBlock(...args)),
    peek: (...args) => memory.peek(...args),
    clear: (...args) => memory.clear(...args),
  };
  const counter = rateCounter({
    store,
    clock: { now: () => 0 },
    closed: new Set(),
    onAway: () => undefined,
    onBack: () => undefined,
  });
  const demands = [{ subject: "a1", limit: "login", rule }];
  return {
    trips: () => trips,
    /** As a request asks: first what is known here, then the store. */
    ask: async (now: number) => {
      const [counted] = counter.countNow(demands, now) ?? (await counter.count(demands, now));
      return counted?.decision;
    },
  };
}

describe.each(["gcra", "fixed-window"] as const)("a flood beyond a limit (%s)", (algorithm) => {
  it("costs the store a trip a second, and is let in again to the millisecond", async () => {
    const { trips, ask } = counterWith({ algorithm, limit: 3, windowMs: 60_000 });
    for (let request = 0; request < 3; request++) expect((await ask(0))?.allowed).toBe(true);
    const refused = await ask(0);
    expect(refused?.allowed).toBe(false);
    const before = trips();
    for (let now = 1; now < 1000; now++)
      expect(await ask(now)).toMatchObject({ allowed: false, remaining: 0 });
    expect(trips()).toBe(before);
    expect((await ask(999))?.retryAfterMs).toBe((refused?.retryAfterMs ?? 0) - 999);
    const again = refused?.retryAfterMs ?? 0;
    expect((await ask(again - 1))?.allowed).toBe(false);
    expect((await ask(again))?.allowed).toBe(true);
  });

  it("of which blocks are taken stays exact", async () => {
    const { trips, ask } = counterWith({ algorithm, limit: 1000, windowMs: 3_600_000 });
    let allowed = 0;
    for (let request = 0; request < 5000; request++) if ((await ask(0))?.allowed === true) allowed += 1;
    expect(allowed).toBe(1000);
    expect(trips()).toBeLessThan(100);
  });
});
