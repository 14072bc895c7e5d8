/** What every ReputationStore must do. The memory store is the specification; the others pass the same suite. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { scoreAt } from "./score.ts";
import type { ReputationStore } from "./store.ts";

export function describeReputationStore(
  name: string,
  open: () => Promise<{ store: ReputationStore; close: () => Promise<void> }>,
): void {
  describe(`${name} as a store of reputations`, () => {
    let store: ReputationStore;
    let close: () => Promise<void>;
    beforeAll(async () => {
      ({ store, close } = await open());
    });
    afterAll(() => close?.());

    const NOW = 1_800_000_000_000;
    const rule = {
      suspiciousScore: 10,
      banScore: 30,
      halfLifeMs: 600_000,
      firstBanMs: 60_000,
      longestBanMs: 150_000,
    };
    const someone = (): string => `a${randomUUID()}`;
    const failed = (times: number) => ({ cause: "sign_in_failed", times }) as const;
    const forged = (times: number) => ({ cause: "forged", times }) as const;

    it("adds up what is held against a subject, by cause, and forgets by half-life", async () => {
      const one = someone();
      expect(await store.find(one, NOW)).toBeUndefined();
      await store.hold(one, "label", failed(2), NOW, rule);
      const { standing, isNewBan } = await store.hold(one, "label", forged(1), NOW + 1, rule);
      expect(isNewBan).toBe(false);
      expect(standing.causes).toEqual({
        sign_in_failed: { count: 2, lastAt: NOW },
        forged: { count: 1, lastAt: NOW + 1 },
      });
      expect(standing.score).toBeCloseTo(9, 3);
      const found = await store.find(one, NOW + 600_001);
      if (found === undefined) throw new Error("not found");
      expect(scoreAt(found, NOW + 600_001, rule)).toBeCloseTo(4.5, 3);
      const later = await store.hold(one, "label", failed(1), NOW + 600_001, rule);
      expect(later.standing.score).toBeCloseTo(6.5, 3);
    });

    it("bans for longer each time, up to the longest, and counts on during a ban without adding to it", async () => {
      const one = someone();
      let now = NOW;
      for (const [ban, seconds] of [60, 120, 150, 150].entries()) {
        const { standing, isNewBan } = await store.hold(one, "label", forged(10), now, rule);
        expect([isNewBan, standing.bans, standing.bannedAt]).toEqual([true, ban + 1, now]);
        expect(standing.bannedUntil - now).toBe(seconds * 1000);
        const more = await store.hold(one, "label", forged(10), now + 1000, rule);
        expect([more.isNewBan, more.standing.bannedUntil]).toEqual([false, standing.bannedUntil]);
        expect(more.standing.score).toBeLessThan(rule.banScore);
        now += 200_000;
      }
    });

    it("begins anew with the first ban's length a day after the last", async () => {
      const one = someone();
      await store.hold(one, "label", forged(10), NOW, rule);
      const { standing } = await store.hold(one, "label", forged(10), NOW + 60_000 + 86_400_000, rule);
      expect([standing.bans, standing.bannedUntil - standing.bannedAt]).toEqual([1, 60_000]);
    });

    it("never bans where the rule has no ban", async () => {
      const one = someone();
      const { standing, isNewBan } = await store.hold(one, "", forged(1000), NOW, {
        ...rule,
        banScore: undefined,
      });
      expect([isNewBan, standing.bans, standing.score]).toEqual([false, 0, 5000]);
    });

    it("lists the bans that last, newest first, with their labels, and lifts one for good", async () => {
      const [early, late, other] = [someone(), someone(), someone()];
      await store.hold(early, "first", forged(10), NOW * 2, rule);
      await store.hold(late, "second", forged(10), NOW * 2 + 10_000, rule);
      await store.hold(other, "third", forged(1), NOW * 2, rule);
      const listed = await store.listBans(NOW * 2 + 10_000, 10);
      expect(listed.map(({ subject, label }) => [subject, label])).toEqual([
        [late, "second"],
        [early, "first"],
      ]);
      expect((await store.listBans(NOW * 2 + 10_000, 1)).length).toBe(1);
      expect((await store.listBans(NOW * 2 + 60_000, 10)).map(({ subject }) => subject)).toEqual([late]);
      expect(await store.lift(late)).toBe(true);
      expect(await store.lift(late)).toBe(false);
      expect(await store.find(late, NOW * 2 + 10_000)).toBeUndefined();
      expect((await store.listBans(NOW * 2 + 10_000, 10)).map(({ subject }) => subject)).toEqual([early]);
    });

    it("of two hundred parallel causes makes one ban, and counts every one", async () => {
      for (let round = 0; round < 5; round++) {
        const one = someone();
        const results = await Promise.all(
          Array.from({ length: 200 }, () => store.hold(one, "label", failed(1), NOW, rule)),
        );
        expect(results.filter(({ isNewBan }) => isNewBan).length).toBe(1);
        expect((await store.find(one, NOW))?.causes.sign_in_failed?.count).toBe(200);
      }
    });
  });
}
