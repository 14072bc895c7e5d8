/** What every ThrottleStore must do. The memory store is the specification; the others pass the same suite. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ThrottleStore } from "./store.ts";

export function describeThrottleStore(
  name: string,
  open: () => Promise<{ store: ThrottleStore; close: () => Promise<void> }>,
): void {
  describe(`${name} as a throttle store`, () => {
    let store: ThrottleStore;
    let close: () => Promise<void>;
    beforeAll(async () => {
      ({ store, close } = await open());
    });
    afterAll(() => close?.());

    const NOW = 1_800_000_000_000;
    const FOREVER = 100 * 366 * 86_400;
    const rule = { delaysSeconds: [0, 0, 1, 2], forgetAfterSeconds: 3600 };
    const lane = (): string => `sign-in ${randomUUID()}`;
    const many = async (count: number, work: () => Promise<number | undefined>): Promise<number[]> =>
      (await Promise.all(Array.from({ length: count }, work)))
        .filter((failures) => failures !== undefined)
        .toSorted((a, b) => a - b);
    const upTo = (count: number): number[] => Array.from({ length: count }, (_, place) => place + 1);

    it("counts an attempt as a failure before it is looked at, each lane for itself", async () => {
      const [one, other] = [lane(), lane()];
      expect(await store.find(one)).toBeUndefined();
      expect(await store.begin(one, NOW, rule)).toBe(1);
      expect(await store.begin(one, NOW, rule)).toBe(2);
      expect(await store.begin(other, NOW, rule)).toBe(1);
      expect(await store.find(one)).toEqual({ failures: 2, nextAt: NOW });
    });

    it("asks nobody to wait for the clock of another process, while there is no wait", async () => {
      const one = lane();
      expect(await store.begin(one, NOW, rule)).toBe(1);
      expect(await store.begin(one, NOW - 5, rule)).toBe(2);
      expect(await store.begin(one, NOW - 3, rule)).toBe(3);
      expect(await store.begin(one, NOW - 2, rule)).toBeUndefined();
    });

    it("makes the next one wait to the very millisecond, and counts nothing meanwhile", async () => {
      const one = lane();
      for (let tries = 0; tries < 3; tries++) await store.begin(one, NOW, rule);
      expect(await store.begin(one, NOW + 999, rule)).toBeUndefined();
      expect(await store.find(one)).toEqual({ failures: 3, nextAt: NOW + 1000 });
      expect(await store.begin(one, NOW + 1000, rule)).toBe(4);
      expect(await store.find(one)).toEqual({ failures: 4, nextAt: NOW + 3000 });
    });

    it("holds the last wait beyond the end of the rule, even one of a hundred years", async () => {
      const one = lane();
      let now = NOW;
      for (const failures of [1, 2, 3, 4, 5, 6]) {
        expect(await store.begin(one, now, rule)).toBe(failures);
        now += 2000;
      }
      const ever = { delaysSeconds: [FOREVER], forgetAfterSeconds: 3600 };
      const other = lane();
      await store.begin(other, NOW, ever);
      expect(await store.begin(other, NOW + FOREVER * 1000 - 1, ever)).toBeUndefined();
      expect(await store.begin(other, NOW + FOREVER * 1000, ever)).toBe(1);
    });

    it("forgets a row of failures when it is old enough, to the very millisecond", async () => {
      const [early, late] = [lane(), lane()];
      for (const one of [early, late]) {
        await store.begin(one, NOW, rule);
        await store.begin(one, NOW, rule);
      }
      expect(await store.begin(early, NOW + 3_599_999, rule)).toBe(3);
      expect(await store.begin(late, NOW + 3_600_000, rule)).toBe(1);
    });

    it("lists the lanes where the most failed, without those of nobody", async () => {
      const mark = randomUUID();
      const lanes = [`sign-in a-${mark}`, `sign-in nobody ${mark}`, `confirm b-${mark}`];
      for (const [place, one] of lanes.entries())
        for (let tries = 0; tries < 40 + place; tries++)
          await store.begin(one, NOW + tries, { delaysSeconds: [0], forgetAfterSeconds: 3600 });
      const found = await store.listFailing(40, " nobody ", 100);
      expect(found.filter((one) => one.lane.endsWith(mark))).toEqual([
        { lane: `confirm b-${mark}`, failures: 42, nextAt: NOW + 41 },
        { lane: `sign-in a-${mark}`, failures: 40, nextAt: NOW + 39 },
      ]);
      expect(await store.listFailing(40, " nobody ", 1)).toHaveLength(1);
      expect(await store.listFailing(41, ` b-${mark}`, 100)).not.toContainEqual(
        expect.objectContaining({ lane: `confirm b-${mark}` }),
      );
    });

    it("takes away what is behind the lanes that it is told, and no other", async () => {
      const [one, two, other] = [lane(), lane(), lane()];
      for (const each of [one, two, other]) await store.begin(each, NOW, rule);
      await store.clear([one, two, lane()]);
      await store.clear([]);
      expect(await store.find(one)).toBeUndefined();
      expect(await store.begin(two, NOW, rule)).toBe(1);
      expect(await store.find(other)).toMatchObject({ failures: 1 });
    });

    it("takes strange lanes for what they are", async () => {
      for (const one of ["__proto__", "' or 1=1 --", "constructor"]) {
        await store.clear([one]);
        expect(await store.find(one)).toBeUndefined();
        expect(await store.begin(one, NOW, rule)).toBe(1);
      }
    });

    it("allows two hundred parallel attempts no more than the rule says", async () => {
      const free = { delaysSeconds: [0, 0, 0, 0, 1], forgetAfterSeconds: 3600 };
      for (let round = 0; round < 10; round++) {
        const one = lane();
        expect(await many(200, () => store.begin(one, NOW, free))).toEqual(upTo(5));
        expect(await many(200, () => store.begin(one, NOW + 1000, free))).toEqual([6]);
      }
    });

    it("lets no parallel attempt past the hard cap", async () => {
      const capped = {
        delaysSeconds: [...Array.from({ length: 99 }, () => 0), FOREVER],
        forgetAfterSeconds: 3600,
      };
      const one = lane();
      expect(await many(200, () => store.begin(one, NOW, capped))).toEqual(upTo(100));
      expect(await many(200, () => store.begin(one, NOW + 86_400_000, capped))).toEqual([]);
    });

    it("starts a forgotten row once, however many attempts come at that moment", async () => {
      for (let round = 0; round < 10; round++) {
        const one = lane();
        for (let tries = 0; tries < 3; tries++) await store.begin(one, NOW + tries * 10_000, rule);
        expect(await many(200, () => store.begin(one, NOW + 7_200_000, rule))).toEqual(upTo(3));
      }
    });

    it("forgets lanes that nobody tries and that do not wait, and only those", async () => {
      await store.removeStale(NOW * 2, NOW * 4);
      const [stale, waiting, recent] = [lane(), lane(), lane()];
      await store.begin(stale, NOW, rule);
      await store.begin(waiting, NOW, { delaysSeconds: [7200], forgetAfterSeconds: 3600 });
      await store.begin(recent, NOW + 1, rule);
      expect(await store.removeStale(NOW, NOW + 3_600_000)).toBe(0);
      expect(await store.removeStale(NOW + 1, NOW + 3_600_000)).toBe(1);
      expect(await store.find(stale)).toBeUndefined();
      expect(await store.find(waiting)).toBeDefined();
      expect(await store.find(recent)).toBeDefined();
    });
  });
}
