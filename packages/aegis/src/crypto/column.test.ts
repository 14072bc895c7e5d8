import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { systemRandom } from "../lib/random.ts";
import { type ColumnOptions, encryptedColumn } from "./column.ts";
import {
  DataKeyError,
  derivedDataKeys,
  dropDataKey,
  newDataKeyRing,
  openDataKeys,
  parseDataKeyRing,
  prepareDataKey,
  rotateDataKeys,
} from "./data-keys.ts";
import { SealError } from "./sealer.ts";

const ring = newDataKeyRing(systemRandom, 0);
const column = (over: Partial<ColumnOptions> = {}, from = ring) =>
  encryptedColumn({ table: "notes", column: "body", ...over }, openDataKeys(from), systemRandom);
const place = { row: "7", tenant: "acme" };

describe("an encrypted column", () => {
  it("opens what it sealed, and never seals alike", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.string(), fc.string(), (text, row, tenant) => {
        const sealed = column().seal(text, { row, tenant });
        expect(column().open(sealed, { row, tenant })).toBe(text);
        expect(column().seal(text, { row, tenant })).not.toBe(sealed);
        expect(sealed).toMatch(/^e1\.[\w-]{8}\.[\w-]{118,}$/);
      }),
    );
  });

  it.each([
    ["another row", {}, { ...place, row: "8" }],
    ["another tenant", {}, { ...place, tenant: "test.com" }],
    ["no tenant", {}, { row: "7" }],
    ["a place that is written alike", {}, { row: "e7", tenant: "acm" }],
    ["another column", { column: "title" }, place],
    ["another table", { table: "letters" }, place],
  ])("does not open a value that was moved to %s", (_name, over, elsewhere) => {
    const sealed = column().seal("Wide rivers", place);
    expect(() => column(over).open(sealed, elsewhere)).toThrow(SealError);
    expect(() => column(over).rewrap(sealed, elsewhere)).toThrow(SealError);
  });

  it("does not open a value of which any one character was changed, cut off or put on", () => {
    const sealed = column().seal("Wide rivers", place);
    for (let at = 0; at < sealed.length; at++)
      for (const other of ["A", "Q", "_"].filter((letter) => letter !== sealed[at]))
        expect(() => column().open(sealed.slice(0, at) + other + sealed.slice(at + 1), place)).toThrow(
          SealError,
        );
    for (const changed of [sealed.slice(0, -1), `${sealed}A`, `${sealed}=`, ` ${sealed}`, "", "Wide rivers"])
      expect(() => column().open(changed, place)).toThrow(SealError);
  });

  it("does not open a value under the data key of another", () => {
    const [first, second] = [column().seal("aaaa", place), column().seal("bbbb", place)];
    const head = first.slice(0, 12 + 80); // version, kid and the wrapped key
    expect(() => column().open(head + second.slice(head.length), place)).toThrow(SealError);
  });
});

describe("a rotation", () => {
  it("opens what is under the key before, wraps it anew without touching what is inside, and then needs it no more", () => {
    const sealed = column().seal("Wide rivers", place);
    const { ring: rotated, active, decryptOnly } = rotateDataKeys(ring, systemRandom, 5);
    const now = column({}, rotated);
    expect(now.open(sealed, place)).toBe("Wide rivers");
    expect(now.isOld(sealed)).toBe(true);
    const fresh = now.rewrap(sealed, place);
    expect([now.isOld(fresh), fresh.startsWith(now.activePrefix)]).toEqual([false, true]);
    expect(fresh.slice(12 + 80)).toBe(sealed.slice(12 + 80));
    const [old = ""] = decryptOnly;
    const dropped = dropDataKey(rotated, old);
    expect(column({}, dropped).open(fresh, place)).toBe("Wide rivers");
    expect(() => column({}, dropped).open(sealed, place)).toThrow(/no key of the ring/);
    expect(() => dropDataKey(rotated, active)).toThrow(DataKeyError);
  });

  it("uses the key that was prepared, which every server then has already", () => {
    const prepared = prepareDataKey(ring, systemRandom, 1);
    const { ring: rotated } = rotateDataKeys(prepared, systemRandom, 2);
    const early = column({}, prepared);
    expect(early.open(column({}, rotated).seal("x", place), place)).toBe("x");
    expect(early.activePrefix).toBe(column().activePrefix);
    expect(rotateDataKeys(rotated, systemRandom, 3).active).not.toBe(ring.data_keys[0]?.kid);
  });

  it("takes no ring with two active keys, a key under another's name, or anything more", () => {
    const [one] = ring.data_keys;
    const other = newDataKeyRing(systemRandom, 0).data_keys[0];
    for (const bad of [
      { data_keys: [] },
      { data_keys: [one, other] },
      { data_keys: [{ ...one, kid: other?.kid }] },
      { ...ring, more: 1 },
      { keys: [] },
      null,
    ])
      expect(() => parseDataKeyRing(bad)).toThrow(DataKeyError);
  });
});

describe("a blind index", () => {
  it("is the same for what counts as the same, in one tenant, column and table alone", () => {
    const addresses = column({ search: "caseless" });
    const index = addresses.blindIndex(" Ada@Example.com", "acme");
    expect(index).toBe(addresses.blindIndex("ada@example.COM ", "acme"));
    expect(index).toMatch(/^[\w-]{43}$/);
    const others = [
      addresses.blindIndex("ada@example.com", "test.com"),
      addresses.blindIndex("ada@example.com"),
      column({ search: "caseless", column: "title" }).blindIndex("ada@example.com", "acme"),
      column({ search: "caseless" }, newDataKeyRing(systemRandom, 0)).blindIndex("ada@example.com", "acme"),
      column().blindIndex("Ada@example.com", "acme"),
    ];
    expect(new Set([index, ...others]).size).toBe(6);
  });

  it("stays when wrap keys rotate, and is refused where there is no key that stays", () => {
    const rotated = rotateDataKeys(ring, systemRandom, 1).ring;
    expect(column({}, rotated).blindIndex("x")).toBe(column().blindIndex("x"));
    const derived = encryptedColumn(
      { table: "notes", column: "body" },
      derivedDataKeys([new Uint8Array(32).fill(2), new Uint8Array(32).fill(1)]),
      systemRandom,
    );
    expect(() => derived.blindIndex("x")).toThrow(/key ring/);
    const before = encryptedColumn(
      { table: "notes", column: "body" },
      derivedDataKeys([new Uint8Array(32).fill(1)]),
      systemRandom,
    );
    expect(derived.open(before.seal("kept", place), place)).toBe("kept");
  });
});
