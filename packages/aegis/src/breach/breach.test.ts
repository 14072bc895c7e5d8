import { describe, expect, it } from "vitest";
import { AegisError } from "../errors.ts";
import { breachCheck } from "./breach.ts";
import { type BreachAnswer, breachHash, type BreachSource } from "./checker.ts";
import { breachDefaults, type BreachPolicy } from "./policy.ts";

const production = breachDefaults("production");

function checkWith(policy: Partial<BreachPolicy>, answer: BreachAnswer | (() => never)) {
  const warnings: string[] = [];
  const asked: string[] = [];
  const source: BreachSource = {
    count: (password) => {
      asked.push(password);
      return typeof answer === "function" ? answer() : Promise.resolve(answer);
    },
  };
  const check = breachCheck({ ...production, ...policy }, source, {
    onUnavailable: (because) => void warnings.push(because),
  });
  return { check, warnings, asked };
}

describe("the check of new passwords", () => {
  it("is off in development and in tests, and online in production", () => {
    expect(breachDefaults("development").source).toBe("off");
    expect(breachDefaults("test").source).toBe("off");
    expect(production).toEqual({
      source: "online",
      timeoutSeconds: 2,
      onUnavailable: "accept",
      seenLimit: 1,
    });
  });

  it("refuses what was seen, and says how often", async () => {
    const { check, warnings } = checkWith({}, { checked: true, count: 3 });
    expect(await check("violet")).toEqual({ ok: false, reason: "breached", count: 3 });
    expect(warnings).toEqual([]);
  });

  it("accepts what was never seen, or less often than the policy says", async () => {
    expect(await checkWith({}, { checked: true, count: 0 }).check("violet")).toEqual({ ok: true });
    expect(await checkWith({ seenLimit: 4 }, { checked: true, count: 3 }).check("violet")).toEqual({
      ok: true,
    });
    expect(await checkWith({ seenLimit: 3 }, { checked: true, count: 3 }).check("violet")).toMatchObject({
      ok: false,
    });
  });

  it("accepts with a warning what could not be looked up", async () => {
    const { check, warnings } = checkWith({}, { checked: false, because: "away" });
    expect(await check("violet")).toEqual({ ok: true });
    expect(warnings).toEqual(["away"]);
  });

  it("refuses what could not be looked up where the policy says so, with a warning too", async () => {
    const { check, warnings } = checkWith({ onUnavailable: "refuse" }, { checked: false, because: "away" });
    const error: unknown = await check("violet").catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(AegisError);
    expect(error).toMatchObject({
      code: "AEGIS_BREACH_UNCHECKED",
      status: 503,
      facts: { retryAfterSeconds: 60 },
    });
    expect(warnings).toEqual(["away"]);
  });

  it("takes a source that throws for one that is away, and repeats nothing of what it said", async () => {
    const { check, warnings } = checkWith({}, () => {
      throw new Error("violet");
    });
    expect(await check("violet")).toEqual({ ok: true });
    expect(warnings).toEqual(["the source failed"]);
  });

  it("asks nobody when it is off", async () => {
    const { check, asked } = checkWith({ source: "off" }, { checked: true, count: 9 });
    expect(await check("violet")).toEqual({ ok: true });
    expect(asked).toEqual([]);
  });

  it("does not start without the source that the policy names", () => {
    const hooks = { onUnavailable: () => undefined };
    expect(() => breachCheck(production, undefined, hooks)).toThrow(/breach\.source is online/);
    expect(() => breachCheck({ ...production, source: "off" }, undefined, hooks)).not.toThrow();
  });
});

describe("the hash that is looked up", () => {
  it("is the SHA-1 of the public lists", () => {
    expect(breachHash("password").toString("hex")).toBe("5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8");
  });

  it("is one for every way to type a password", () => {
    expect(breachHash("Café")).toEqual(breachHash("Cafe\u0301"));
  });
});
