import { describe, expect, it } from "vitest";
import { COUNTED_ROWS, cursors, type Keyed, numbered, numberedFacts, pageOf, readPage } from "./paging.ts";

const made = cursors(new Uint8Array(32).fill(7));
const scope = ["things", "tenant", "name", ""];
const rows = (names: readonly string[]): Keyed<string>[] =>
  names.map((name) => ({ item: name, key: [name, "id"] }));
const total = { count: 9, isCapped: false };
const place = { path: "/things", cursors: made };

describe("a page by number", () => {
  it("asks for one row more than it shows, and says with it whether there are others", () => {
    const first = readPage({ per_page: "2" }, scope, made);
    expect(first.window).toEqual({ limit: 3, offset: 0, position: undefined });
    const shown = pageOf(first, rows(["a", "b", "c"]), total, {
      ...place,
      filters: { q: "x y", sort: undefined },
    });
    expect(shown).toMatchObject({ items: ["a", "b"], page: 1, per_page: 2, total: 9, previous_cursor: null });
    expect(shown.links).toEqual({
      self: "/things?q=x+y&page=1&per_page=2",
      first: "/things?q=x+y&per_page=2",
      previous: null,
      next: "/things?q=x+y&page=2&per_page=2",
    });
    expect(made.open(scope, shown.next_cursor ?? "")).toEqual({ direction: "after", key: ["b", "id"] });
    const last = pageOf(readPage({ page: "3", per_page: "2" }, scope, made), rows(["e"]), total, place);
    expect([last.links.next, last.next_cursor]).toEqual([null, null]);
  });

  it("reaches as far as rows are counted, and goes on by cursor from there", () => {
    const query = { page: String(COUNTED_ROWS / 100), per_page: "100" };
    const names = Array.from({ length: 101 }, (_, index) => String(index));
    const page = pageOf(
      readPage(query, scope, made),
      rows(names),
      { count: COUNTED_ROWS, isCapped: true },
      place,
    );
    expect(page.links.next).toMatch(/cursor=/);
    expect(page.total_capped).toBe(true);
    expect(() => readPage({ ...query, page: "101" }, scope, made)).toThrow();
    expect(() => readPage({ page: "999999", per_page: "100" }, scope, made)).toThrow();
  });
});

describe("a list by number alone", () => {
  it("says where it is, how much there is, and the way to the others, with what was searched for", () => {
    const page = numbered({ page: "3", per_page: "10" });
    expect(page).toEqual({ page: 3, limit: 10, offset: 20 });
    expect(numberedFacts(page, 31, "/users", { q: "a&b", sort: undefined, page: "9" })).toEqual({
      total: 31,
      page: 3,
      per_page: 10,
      links: {
        self: "/users?q=a%26b&page=3&per_page=10",
        first: "/users?q=a%26b&page=1&per_page=10",
        previous: "/users?q=a%26b&page=2&per_page=10",
        next: "/users?q=a%26b&page=4&per_page=10",
        last: "/users?q=a%26b&page=4&per_page=10",
      },
    });
    expect(numberedFacts(numbered({}), 0, "/users").links).toMatchObject({ previous: null, next: null });
    expect(numberedFacts(numbered({ page: "99" }), 26, "/users").links).toMatchObject({
      previous: "/users?page=2&per_page=25",
      next: null,
    });
  });
});

describe("a page by cursor", () => {
  it("is read backward, too, and then leaves out the row that is too many at its beginning", () => {
    const cursor = made.seal(scope, { direction: "before", key: ["d", "id"] });
    const request = readPage({ cursor, per_page: "2" }, scope, made);
    expect(request.window.position).toEqual({ direction: "before", key: ["d", "id"] });
    const page = pageOf(request, rows(["a", "b", "c"]), total, place);
    expect([page.items, page.page]).toEqual([["b", "c"], null]);
    expect(made.open(scope, page.previous_cursor ?? "")).toEqual({ direction: "before", key: ["b", "id"] });
    expect(pageOf(request, rows(["b", "c"]), total, place).previous_cursor).toBeNull();
  });
});

describe("a cursor", () => {
  it("opens in its own list alone, for whoever has its key, and not when one letter is another", () => {
    const cursor = made.seal(scope, { direction: "after", key: ["a", "id"] });
    expect(made.open(scope, cursor)).toBeDefined();
    for (const other of [
      ["things", "other", "name", ""],
      ["things", "tenant", "name"],
      ["things", "tenant", "name,"],
      [],
    ])
      expect(made.open(other, cursor)).toBeUndefined();
    expect(cursors(new Uint8Array(32).fill(8)).open(scope, cursor)).toBeUndefined();
    for (let index = 0; index < cursor.length; index++) {
      const changed = cursor.slice(0, index) + (cursor[index] === "A" ? "E" : "A") + cursor.slice(index + 1);
      expect(made.open(scope, changed)).toBeUndefined();
    }
    for (const text of ["", "x", "x".repeat(43), "x".repeat(5000), cursor + cursor, cursor.slice(1)])
      expect(made.open(scope, text)).toBeUndefined();
    expect(() => made.seal(scope, { direction: "after", key: ["x".repeat(2000)] })).toThrow(RangeError);
  });
});
