/** The vectors of RFC 4226 appendix D, RFC 6238 appendix B and RFC 4648 section 10. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { macKey } from "../lib/bytes.ts";
import { systemRandom } from "../lib/random.ts";
import { totpAt } from "../verify/wire/totp.ts";
import { backupCodeHash, newBackupCode } from "./backup-code.ts";
import { base32, fromBase32, hotp, matchingStep, otpauthUri, stepAt } from "./totp.ts";

const secret = Buffer.from("12345678901234567890");

describe("one-time passwords", () => {
  it.each([
    [0, "755224"],
    [1, "287082"],
    [2, "359152"],
    [3, "969429"],
    [4, "338314"],
    [5, "254676"],
    [6, "287922"],
    [7, "162583"],
    [8, "399871"],
    [9, "520489"],
  ])("are those of RFC 4226 for counter %i", (counter, code) => {
    expect(hotp(secret, counter)).toBe(code);
  });

  it.each([
    [59, "sha1", "94287082"],
    [1_111_111_109, "sha1", "07081804"],
    [1_111_111_111, "sha1", "14050471"],
    [1_234_567_890, "sha1", "89005924"],
    [2_000_000_000, "sha1", "69279037"],
    [20_000_000_000, "sha1", "65353130"],
    [59, "sha256", "46119246"],
    [20_000_000_000, "sha256", "77737706"],
    [59, "sha512", "90693936"],
    [20_000_000_000, "sha512", "47863826"],
  ])("are those of RFC 6238 at %i s with %s", (seconds, algorithm, code) => {
    const sizes: Readonly<Record<string, number>> = { sha1: 20, sha256: 32, sha512: 64 };
    const seed = Buffer.from("1234567890".repeat(7)).subarray(0, sizes[algorithm]);
    expect(hotp(seed, stepAt(seconds * 1000), 8, algorithm)).toBe(code);
  });

  it("match within the drift and not beyond, whatever the time", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1e9, max: 4e12 }), fc.integer({ min: 0, max: 2 }), (now, drift) => {
        const step = stepAt(now);
        expect(matchingStep(secret, hotp(secret, step - drift), now, drift)).toBeDefined();
        expect(matchingStep(secret, "no code", now, drift)).toBeUndefined();
        const beyond = matchingStep(secret, hotp(secret, step - drift - 1), now, drift);
        // Two steps may share a code by chance; then it is that of a step within.
        if (beyond !== undefined) expect(hotp(secret, beyond)).toBe(hotp(secret, step - drift - 1));
      }),
    );
  });

  it("are the same as the verifier's own, from any secret", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 20, maxLength: 20 }),
        fc.integer({ min: 0, max: 4e12 }),
        (key, now) => {
          expect(totpAt(base32(key), now)).toBe(hotp(key, stepAt(now)));
        },
      ),
    );
  });
});

describe("base 32", () => {
  it.each([
    ["f", "MY"],
    ["fo", "MZXQ"],
    ["foo", "MZXW6"],
    ["foob", "MZXW6YQ"],
    ["fooba", "MZXW6YTB"],
    ["foobar", "MZXW6YTBOI"],
  ])("writes %s as RFC 4648 does", (text, written) => {
    expect(base32(Buffer.from(text))).toBe(written);
    expect(Buffer.from(fromBase32(written)).toString()).toBe(text);
  });
});

describe("the URI of a QR code", () => {
  it("keeps names in their place, whatever they hold", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), (issuer, account) => {
        const uri = new URL(otpauthUri("MZXW6YTB", issuer, account));
        expect(uri.searchParams.get("secret")).toBe("MZXW6YTB");
        expect([...uri.searchParams.keys()].toSorted()).toEqual([
          "algorithm",
          "digits",
          "issuer",
          "period",
          "secret",
        ]);
        expect(uri.searchParams.get("issuer")).toBe(issuer);
      }),
    );
  });
});

describe("a backup code", () => {
  const key = macKey(new Uint8Array(32));
  it("has 120 bits in letters that are not taken for one another, and one hash however it is typed", () => {
    const code = newBackupCode(systemRandom);
    expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){5}[0-9A-HJKMNP-TV-Z]{4}$/);
    const hash = backupCodeHash(key, "a", code);
    expect(
      backupCodeHash(
        key,
        "a",
        code.toLowerCase().replaceAll("-", " ").replaceAll("0", "o").replaceAll("1", "l"),
      ),
    ).toBe(hash);
    expect(backupCodeHash(key, "b", code)).not.toBe(hash);
  });
});
