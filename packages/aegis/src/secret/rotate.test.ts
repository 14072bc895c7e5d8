import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { systemRandom } from "../lib/random.ts";
import { rotateInEnv, rotateSecretKey } from "./rotate.ts";

const key = (): string => systemRandom.token(32);

describe("a rotation of the secret key", () => {
  it("keeps the key before, and lets the earliest go", () => {
    const [a, b, c] = [key(), key(), key()];
    const rotated = rotateSecretKey({ key: a, previous: `${b}, ${c}` }, 2, systemRandom);
    expect(rotated).toMatchObject({ previous: [a, b], droppedCount: 1 });
    expect([a, b, c]).not.toContain(rotated.key);
  });

  it("is refused for what is no key", () => {
    expect(() => rotateSecretKey({ key: "changeme", previous: "" }, 2, systemRandom)).toThrow(
      /cannot be rotated/,
    );
    expect(rotateInEnv("PORT=3000\nSECRET_KEY=\n", 2, systemRandom)).toBeUndefined();
  });

  it("leaves every other line of a .env as it was", () => {
    const line = fc.constantFrom(
      "# a comment",
      "PORT=3000",
      "",
      'NAME="two words"',
      "SECRET=x",
      "MY_SECRET_KEY=y",
    );
    fc.assert(
      fc.property(fc.array(line), fc.array(line), fc.boolean(), (above, below, quoted) => {
        const before = key();
        const mark = quoted ? '"' : "";
        const text = [...above, `export SECRET_KEY=${mark}${before}${mark}`, ...below].join("\n");
        const result = rotateInEnv(text, 2, systemRandom);
        expect(result?.text.split("\n")).toEqual([
          ...above,
          `export SECRET_KEY=${result?.rotated.key}`,
          `SECRET_KEY_PREVIOUS=${before}`,
          ...below,
        ]);
        const again = rotateInEnv(result?.text ?? "", 2, systemRandom);
        expect(again?.rotated.previous).toEqual([result?.rotated.key, before]);
        expect(again?.text.split("\n").length).toBe(result?.text.split("\n").length);
      }),
    );
  });
});
