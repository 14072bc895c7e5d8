import type { KeyObject } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { macKey } from "../lib/bytes.ts";
import { systemRandom } from "../lib/random.ts";
import type { AtLeastOne, PurposeKeys } from "../lib/secret-keys.ts";
import { definePolicy } from "../policy.ts";
import { judgeOrigin } from "./origin.ts";
import { csrfTokens } from "./token.ts";

const always = (key: KeyObject): PurposeKeys => {
  const keys: AtLeastOne<KeyObject> = [key];
  return () => keys;
};
const tokensOf = (byte: number) => csrfTokens(always(macKey(new Uint8Array(32).fill(byte))));
const tokens = tokensOf(3);

describe("the token", () => {
  it("is good for its session and for no other, and different each time", () => {
    const [one, other] = [tokens.make("s1", systemRandom), tokens.make("s1", systemRandom)];
    expect(one).not.toBe(other);
    // More than once: what is remembered of one must not speak for another.
    for (let round = 0; round < 3; round++)
      expect([tokens.isGood("s1", one), tokens.isGood("s1", other), tokens.isGood("s2", one)]).toEqual([
        true,
        true,
        false,
      ]);
    expect(tokensOf(4).isGood("s1", one)).toBe(false);
  });

  it("with any one character changed is refused, and so is any text at all", () => {
    const token = tokens.make("s1", systemRandom);
    for (const isRemembered of [false, true]) {
      for (let at = 0; at < token.length; at++)
        for (const character of ["A", "B", "é"]) {
          const changed = token.slice(0, at) + character + token.slice(at + 1);
          if (changed !== token) expect(tokens.isGood("s1", changed)).toBe(false);
        }
      if (!isRemembered) expect(tokens.isGood("s1", token)).toBe(true);
    }
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(tokens.isGood("s1", text)).toBe(false);
      }),
    );
  });
});

describe("the origin", () => {
  const { csrf } = definePolicy({ environment: "test" });
  const own = ["https://hub.example"];

  it.each([
    ["same-origin", undefined, "own"],
    ["none", undefined, "own"],
    ["same-site", "https://blog.example", "foreign"],
    ["cross-site", undefined, "foreign"],
    ["Same-Origin", undefined, "foreign"],
    ["", undefined, "foreign"],
    ["same-origin,cross-site", undefined, "foreign"],
    ["cross-site", "https://hub.example", "foreign"],
    [undefined, "https://hub.example", "own"],
    [undefined, "http://hub.example", "foreign"],
    [undefined, "https://hub.example.evil.example", "foreign"],
    [undefined, "null", "foreign"],
    [undefined, "", "foreign"],
    [undefined, undefined, "silent"],
  ])("with Sec-Fetch-Site %j and Origin %j is %s", (fetchSite, origin, verdict) => {
    expect(judgeOrigin(csrf, { fetchSite, origin, own })).toBe(verdict);
  });

  it("that the policy names is trusted although the browser calls it cross-site", () => {
    const trusting = { ...csrf, trustedOrigins: ["https://app.example"] };
    expect(judgeOrigin(trusting, { fetchSite: "cross-site", origin: "https://app.example", own })).toBe(
      "own",
    );
    expect(judgeOrigin(trusting, { fetchSite: "cross-site", origin: "https://app.example.evil", own })).toBe(
      "foreign",
    );
  });
});
