import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { systemRandom } from "../lib/random.ts";
import { secretKeys } from "../lib/secret-keys.ts";
import { keyRingSealer, SealError } from "./sealer.ts";

const key = (value: number): Uint8Array => new Uint8Array(32).fill(value);
const keys = (first: number, ...others: readonly number[]) =>
  secretKeys({ secretKey: key(first), previousSecretKeys: others.map(key) });
const sealer = keyRingSealer(keys(1), "mfa", systemRandom);

describe("a sealed text", () => {
  it("opens in its place and in no other, and never looks the same twice", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string(), (text, place) => {
        const well = text.isWellFormed() ? text : text.toWellFormed();
        const sealed = sealer.seal(well, place);
        expect(sealer.open(sealed, place)).toBe(well);
        expect(sealer.seal(well, place)).not.toBe(sealed);
        expect(() => sealer.open(sealed, `${place}x`)).toThrow(SealError);
      }),
    );
  });

  it("does not open when one character of it was changed", () => {
    const sealed = sealer.seal("JBSWY3DPEHPK3PXP", "totp:ada");
    for (let place = 0; place < sealed.length; place++) {
      const other = sealed[place] === "A" ? "B" : "A";
      const changed = sealed.slice(0, place) + other + sealed.slice(place + 1);
      // The last character of base64url may have bits that say nothing.
      const same = (text: string) =>
        text
          .split(".")
          .map((part) => Buffer.from(part, "base64url").toString("hex"))
          .join();
      if (same(changed) !== same(sealed)) expect(() => sealer.open(changed, "totp:ada")).toThrow(SealError);
    }
  });

  it("opens under an earlier key of the ring, and says that it is old", () => {
    const sealed = sealer.seal("secret", "here");
    const rotated = keyRingSealer(keys(2, 1), "mfa", systemRandom);
    expect(rotated.open(sealed, "here")).toBe("secret");
    expect(rotated.isOld(sealed)).toBe(true);
    expect(rotated.isOld(rotated.seal("secret", "here"))).toBe(false);
    expect(() => keyRingSealer(keys(2), "mfa", systemRandom).open(sealed, "here")).toThrow(
      /no key of the ring/,
    );
    expect(() => keyRingSealer(keys(1), "other", systemRandom).open(sealed, "here")).toThrow(SealError);
  });
});
