import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { systemRandom } from "../lib/random.ts";
import { loadSecretKey } from "./load.ts";
import { weaknessOf } from "./strength.ts";

const folders: string[] = [];
const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), "aegis-secret-"));
  folders.push(made);
  return made;
};
afterEach(() => {
  for (const one of folders.splice(0)) rmSync(one, { recursive: true });
});

describe("the secret key", () => {
  it("is made at the first start of development, kept, and readable by its owner alone", () => {
    const directory = join(folder(), "deep", ".aegis");
    const first = loadSecretKey({ environment: "development", env: {}, directory });
    expect(first).toHaveLength(32);
    expect(loadSecretKey({ environment: "development", env: {}, directory })).toEqual(first);
    expect(statSync(join(directory, "secret-key")).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(directory, "secret-key"), "utf8")).not.toBe(
      readFileSync(join(directory, "secret-key"), "hex"),
    );
  });

  it("is never made in production", () => {
    const directory = folder();
    expect(() => loadSecretKey({ environment: "production", env: {}, directory })).toThrow(
      /SECRET_KEY is missing[\s\S]*npx aegis keys secret/,
    );
    expect(() => loadSecretKey({ environment: "production", env: { SECRET_KEY: "" }, directory })).toThrow(
      /missing/,
    );
  });

  it("that was kept and damaged stops the start", () => {
    const directory = folder();
    writeFileSync(join(directory, "secret-key"), "short");
    expect(() => loadSecretKey({ environment: "development", env: {}, directory })).toThrow(
      /cannot be used[\s\S]*Delete the file/,
    );
  });

  it.each([
    "changeme",
    "secret",
    "keyboard cat",
    "your-secret-key-goes-here-and-is-long-enough",
    "a".repeat(64),
    "0".repeat(64),
    "abcd".repeat(16),
    "Kq7vTz3mXw9b".repeat(4),
    "0123456789".repeat(7),
    "Change-Me-To-Something-Random-Please-Now-Ok",
    "CHANGE_ME_TO_SOMETHING_RANDOM_PLEASE_NOW_XX",
    " q3JxTnP8Zk2vLw9sRb4YdHc7MgXe1UaF5oNiV6tKj0Q",
  ])("%j is refused", (secret) => {
    expect(weaknessOf(secret)).toBeTypeOf("string");
  });

  it("that only happens to hold a word, with a mark in it, is taken", () => {
    for (const secret of [
      "wzDEvdA_0Din2_kHRKbjx4uRbHBMF98Y4iL5k0HOiNQ",
      "eO-kEYIZPmnyoRRFr_e6JpC8z-qX8Kz1Jdd5P4Y0Rv8",
    ])
      expect(weaknessOf(secret)).toBeUndefined();
  });

  it("that only happens to say a pair four times is taken", () => {
    const secret = "50060e760abd44a990636593e4b395c8bdcbf9d8dab5c631e537373737b0ef77";
    expect(weaknessOf(secret)).toBeUndefined();
  });

  it("of 32 random bytes is taken, as base64url, base64 and hexadecimal", () => {
    fc.assert(
      fc.property(fc.constant(undefined), () => {
        const bytes = Buffer.from(systemRandom.token(32), "base64url");
        for (const encoding of ["base64url", "base64", "hex"] as const) {
          const text = bytes.toString(encoding);
          expect([text, weaknessOf(text)]).toEqual([text, undefined]);
          expect(
            Buffer.from(loadSecretKey({ environment: "production", env: { SECRET_KEY: text } })),
          ).toEqual(bytes);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
