import { describe, expect, it } from "vitest";
import { csv } from "./csv.ts";

describe("a table as a file", () => {
  it.each(["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "＠SUM(A1)"])(
    "makes %j text, which a spreadsheet would run",
    (formula) => expect(csv([[formula]])).toBe(`"'${formula}"\r\n`),
  );

  it("keeps quotes, commas and line breaks within their cell", () => {
    expect(csv([['say "a, b"', "x\ny"]])).toBe('"say ""a, b""","x\ny"\r\n');
  });
});
