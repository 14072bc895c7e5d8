/** What every RateLimitStore must do. The memory store is the specification; the others pass the same suite. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Algorithm, RateRule } from "./rate.ts";
import type { RateLimitStore } from "./store.ts";

export function describeRateLimitStore(
  name: string,
  open: () => Promise<{ store: RateLimitStore; close: () => Promise<void> }>,
): void {
  describe.each(["gcra", "fixed-window"] as const)(`${name} as a store of rate limits, %s`, (algorithm) => {
    let store: RateLimitStore;
    let close: () => Promise<void>;
    beforeAll(async () => {
      ({ store, close } = await open());
    });
    afterAll(() => close?.());

    const NOW = 1_800_000_000_000;
    const rule = (limit: number, windowMs = 60_000, by: Algorithm = algorithm): RateRule => ({
      algorithm: by,
      limit,
      windowMs,
    });
    const key = (limit = "login") => ({ subject: `a${randomUUID()}`, limit });

    it("allows the limit and refuses the next, saying when to come again", async () => {
      const one = key();
      for (let left = 2; left >= 0; left--)
        expect(await store.take(one, rule(3), NOW, 1)).toMatchObject({
          allowed: true,
          remaining: left,
          retryAfterMs: 0,
        });
      expect(await store.take(one, rule(3), NOW, 1)).toEqual({
        allowed: false,
        remaining: 0,
        resetAtMs: NOW + 60_000,
        retryAfterMs: algorithm === "gcra" ? 20_000 : 60_000,
      });
    });

    it("opens again to the very millisecond, and a refusal costs nothing", async () => {
      const one = key();
      for (let taken = 0; taken < 3; taken++) await store.take(one, rule(3), NOW, 1);
      const { retryAfterMs } = await store.take(one, rule(3), NOW, 1);
      expect((await store.take(one, rule(3), NOW + retryAfterMs - 1, 1)).allowed).toBe(false);
      expect((await store.take(one, rule(3), NOW + retryAfterMs, 1)).allowed).toBe(true);
    });

    it("counts each subject and each limit for itself", async () => {
      const [one, two] = [key(), key()];
      await store.take(one, rule(1), NOW, 1);
      expect((await store.take(one, rule(1), NOW, 1)).allowed).toBe(false);
      expect((await store.take(two, rule(1), NOW, 1)).allowed).toBe(true);
      expect((await store.take({ ...one, limit: "read" }, rule(1), NOW, 1)).allowed).toBe(true);
    });

    it("does not read what was counted under another window or algorithm", async () => {
      const one = key();
      await store.take(one, rule(1), NOW, 1);
      expect((await store.take(one, rule(1, 3_600_000), NOW, 1)).allowed).toBe(true);
      const other = algorithm === "gcra" ? "fixed-window" : "gcra";
      expect((await store.take(one, rule(1, 60_000, other), NOW, 1)).allowed).toBe(true);
    });

    it("gives nothing back to a clock that was set back", async () => {
      const one = key();
      await store.take(one, rule(1), NOW, 1);
      expect(await store.take(one, rule(1), NOW - 5000, 1)).toMatchObject({
        allowed: false,
        retryAfterMs: 65_000,
      });
    });

    it("charges a cost at once, and refuses one that could never be met", async () => {
      const one = key();
      expect(await store.take(one, rule(10), NOW, 7)).toMatchObject({ allowed: true, remaining: 3 });
      expect(await store.take(one, rule(10), NOW, 4)).toMatchObject({ allowed: false, remaining: 3 });
      expect(await store.take(one, rule(10), NOW, 3)).toMatchObject({ allowed: true, remaining: 0 });
      for (const cost of [11, 0, -1, 1.5])
        await expect(store.take(one, rule(10), NOW, cost)).rejects.toBeInstanceOf(RangeError);
    });

    it("keeps exact counts where the numbers are largest", async () => {
      const one = key();
      const large = rule(999_999, 86_400_000);
      expect(await store.take(one, large, NOW, 999_998)).toMatchObject({ allowed: true, remaining: 1 });
      expect(await store.take(one, large, NOW, 1)).toMatchObject({ allowed: true, remaining: 0 });
      expect((await store.take(one, large, NOW, 1)).allowed).toBe(false);
    });

    it("charges none of several limits where one of them refuses", async () => {
      const { subject } = key();
      const both = [
        { limit: "login", rule: rule(1), cost: 1 },
        { limit: "all", rule: rule(5), cost: 1 },
      ];
      expect((await store.takeMany(subject, both, NOW)).map(({ remaining }) => remaining)).toEqual([0, 4]);
      for (let tries = 0; tries < 3; tries++)
        expect(await store.takeMany(subject, both, NOW)).toMatchObject([
          { allowed: false, remaining: 0 },
          { allowed: true, remaining: 4, retryAfterMs: 0 },
        ]);
      expect(await store.peek({ subject, limit: "all" }, rule(5), NOW)).toMatchObject({ remaining: 4 });
      expect(await store.takeMany(subject, [], NOW)).toEqual([]);
    });

    it("leases blocks that shrink to one, and never more than the limit in all", async () => {
      const one = key();
      const sizes: number[] = [];
      for (;;) {
        const { granted, allowed } = await store.leaseBlock(one, rule(100), NOW, 8);
        expect(allowed).toBe(granted > 0);
        if (granted === 0) break;
        sizes.push(granted);
      }
      expect(sizes[0]).toBe(8);
      expect(sizes.at(-1)).toBe(1);
      expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(100);
      expect(sizes).toEqual(sizes.toSorted((a, b) => b - a));
    });

    it("looks without charging", async () => {
      const one = key();
      for (let tries = 0; tries < 5; tries++)
        expect(await store.peek(one, rule(2), NOW)).toEqual({
          allowed: true,
          remaining: 2,
          resetAtMs: NOW,
          retryAfterMs: 0,
        });
      await store.take(one, rule(2), NOW, 2);
      expect(await store.peek(one, rule(2), NOW)).toMatchObject({ allowed: false, remaining: 0 });
    });

    it("forgets what it is told to, and nothing else", async () => {
      const one = key();
      for (const limit of ["login", "log", "read"]) await store.take({ ...one, limit }, rule(1), NOW, 1);
      await store.clear(one.subject, ["login"]);
      await store.clear(one.subject, []);
      expect((await store.peek(one, rule(1), NOW)).allowed).toBe(true);
      expect((await store.peek({ ...one, limit: "log" }, rule(1), NOW)).allowed).toBe(false);
      expect((await store.peek({ ...one, limit: "read" }, rule(1), NOW)).allowed).toBe(false);
    });

    it("takes strange names for what they are", async () => {
      for (const subject of ["__proto__", "constructor", "a{b}c"]) {
        await store.clear(subject, ["x"]);
        expect((await store.take({ subject, limit: "x" }, rule(1), NOW, 1)).allowed).toBe(true);
        expect((await store.take({ subject, limit: "x" }, rule(1), NOW, 1)).allowed).toBe(false);
      }
    });

    it("allows exactly the limit of two hundred parallel requests, however they ask", async () => {
      for (let round = 0; round < 5; round++) {
        const one = key();
        const decisions = await Promise.all(
          Array.from({ length: 200 }, (_, place) =>
            place % 2 === 0
              ? store.take(one, rule(20), NOW, 1).then(({ allowed }) => (allowed ? 1 : 0))
              : store.leaseBlock(one, rule(20), NOW, 3).then(({ granted }) => granted),
          ),
        );
        expect(decisions.reduce((sum, granted) => sum + granted, 0)).toBe(20);
      }
    });
  });
}
