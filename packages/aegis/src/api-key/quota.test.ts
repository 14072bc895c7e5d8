import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Resets } from "./policy.ts";
import { apiKeyDefaults } from "./policy.ts";
import { dayOf, daysBefore, quotaWindow, tierOf, usedIn } from "./quota.ts";

const schedules: readonly Resets[] = ["hourly", "daily", "monthly"];
const moment = fc.integer({ min: Date.UTC(1971, 0, 1), max: Date.UTC(2199, 11, 31) });

describe.each(schedules)("a window that resets %s", (resets) => {
  it("holds the moment that it is asked for, and is the same for every moment in it", () => {
    fc.assert(
      fc.property(moment, fc.double({ min: 0, max: 0.999_999, noNaN: true }), (now, part) => {
        const window = quotaWindow(resets, now);
        expect(window.start).toBeLessThanOrEqual(now);
        expect(window.end).toBeGreaterThan(now);
        const other = Math.floor(window.start + part * (window.end - window.start));
        expect(quotaWindow(resets, other)).toEqual(window);
      }),
    );
  });

  it("is followed by the next one without a gap", () => {
    fc.assert(
      fc.property(moment, (now) => {
        const { start, end } = quotaWindow(resets, now);
        expect(quotaWindow(resets, end).start).toBe(end);
        expect(quotaWindow(resets, start - 1).end).toBe(start);
      }),
    );
  });

  it("begins on the hour, at midnight, on the first, in UTC", () => {
    fc.assert(
      fc.property(moment, (now) => {
        const begin = new Date(quotaWindow(resets, now).start).toISOString();
        expect(begin).toMatch(
          { hourly: /:00:00\.000Z$/, daily: /T00:00:00\.000Z$/, monthly: /-01T00:00:00\.000Z$/ }[resets],
        );
      }),
    );
  });
});

describe("a month", () => {
  it.each([
    ["2027-01-31T23:59:59.999Z", "2027-01-01", "2027-02-01", 31],
    ["2027-02-28T12:00:00.000Z", "2027-02-01", "2027-03-01", 28],
    ["2028-02-29T23:59:59.999Z", "2028-02-01", "2028-03-01", 29],
    ["2100-02-28T00:00:00.000Z", "2100-02-01", "2100-03-01", 28],
    ["2000-02-29T00:00:00.000Z", "2000-02-01", "2000-03-01", 29],
    ["2027-12-31T23:59:59.999Z", "2027-12-01", "2028-01-01", 31],
    ["2027-04-30T00:00:00.000Z", "2027-04-01", "2027-05-01", 30],
  ])("that has %s in it goes from %s to %s: %i days", (now, start, end, days) => {
    const window = quotaWindow("monthly", Date.parse(now));
    expect([dayOf(window.start), dayOf(window.end)]).toEqual([start, end]);
    expect((window.end - window.start) / 86_400_000).toBe(days);
  });
});

describe("what was used", () => {
  it("counts in its own window and not in the next", () => {
    fc.assert(
      fc.property(moment, fc.nat(), (now, quotaUsed) => {
        const window = quotaWindow("daily", now);
        expect(usedIn(window, { quotaStart: window.start, quotaUsed })).toBe(quotaUsed);
        const next = quotaWindow("daily", window.end);
        expect(usedIn(next, { quotaStart: window.start, quotaUsed })).toBe(0);
      }),
    );
  });
});

describe("days and tiers", () => {
  it("go back over month ends and leap days", () => {
    expect(daysBefore(Date.UTC(2028, 2, 1), 1)).toBe("2028-02-29");
    expect(daysBefore(Date.UTC(2027, 2, 1), 29)).toBe("2027-01-31");
  });

  it("of a name that the policy no longer has are the default one, and nothing where there is none", () => {
    const policy = apiKeyDefaults("test");
    expect(tierOf(policy, "high").requestsLimit).toBe(1_000_000);
    expect(tierOf(policy, "gone").name).toBe("standard");
    expect(tierOf({ ...policy, tiers: [] }, "gone").requestsLimit).toBe(0);
  });
});
