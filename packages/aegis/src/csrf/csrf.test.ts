import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { macKey } from "../lib/bytes.ts";
import { systemRandom } from "../lib/random.ts";
import { definePolicy } from "../policy.ts";
import { judgeOrigin } from "./origin.ts";
import { isCsrfToken, makeCsrfToken } from "./token.ts";

const key = macKey(new Uint8Array(32).fill(3));

describe("the token", () => {
  it("is good for its session and for no other, and different each time", () => {
    const [one, other] = [makeCsrfToken(key, "s1", systemRandom), makeCsrfToken(key, "s1", systemRandom)];
    expect(one).not.toBe(other);
    expect([isCsrfToken(key, "s1", one), isCsrfToken(key, "s1", other), isCsrfToken(key, "s2", one)]).toEqual(
      [true, true, false],
    );
    expect(isCsrfToken(macKey(new Uint8Array(32).fill(4)), "s1", one)).toBe(false);
  });

  it("with any one character changed is refused, and so is any text at all", () => {
    const token = makeCsrfToken(key, "s1", systemRandom);
    for (let at = 0; at < token.length; at++) {
      const changed = token.slice(0, at) + (token[at] === "A" ? "B" : "A") + token.slice(at + 1);
      expect(isCsrfToken(key, "s1", changed)).toBe(false);
    }
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(isCsrfToken(key, "s1", text)).toBe(false);
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
