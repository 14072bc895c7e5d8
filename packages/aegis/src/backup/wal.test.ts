import { describe, expect, it } from "vitest";
import { nextSegment } from "./wal.ts";

describe("the segment behind another", () => {
  it.each([
    ["000000010000000000000001", 16, "000000010000000000000002"],
    ["0000000100000000000000FF", 16, "000000010000000100000000"],
    ["00000002000000FF000000FF", 16, "000000020000010000000000"],
    ["000000010000000000000003", 1024, "000000010000000100000000"],
  ])("%s of %i MB is %s", (name, megabytes, next) => {
    expect(nextSegment(name, megabytes * 2 ** 20)).toBe(next);
  });
});
