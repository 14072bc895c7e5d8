/** What is a pattern and what is a quiet class, over classes and attacks that are made up at random. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findingsOf } from "./patterns.ts";
import type { Bucket, Table } from "./store.ts";
import { windowOf } from "./window.ts";

const NOW = 30_000_000;

/** Writes buckets as the counting does: minutes ago, table, field, how often. */
function written(rows: readonly (readonly [ago: number, table: Table, field: string, count?: number])[]) {
  const buckets = new Map<number, Map<Table, Map<string, number>>>();
  for (const [ago, table, field, count = 1] of rows) {
    const counts = buckets.get(ago) ?? new Map<Table, Map<string, number>>();
    const fields = counts.get(table) ?? new Map<string, number>();
    fields.set(field, (fields.get(field) ?? 0) + count);
    buckets.set(ago, counts.set(table, fields));
  }
  const all: Bucket[] = [...buckets]
    .toSorted(([a], [b]) => b - a)
    .map(([ago, counts]) => ({ minute: NOW - ago, counts, labels: new Map() }));
  return findingsOf(windowOf(all));
}
const evidenceOf = (findings: ReturnType<typeof written>) =>
  findings.map(({ pattern, evidence }) => [pattern, evidence[0]?.value]);
const times = <T>(count: number, make: (place: number) => T): T[] =>
  Array.from({ length: count }, (_, place) => make(place));

describe("a class of thirty pupils behind one address", () => {
  const pupil = fc.record({
    ago: fc.integer({ min: 0, max: 29 }),
    mistypesPassword: fc.integer({ min: 0, max: 3 }),
    mistypesName: fc.boolean(),
    isSlow: fc.integer({ min: 0, max: 9 }),
  });

  it("is no finding, however they mistype before they get in", () => {
    fc.assert(
      fc.property(fc.array(pupil, { minLength: 30, maxLength: 30 }), (pupils) => {
        // Of thirty, one in three mistypes the own name at most.
        let names = 0;
        const rows = pupils.flatMap(({ ago, mistypesPassword, mistypesName, isSlow }, place) => {
          const one: [number, Table, string, number?][] = [[ago, "signin", `class p${place} in`]];
          if (mistypesPassword > 0) one.push([ago, "signin", `class p${place} known`, mistypesPassword]);
          if (mistypesName && names++ < 10) one.push([ago, "signin", `class wrong${place} unknown`]);
          // They read the same forty pages, and one of them a link that is broken.
          for (let page = 0; page < 40; page++) one.push([isSlow, "page", `class page${page} read`]);
          one.push([isSlow, "address", "class requests", 40], [ago, "missing", "class broken missing"]);
          one.push([ago, "asked", `class p${place} asked`]);
          return one;
        });
        expect(written(rows)).toEqual([]);
      }),
    );
  });

  it("is none either where a few forget their passwords for good", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 8 }), (forgot) => {
        const rows = times(30, (place): [number, Table, string, number?] =>
          place < forgot ? [2, "signin", `class p${place} known`, 4] : [1, "signin", `class p${place} in`],
        );
        expect(written(rows)).toEqual([]);
      }),
    );
  });
});

describe("an attack", () => {
  it("that tries a list of names once each from one address is stuffing, and says where it got in", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 40, max: 300 }),
        fc.integer({ min: 0, max: 19 }),
        fc.integer({ min: 0, max: 3 }),
        (names, known, entered) => {
          const [finding, ...more] = written([
            ...times(names, (place): [number, Table, string] => [
              place % 30,
              "signin",
              `bad n${place} ${place < known ? "known" : "unknown"}`,
            ]),
            ...times(entered, (place): [number, Table, string] => [0, "signin", `bad in${place} in`]),
          ]);
          expect(more).toEqual([]);
          expect(finding).toMatchObject({ pattern: "stuffing", addresses: ["bad"] });
          expect(finding?.evidence.map(({ value }) => value)).toEqual([names, names - known, names, entered]);
          expect(finding?.firstAt).toBe((NOW - 29) * 60_000);
          expect(finding?.lastAt).toBe(NOW * 60_000);
        },
      ),
    );
  });

  it("that tries few passwords on many accounts is spraying, from one address or each from its own", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 15, max: 200 }),
        fc.integer({ min: 1, max: 5 }),
        fc.boolean(),
        (accounts, tries, spread) => {
          const findings = written(
            times(accounts, (place): [number, Table, string, number] => [
              place % 30,
              "signin",
              `${spread ? `bad${place}` : "bad"} u${place} known`,
              tries,
            ]),
          );
          expect(evidenceOf(findings)).toEqual([["spraying", accounts]]);
          expect(findings[0]?.evidence[3]?.value).toBe(spread ? accounts : 1);
          expect(findings[0]?.exampleAccount).toMatch(/^u\d+$/);
        },
      ),
    );
  });

  it("that sprays shows also while twice as many people sign in, and while its accounts' owners do", () => {
    const attack = times(50, (place): [number, Table, string, number] => [
      3,
      "signin",
      `bad u${place} known`,
      2,
    ]);
    const people = (count: number) =>
      times(count, (place): [number, Table, string] => [place % 30, "signin", `home${place} u${place} in`]);
    expect(evidenceOf(written([...attack, ...people(100)]))).toEqual([["spraying", 50]]);
    expect(written([...attack, ...people(101)])).toEqual([]);
  });

  it("on one account is guessing, from however many addresses", () => {
    const findings = written(times(25, (place) => [place % 5, "signin", `bad${place % 7} victim known`, 1]));
    expect(evidenceOf(findings)).toEqual([["guessing", 25]]);
    expect(findings[0]).toMatchObject({ account: "victim", evidence: [{}, { value: 7 }, { value: 0 }] });
    expect(written(times(19, () => [0, "signin", "own u1 known"]))).toEqual([]);
  });

  it("that asks for one name after the other, or for pages that are not there, is enumeration", () => {
    expect(evidenceOf(written(times(60, (place) => [place % 20, "asked", `bad n${place} asked`])))).toEqual([
      ["enumeration", 60],
    ]);
    expect(written(times(59, (place) => [place % 20, "asked", `bad n${place} asked`]))).toEqual([]);
    expect(written(times(40, (place) => [1, "missing", `bad p${place} missing`])).length).toBe(1);
    expect(written(times(400, () => [1, "missing", "bad broken missing"]))).toEqual([]);
  });

  it("that reads everything at a steady pace, or goes on after refusals, is scraping", () => {
    const pages = (count: number) =>
      times(count, (place): [number, Table, string] => [place % 6, "page", `bad p${place} read`]);
    const steady = times(6, (ago): [number, Table, string, number] => [ago, "address", "bad requests", 120]);
    expect(evidenceOf(written([...pages(200), ...steady]))).toEqual([["scraping", 200]]);
    expect(written([...pages(199), ...steady])).toEqual([]);
    expect(written([...pages(300), ...steady.slice(0, 4)])).toEqual([]);
    const refused: [number, Table, string, number] = [0, "address", "bad read_limited", 20];
    const few: [number, Table, string, number] = [0, "address", "bad requests", 120];
    expect(evidenceOf(written([...pages(100), few, refused]))).toEqual([["scraping", 100]]);
  });
});
