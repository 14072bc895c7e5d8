import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { systemRandom } from "../lib/random.ts";
import { formatKey, parseKey, randomText, SCANNER_PATTERN, SECRET_LENGTH } from "./format.ts";

const letters = (length: number) =>
  fc
    .array(fc.constantFrom(..."0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"), {
      minLength: length,
      maxLength: length,
    })
    .map((all) => all.join(""));
const parts = fc.record({
  mode: fc.constantFrom("live", "test"),
  id: letters(8),
  secret: letters(SECRET_LENGTH),
});

describe("the form of a key", () => {
  it("gives back what it was made of", () => {
    fc.assert(
      fc.property(parts, (made) => {
        expect(parseKey(formatKey(made))).toEqual(made);
      }),
    );
  });

  it("refuses every single wrong character", () => {
    fc.assert(
      fc.property(parts, fc.nat(), fc.integer({ min: 33, max: 126 }), (made, at, code) => {
        const text = formatKey(made);
        const place = at % text.length;
        const sign = String.fromCharCode(code);
        fc.pre(text[place] !== sign);
        expect(parseKey(text.slice(0, place) + sign + text.slice(place + 1))).toBeUndefined();
      }),
      { numRuns: 2000 },
    );
  });

  it("refuses two neighbours in the wrong order", () => {
    fc.assert(
      fc.property(parts, fc.nat(), (made, at) => {
        const text = formatKey(made);
        const place = at % (text.length - 1);
        const [a = "", b = ""] = [text[place], text[place + 1]];
        fc.pre(a !== b);
        expect(parseKey(text.slice(0, place) + b + a + text.slice(place + 2))).toBeUndefined();
      }),
      { numRuns: 2000 },
    );
  });

  it("refuses what is cut off, lengthened, or something else altogether", () => {
    fc.assert(
      fc.property(parts, fc.integer({ min: 1, max: 65 }), (made, cut) => {
        const text = formatKey(made);
        for (const wrong of [text.slice(0, -cut), text.slice(cut), `${text}a`, ` ${text}`, `${text}\n`])
          expect(parseKey(wrong)).toBeUndefined();
      }),
    );
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(parseKey(text)).toBeUndefined();
      }),
    );
  });
});

describe("the pattern for scanners", () => {
  const page = readFileSync(new URL("../../../../docs/api-keys.md", import.meta.url), "utf8");

  it("stands in the manual as it is", () => {
    expect(page).toContain(`\n${SCANNER_PATTERN}\n`);
  });

  it("finds a key wherever somebody left it, whole and once", () => {
    const around = fc.constantFrom('"', "'", " ", "=", ":", "\n", "/", "(", ")", ",", "&", ";", "<", ">");
    fc.assert(
      fc.property(parts, around, around, fc.string(), (made, before, after, noise) => {
        const text = formatKey(made);
        const found = `${noise}${before}${text}${after}${noise}`.match(new RegExp(SCANNER_PATTERN, "g"));
        expect(found).toEqual([text]);
      }),
    );
  });

  it("finds nothing in what only looks like one", () => {
    const pattern = new RegExp(SCANNER_PATTERN);
    for (const text of [
      "aegis_live_",
      "aegis_live_Ab12Cd34",
      `aegis_live_Ab12Cd34_${"a".repeat(48)}`,
      `aegis_live_Ab12Cd34_${"a".repeat(50)}`,
      `aegis_prod_Ab12Cd34_${"a".repeat(49)}`,
      `my_aegis_live_Ab12Cd34_${"a".repeat(49)}`,
    ])
      expect([text, pattern.test(text)]).toEqual([text, false]);
  });
});

describe("random letters and digits", () => {
  it("are all 62, each about as often as the others", () => {
    const text = randomText(systemRandom, 62_000);
    const counts = new Map<string, number>();
    for (const sign of text) counts.set(sign, (counts.get(sign) ?? 0) + 1);
    expect(counts.size).toBe(62);
    expect(text).toMatch(/^[0-9A-Za-z]{62000}$/);
    // A thousand each; one that strays by 200 does so once in billions of runs.
    for (const [sign, times] of counts)
      expect([sign, times]).toEqual([
        sign,
        expect.toSatisfy((count: number) => Math.abs(count - 1000) < 200),
      ]);
  });
});
