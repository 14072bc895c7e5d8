import { describe, expect, it } from "vitest";
import { inWords } from "./time.tsx";

const DAY = 86_400;

describe("a time in words", () => {
  it("has whole units, as a count of days left has", () => {
    expect(inWords(20 * DAY - 60)).toBe("in 19 days");
    expect(inWords(-(DAY - 60))).toBe("23 hours ago");
    expect(inWords(-3599)).toBe("59 minutes ago");
    expect(inWords(-DAY)).toBe("yesterday");
  });

  it("does not call just now what is still to come", () => {
    expect(inWords(20)).toBe("in 20 seconds");
    expect(inWords(2)).toBe("just now"); // the clock of the server is a little ahead
    expect(inWords(-20)).toBe("just now");
    expect(inWords(-30)).toBe("30 seconds ago");
  });
});
