import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { keptBackups } from "./retention.ts";

const at = (time: string) => ({ id: time, createdAt: Date.parse(time) });
const none = { keepLatestCount: 1, keepDailyCount: 0, keepWeeklyCount: 0, keepMonthlyCount: 0 };
const kept = (times: readonly string[], keep: Partial<typeof none>): string[] =>
  [...keptBackups(times.map(at), { ...none, ...keep })].toSorted();

describe("what is kept of backups", () => {
  it("is the last of a day, a week from Monday to Sunday, a month, by UTC", () => {
    const times = [
      "2026-10-31T23:59:00Z",
      "2026-11-15T12:00:00Z", // a Sunday
      "2026-11-16T01:00:00Z",
      "2026-11-20T01:00:00Z",
      "2026-11-21T01:00:00Z",
      "2026-11-21T23:00:00Z",
    ];
    expect(kept(times, { keepDailyCount: 2 })).toEqual(["2026-11-20T01:00:00Z", "2026-11-21T23:00:00Z"]);
    expect(kept(times, { keepWeeklyCount: 2 })).toEqual(["2026-11-15T12:00:00Z", "2026-11-21T23:00:00Z"]);
    expect(kept(times, { keepMonthlyCount: 9 })).toEqual(["2026-10-31T23:59:00Z", "2026-11-21T23:00:00Z"]);
    expect(kept(times, { keepLatestCount: 2 })).toEqual(["2026-11-21T01:00:00Z", "2026-11-21T23:00:00Z"]);
  });

  it("counts days that have backups: a server that stood still for a year keeps as many", () => {
    const times = ["2025-01-01T00:00:00Z", "2025-01-02T00:00:00Z", "2026-11-21T00:00:00Z"];
    expect(kept(times, { keepDailyCount: 3 })).toEqual(times);
  });

  it("always holds the newest, no more than the settings add up to, and stays when it is cut again", () => {
    const count = fc.integer({ min: 0, max: 5 });
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 0, max: 4e12 }), { maxLength: 60 }),
        fc.record({
          keepLatestCount: count,
          keepDailyCount: count,
          keepWeeklyCount: count,
          keepMonthlyCount: count,
        }),
        (times, keep) => {
          const backups = times.map((createdAt) => ({ id: String(createdAt), createdAt }));
          const first = keptBackups(backups, keep);
          const most =
            Math.max(1, keep.keepLatestCount) +
            keep.keepDailyCount +
            keep.keepWeeklyCount +
            keep.keepMonthlyCount;
          expect(first.size).toBeLessThanOrEqual(most);
          if (times.length > 0) expect(first.has(String(Math.max(...times)))).toBe(true);
          expect(
            keptBackups(
              backups.filter(({ id }) => first.has(id)),
              keep,
            ),
          ).toEqual(first);
        },
      ),
    );
  });
});
