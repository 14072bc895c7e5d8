/** However people lay their code out: the corpus with spaces, lines and comments at random places. */
import * as fc from "fast-check";
import type { Node } from "oxc-parser";
import { expect, it } from "vitest";
import { readCases } from "../../../../test/support/corpus.ts";
import { parseModule, parseTree } from "../source/parse.ts";
import { type Change, migrate } from "./engine.ts";

const RUNS = Number(process.env["LAYOUT_RUNS"] ?? 300);
const cases = readCases();
const GAPS = [
  "\n",
  "\r\n",
  "\t",
  "  ",
  " /* aside */ ",
  " // aside\n",
  "\n// aside\n\n",
  " /* two\nlines */ ",
];

const laidOut = (text: string, places: readonly (readonly [number, number])[]): string => {
  const spaces = [...text.matchAll(/[ \t]+|(?<=[,({[])/g)].map(({ index }) => index);
  let result = text;
  const chosen = new Map(places.map(([at, gap]) => [spaces[at % Math.max(1, spaces.length)] ?? 0, gap]));
  for (const [at, gap] of [...chosen].toSorted(([a], [b]) => b - a))
    result = result.slice(0, at) + (GAPS[gap] ?? "") + result.slice(at);
  return result;
};

/** Statements that no edit touches, and that are not the same in the text after the edits. */
function disturbed({ path, before, after, edits }: Change): readonly string[] {
  const there = new Map(statements(path, after).map(({ type, start, end }) => [`${type} ${start}`, end]));
  return statements(path, before)
    .filter(({ start, end }) => !edits.some((edit) => edit.start < end && edit.end > start))
    .filter(({ type, start, end }) => {
      const shift = edits
        .filter((edit) => edit.end <= start)
        .reduce((sum, edit) => sum + edit.text.length - (edit.end - edit.start), 0);
      const text = before.slice(start, end);
      const now = after.slice(start + shift, there.get(`${type} ${start + shift}`));
      // A semicolon behind it, in the next line too, is its own.
      return !now.startsWith(text) || !/^(?:\s|\/\/.*|\/\*[^]*?\*\/|;)*$/.test(now.slice(text.length));
    })
    .map(({ type, start }) => `${type} at ${start}`);
}

const statements = (path: string, text: string): readonly Node[] =>
  parseModule(path, text).nodes.filter(({ type }) => /^(?!TS).*(?:Statement|Declaration)$/.test(type));

const parses = (path: string, text: string): boolean => {
  try {
    parseTree(path, text);
    return true;
  } catch {
    return false;
  }
};

it(
  "writes files that parse, whose other statements are the same, and nothing the second time",
  () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...cases),
        fc.array(fc.tuple(fc.nat(10_000), fc.nat(GAPS.length - 1)), { minLength: 1, maxLength: 12 }),
        ({ files, options }, places) => {
          const changed = new Map(
            [...files].map(([path, text]): [string, string] => {
              const other = laidOut(text, places);
              return [path, parses(path, other) ? other : text];
            }),
          );
          const { changes, findings } = migrate(changed, options);
          expect(findings.filter(({ what }) => what.startsWith("is left as it is"))).toEqual([]);
          for (const change of changes) {
            const { path, after } = change;
            expect(parses(path, after)).toBe(true);
            expect(disturbed(change)).toEqual([]);
            changed.set(path, after);
          }
          expect(migrate(changed, options).changes).toEqual([]);
        },
      ),
      { numRuns: RUNS },
    );
  },
  30_000 + RUNS * 10,
);
