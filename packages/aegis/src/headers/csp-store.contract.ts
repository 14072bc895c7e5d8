/** What every CspReportStore must do. The memory store is the specification; the others pass the same suite. */
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { COMMONEST_KEPT, type CspReportStore, NEWEST_KEPT } from "./csp-groups.ts";

export function describeCspReportStore(
  name: string,
  open: () => Promise<{ store: CspReportStore; close: () => Promise<void> }>,
): void {
  describe(`${name} as a store of reports of the page policy`, () => {
    const NOW = 1_800_000_000_000;
    const kind = (page: string) => ({ directive: "img-src", blocked: "https://elsewhere.example", page });
    let store: CspReportStore;
    const closing: (() => Promise<void>)[] = [];
    beforeEach(async () => {
      const opened = await open();
      ({ store } = opened);
      closing.push(opened.close);
      await store.removeBefore(NOW * 2);
    });
    afterAll(async () => {
      for (const close of closing) await close();
    });

    it("counts reports of one kind together, with the first and the last of them", async () => {
      await store.add(kind("/a"), NOW + 5);
      await store.add(kind("/b"), NOW + 7);
      await store.add(kind("/a"), NOW);
      await store.add(kind("/a"), NOW + 2);
      expect(await store.list()).toEqual([
        { ...kind("/b"), count: 1, firstAt: NOW + 7, lastAt: NOW + 7 },
        { ...kind("/a"), count: 3, firstAt: NOW, lastAt: NOW + 5 },
      ]);
    });

    it("loses nothing of twenty parallel reports", async () => {
      await Promise.all(Array.from({ length: 20 }, () => store.add(kind("/a"), NOW)));
      expect((await store.list()).map(({ count }) => count)).toEqual([20]);
    });

    it("does not grow with kinds that strangers make up, and keeps what is reported most and what came last", async () => {
      for (let times = 0; times < 3; times++) await store.add(kind("/real"), NOW);
      const made = NEWEST_KEPT + COMMONEST_KEPT + 50;
      for (let place = 0; place < made; place++) await store.add(kind(`/made-up-${place}`), NOW + 1 + place);
      await store.add(kind("/new"), NOW + 1000);
      const pages = (await store.list()).map(({ page }) => page);
      expect(pages.length).toBeLessThanOrEqual(NEWEST_KEPT + COMMONEST_KEPT);
      expect(pages).toEqual(expect.arrayContaining(["/real", "/new", `/made-up-${made - 1}`]));
      expect(pages).not.toContain("/made-up-0");
    });

    it("forgets what was not reported for long", async () => {
      await store.add(kind("/old"), NOW);
      await store.add(kind("/new"), NOW + 10);
      expect(await store.removeBefore(NOW + 1)).toBe(1);
      expect((await store.list()).map(({ page }) => page)).toEqual(["/new"]);
    });
  });
}
