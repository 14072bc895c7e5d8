import { describe, expect, it } from "vitest";
import { counted } from "../../ui/words.ts";
import { points, scoreWords } from "./words.ts";

describe("a score in words", () => {
  it("says how it moved, and of one point that it is one", () => {
    expect([points(-3.2), points(1), points(0), points(null)]).toEqual([
      "fell by 3.2 points",
      "rose by 1 point",
      "stayed the same",
      "cannot be compared",
    ]);
    expect([scoreWords(100), scoreWords(null)]).toEqual(["100", "–"]);
  });
});

describe("a count in words", () => {
  it("is of one thing or of many, in thousands too", () => {
    expect([counted(1, "older file"), counted(2, "older file"), counted(12_000, "event")]).toEqual([
      "1 older file",
      "2 older files",
      "12,000 events",
    ]);
    expect([counted(1, "entry", "entries"), counted(0, "entry", "entries")]).toEqual([
      "1 entry",
      "0 entries",
    ]);
  });
});
