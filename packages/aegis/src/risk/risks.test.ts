import { describe, expect, it } from "vitest";
import { rankOf, type RiskFacts, risksOf } from "./risks.ts";

const NOW = 1_800_000_000_000;
const safe: RiskFacts = {
  isPrivileged: false,
  hasSecondFactor: false,
  mustChangePassword: false,
  isPasswordExpired: false,
  isPasswordShort: false,
  failures: 0,
  waitsUntil: null,
};

describe("risks of an account", () => {
  it("are none where nothing is wrong, a few mistypes included", () => {
    expect(risksOf({ ...safe, failures: 4, waitsUntil: NOW - 1 }, NOW)).toEqual([]);
  });

  it("name each cause, the worst first", () => {
    expect(
      risksOf(
        {
          ...safe,
          isPrivileged: true,
          mustChangePassword: true,
          isPasswordExpired: true,
          isPasswordShort: true,
          failures: 5,
          waitsUntil: NOW + 1,
        },
        NOW,
      ),
    ).toEqual([
      "no_second_factor",
      "locked",
      "failed_tries",
      "short_password",
      "password_expired",
      "must_change_password",
    ]);
    expect(rankOf(["locked"])).toBeLessThan(rankOf(["failed_tries"]));
  });

  it("let a second factor make up for a short password and for rights", () => {
    expect(
      risksOf({ ...safe, isPrivileged: true, isPasswordShort: true, hasSecondFactor: true }, NOW),
    ).toEqual([]);
  });
});
