import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonical } from "../lib/canonical.ts";
import { type ChainEntry, GENESIS, linked, lineOf } from "./chain.ts";
import { headKeys, headSigner, keyFromSeed, type SignedHead } from "./heads.ts";
import { sampleRecord } from "./store.contract.ts";
import { headLine, verifyChain } from "./verify.ts";

const SIZE = 60;
const signer = headSigner(keyFromSeed(new Uint8Array(32).fill(1)));
const thief = headSigner(keyFromSeed(new Uint8Array(32).fill(2)));
const keys = headKeys([signer.jwk]);
const entries = linked(
  GENESIS,
  Array.from({ length: SIZE }, (_, n) =>
    sampleRecord({ user_id: randomUUID(), facts: { count: n, reason: "ü “quoted” 🛳" } }),
  ),
);
const write = (chain: readonly ChainEntry[]): string[] =>
  chain.map((entry) => lineOf(entry, canonical(entry.record)));
const lines = write(entries);
const at = (seq: number): ChainEntry => {
  const entry = entries[seq - 1];
  if (entry === undefined) throw new Error(`no entry ${seq}`);
  return entry;
};
/** Kept elsewhere: what the end was. */
const end = signer.sign(at(SIZE), 1_800_000_000_000);
const kindsOf = async (edited: readonly string[], heads: readonly SignedHead[] = [end]) =>
  (await verifyChain(edited, { keys, heads })).problems.map(({ kind, seq }) => `${kind} ${seq}`);

describe("a log that nobody touched", () => {
  it("is found whole, with its heads, wherever they stand", async () => {
    const middle = headLine(signer.sign(at(30), 1));
    const report = await verifyChain([...lines.slice(0, 30), middle, ...lines.slice(30)], {
      keys,
      heads: [end],
    });
    expect(report).toMatchObject({ entries: SIZE, problemCount: 0, headsHeld: 2, headsUnchecked: 0 });
    expect(report.last).toEqual({ seq: SIZE, hash: at(SIZE).hash });
  });

  it("has heads that are not believed without a key", async () => {
    const report = await verifyChain(lines, { keys: new Map(), heads: [end] });
    expect(report).toMatchObject({ problemCount: 0, headsHeld: 0, headsUnchecked: 1 });
  });
});

