import fc from "fast-check";
import { expect, it } from "vitest";
import { tokenFromCookie } from "./cookie.ts";

const NAME = "__Host-session";
const token = fc.stringMatching(/^[A-Za-z0-9_-]{43}$/);
const pair = fc.oneof(
  { weight: 3, arbitrary: token.map((text) => `${NAME}=${text}`) },
  token.map((text) => `${NAME}=${text} `),
  token.map((text) => `\t${NAME}=${text}`),
  token.map((text) => `x${NAME}=${text}`),
  token.map((text) => `${NAME}x=${text}`),
  token.map((text) => `other=${NAME}=${text}`),
  token.map((text) => `${NAME}=${text}A`),
  fc.constantFrom(
    "theme=dark",
    "",
    " ",
    NAME,
    `${NAME}=`,
    `${NAME}=short`,
    `\u00a0${NAME}=${"a".repeat(43)}`,
  ),
);

/** RFC 6265bis read word for word, however slowly. */
function slowly(header: string): string | undefined {
  const ours = header
    .split(";")
    .map((one) => one.replace(/^[ \t]+|[ \t]+$/g, ""))
    .filter((one) => one.startsWith(`${NAME}=`))
    .map((one) => one.slice(NAME.length + 1));
  return ours.length === 1 && /^[A-Za-z0-9_-]{43}$/.test(ours[0] ?? "") ? ours[0] : undefined;
}

it("reads our cookie out of any header as the standard says, and none where there are two", () => {
  fc.assert(
    fc.property(fc.array(pair, { maxLength: 4 }), fc.constantFrom(";", "; ", ";\t"), (pairs, between) => {
      const header = pairs.join(between);
      expect(tokenFromCookie(NAME, header)).toBe(slowly(header));
    }),
    { numRuns: 3000 },
  );
  expect(tokenFromCookie(NAME, undefined)).toBeUndefined();
});
