/** What every MonitorStore must do. The memory store is the specification; the others pass the same suite. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Bucket, MOST_FIELDS, type MonitorStore, type Table } from "./store.ts";

export function describeMonitorStore(
  name: string,
  open: () => Promise<{ store: MonitorStore; close: () => Promise<void> }>,
): void {
  describe(`${name} as a store of what happens`, () => {
    let store: MonitorStore;
    let close: () => Promise<void>;
    beforeAll(async () => {
      ({ store, close } = await open());
    });
    afterAll(() => close?.());

    let next = 30_000_000;
    /** Each test far from the minutes of the others. */
    const someMinute = (): number => (next += 1000);
    const tally = (table: Table, fields: Record<string, number>, labels: Record<string, string> = {}) => ({
      counts: new Map([[table, new Map(Object.entries(fields))]]),
      labels: new Map(Object.entries(labels)),
    });
    const countOf = (bucket: Bucket | undefined, table: Table, field: string) =>
      bucket?.counts.get(table)?.get(field);

    it("adds up by minute, table and field, and keeps the first label", async () => {
      const minute = someMinute();
      expect(await store.read(minute)).toEqual([]);
      await store.add(minute, tally("address", { "a1 requests": 2 }, { a1: "sealed" }));
      await store.add(minute, tally("address", { "a1 requests": 3, "a1 limited": 1 }, { a1: "again" }));
      await store.add(minute + 1, tally("total", { requests: 7 }));
      const [first, second, ...more] = await store.read(minute + 1);
      expect([first?.minute, second?.minute, more]).toEqual([minute, minute + 1, []]);
      expect(countOf(first, "address", "a1 requests")).toBe(5);
      expect(countOf(first, "address", "a1 limited")).toBe(1);
      expect(countOf(first, "total", "requests")).toBeUndefined();
      expect(first?.labels.get("a1")).toBe("sealed");
      expect(countOf(second, "total", "requests")).toBe(7);
      expect((await store.read(minute)).map((bucket) => bucket.minute)).toEqual([minute]);
    });

    it("gives the totals of an hour and the details of half of it", async () => {
      const minute = someMinute();
      for (const ago of [60, 59, 30, 29, 0]) {
        await store.add(minute - ago, tally("total", { requests: 1 }));
        await store.add(minute - ago, tally("signin", { "a1 t1 known": 1 }, { t1: "sealed" }));
      }
      const read = await store.read(minute);
      const having = (table: Table) =>
        read.filter((bucket) => bucket.counts.has(table)).map((bucket) => minute - bucket.minute);
      expect(having("total")).toEqual([59, 30, 29, 0]);
      expect(having("signin")).toEqual([29, 0]);
      expect(read.filter(({ labels }) => labels.size > 0).length).toBe(2);
    });

    it("loses nothing of twenty parallel tallies", async () => {
      const minute = someMinute();
      await Promise.all(
        Array.from({ length: 20 }, (_, place) =>
          store.add(minute, tally("signin", { "a1 t1 known": 1, [`a1 t${place + 2} known`]: 1 })),
        ),
      );
      const [bucket] = await store.read(minute);
      expect(countOf(bucket, "signin", "a1 t1 known")).toBe(20);
      expect(bucket?.counts.get("signin")?.size).toBe(21);
    });

    it("does not grow with names that strangers choose, goes on counting the known and tells of the rest", async () => {
      const minute = someMinute();
      await store.add(minute, tally("asked", { "a1 known": 1 }));
      for (let round = 0; round < 3; round++)
        await store.add(
          minute,
          tally(
            "asked",
            Object.fromEntries(Array.from({ length: 1000 }, (_, place) => [`a1 ${round}-${place}`, 1])),
          ),
        );
      await store.add(minute, tally("asked", { "a1 known": 1 }));
      const [bucket] = await store.read(minute);
      expect(bucket?.counts.get("asked")?.size).toBe(MOST_FIELDS);
      expect(countOf(bucket, "asked", "a1 known")).toBe(2);
      expect(countOf(bucket, "total", "dropped")).toBe(3001 - MOST_FIELDS);
      await store.add(minute + 1, tally("asked", { "a1 next": 1 }));
      expect(countOf((await store.read(minute + 1))[1], "asked", "a1 next")).toBe(1);
    });
  });
}