describe("a log that somebody touched", () => {
  it("is found out and named by number: edit, delete, reorder, insert, cut, all written anew", async () => {
    const edited = { ...at(10), record: { ...at(10).record, outcome: "failure" as const } };
    const put = (entry: ChainEntry) => lines.with(entry.seq - 1, lineOf(entry, canonical(entry.record)));
    expect(await kindsOf(put(edited))).toEqual(["edited 10"]);
    const [rehashed] = linked({ seq: 9, hash: at(9).hash }, [edited.record]);
    expect(await kindsOf(put(rehashed ?? edited))).toEqual(["unlinked 11"]);
    expect(await kindsOf(lines.toSpliced(9, 1))).toEqual(["missing 10"]);
    expect(await kindsOf(lines.with(9, lines[10] ?? "").with(10, lines[9] ?? ""))).toEqual(["moved 10"]);
    expect(await kindsOf(lines.toSpliced(9, 0, lines[4] ?? ""))).toEqual(["inserted 5"]);
    expect(await kindsOf(lines.slice(0, 50))).toEqual(["cut 51"]);
    expect(await kindsOf([])).toEqual(["cut 1"]);
    expect(await kindsOf(lines.slice(3))).toEqual(["missing 1", "missing 2", "missing 3"]);
    const anew = linked({ seq: 9, hash: at(9).hash }, [
      edited.record,
      ...entries.slice(10).map(({ record }) => record),
    ]);
    expect(await kindsOf([...lines.slice(0, 9), ...write(anew)])).toEqual([`rewritten ${SIZE}`]);
    const resigned = { ...thief.sign(at(50), 1), kid: signer.kid };
    expect(await kindsOf([...lines.slice(0, 50), headLine(resigned)], [])).toEqual(["forged-head 50"]);
  });

  it("is not saved by a second spelling of the same line", async () => {
    const line = lines[4] ?? "";
    for (const other of [
      ` ${line}`,
      line.replace('{"hash"', '{"hash":"x","hash"'),
      line.replace('"seq":5', '"seq":5.0'),
      line.replace('"previous"', '"\\u0070revious"'),
      line.replace(/^\{/, '{"more":1,'),
      "null",
      "[",
    ])
      expect((await kindsOf(lines.with(4, other)))[0]).toBe("malformed 5");
  });

  it("is found out at a thousand of a thousand random edits, near the place", async () => {
    const place = fc.integer({ min: 1, max: SIZE });
    const letter = fc.integer({ min: 0, max: 10_000 });
    const edit = fc.oneof(
      fc.record({
        kind: fc.constant("flip" as const),
        seq: place,
        letter,
        by: fc.integer({ min: 1, max: 94 }),
      }),
      fc.record({ kind: fc.constant("drop" as const), seq: place, count: fc.integer({ min: 1, max: 5 }) }),
      fc.record({ kind: fc.constant("swap" as const), seq: place, other: place }),
      fc.record({ kind: fc.constant("copy" as const), seq: place, other: place }),
      fc.record({ kind: fc.constant("cut" as const), seq: place }),
      fc.record({ kind: fc.constant("forge" as const), seq: place }),
      fc.record({ kind: fc.constant("anew" as const), seq: place }),
    );
    type Edit = typeof edit extends fc.Arbitrary<infer E> ? E : never;
    const forged = (seq: number) => sampleRecord({ event: "account.restored", request_id: `${seq}` });
    const behind = (seq: number) => (seq === 1 ? GENESIS : { seq: seq - 1, hash: at(seq - 1).hash });
    const apply = (one: Edit): { readonly edited: readonly string[]; readonly from: number } => {
      const index = one.seq - 1;
      const line = lines[index] ?? "";
      switch (one.kind) {
        case "flip": {
          const spot = one.letter % line.length;
          const code = line.charCodeAt(spot);
          const other = String.fromCharCode(code > 126 ? 63 : 32 + ((code - 32 + one.by) % 95));
          return {
            edited: lines.with(index, line.slice(0, spot) + other + line.slice(spot + 1)),
            from: one.seq,
          };
        }
        case "drop":
          return { edited: lines.toSpliced(index, one.count), from: one.seq };
        case "swap":
          return {
            edited: lines.with(index, lines[one.other - 1] ?? "").with(one.other - 1, line),
            from: Math.min(one.seq, one.other),
          };
        case "copy":
          return { edited: lines.toSpliced(one.other - 1, 0, line), from: Math.min(one.seq, one.other) };
        case "cut":
          return { edited: lines.slice(0, index), from: one.seq };
        case "forge": {
          const [entry = at(1)] = linked(behind(one.seq), [forged(one.seq)]);
          return { edited: lines.toSpliced(index, 0, ...write([entry])), from: one.seq };
        }
        case "anew": {
          const rest = entries.slice(index).map(({ record }) => record);
          return {
            edited: [
              ...lines.slice(0, index),
              ...write(linked(behind(one.seq), [forged(0), ...rest.slice(1)])),
            ],
            from: one.seq,
          };
        }
      }
    };
    let edits = 0;
    let found = 0;
    await fc.assert(
      fc.asyncProperty(edit, async (one) => {
        const { edited, from } = apply(one);
        fc.pre(edited.join("\n") !== lines.join("\n"));
        edits += 1;
        const report = await verifyChain(edited, { keys, heads: [end] });
        expect(report.problemCount, JSON.stringify(one)).toBeGreaterThan(0);
        // A changed digit of a number is told at the number it was changed to, and at the one that is missing.
        const near = report.problems.some(({ seq }) => seq >= from - 1 && seq <= from + 1);
        expect(near || report.problems[0]?.kind === "rewritten", JSON.stringify(report.problems)).toBe(true);
        found += 1;
      }),
      { numRuns: 1000 },
    );
    expect([edits, found]).toEqual([1000, 1000]);
  });
});
