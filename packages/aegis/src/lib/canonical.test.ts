import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonical } from "./canonical.ts";

describe("the canonical text", () => {
  it("is that of RFC 8785: its examples of numbers, strings and order", () => {
    expect(
      canonical({
        numbers: JSON.parse("[333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001]"),
        string: "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"/",
        literals: [null, true, false],
      }),
    ).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
    expect(
      canonical({
        "\u20ac": 1,
        "\r": 2,
        "\ufb33": 3,
        "1": 4,
        "\ud83d\ude00": 5,
        "\u0080": 6,
        "\u00f6": 7,
        "10": 8,
      }),
    ).toBe('{"\\r":2,"1":4,"10":8,"\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3}');
    expect(canonical({ b: undefined, a: -0 })).toBe('{"a":0}');
  });

  it("is the same whatever the order, and reads back as what it was", () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        const text = canonical(value);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(canonical(JSON.parse(text))).toBe(text);
      }),
    );
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, "\ud800", { "\udc00": 1 }, undefined, 1n, () => 1])(
    "does not exist for %o",
    (value) => expect(() => canonical(value)).toThrow(TypeError),
  );
});
