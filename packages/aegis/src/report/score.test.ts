/** A score that looks good because nobody looked would be worse than none. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyFindings, OUTCOMES } from "../../../../test/support/run-file.ts";
import { scoreOf, scoreText, weakestFirst } from "./score.ts";

const of = (...outcomes: readonly (typeof OUTCOMES)[number][]) =>
  scoreOf(outcomes.map((outcome) => ({ outcome, room: "session" })));

describe("a score", () => {
  it("is the share that passes of what applies, rounded down to a tenth", () => {
    expect(of("pass", "pass", "fail").score).toBe(66.6);
    expect(of("pass", "unknown", "error", "fail").score).toBe(25);
    expect(of("pass", "not-applicable").score).toBe(100);
    expect(of(...Array.from({ length: 2000 }, () => "pass" as const), "unknown").score).toBe(99.9);
  });

  it("is none where nothing applies, and is not printed as a number then", () => {
    expect(of("not-applicable").score).toBeUndefined();
    expect(of().coverage).toBeUndefined();
    expect([scoreText(undefined), scoreText(100), scoreText(97.3)]).toEqual(["–", "100", "97.3"]);
  });

  it("has beside it how much was seen at all", () => {
    expect(of("pass", "fail", "unknown", "error").coverage).toBe(50);
  });

  it("does not rise when a pass becomes anything that counts, nor when anything but a pass becomes another", () => {
    fc.assert(
      fc.property(
        anyFindings(),
        fc.nat(),
        fc.constantFrom("fail", "unknown", "error" as const),
        (all, pick, worse) => {
          const at = pick % all.length;
          const before = all[at]?.outcome ?? "pass";
          fc.pre(before !== "not-applicable");
          const after = all.map((one, place) => (place === at ? { ...one, outcome: worse } : one));
          const [was, is] = [scoreOf(all), scoreOf(after)];
          if (before === "pass") expect(is.counts.pass).toBe(was.counts.pass - 1);
          expect(is.score).toBeLessThanOrEqual(was.score ?? 0);
          for (const { component, score = 100 } of was.components)
            expect(is.components.find((one) => one.component === component)?.score ?? 0).toBeLessThanOrEqual(
              score,
            );
        },
      ),
    );
  });

  it("is 100 exactly where everything that applies passes", () => {
    fc.assert(
      fc.property(anyFindings(), (all) => {
        const applies = all.filter(({ outcome }) => outcome !== "not-applicable");
        const isWhole = applies.length > 0 && applies.every(({ outcome }) => outcome === "pass");
        expect(scoreOf(all).score === 100).toBe(isWhole);
      }),
    );
  });

  it("does not depend on the order of findings, nor on what does not apply", () => {
    fc.assert(
      fc.property(
        anyFindings().chain((all) =>
          fc.tuple(fc.constant(all), fc.shuffledSubarray([...all], { minLength: all.length })),
        ),
        ([all, shuffled]) => {
          const none = all.map((one) => ({ ...one, outcome: "not-applicable" as const }));
          const { components, ...total } = scoreOf(shuffled);
          const sorted = [...components].toSorted((a, b) => (a.component < b.component ? -1 : 1));
          const { components: own, ...whole } = scoreOf(all);
          expect(total).toEqual(whole);
          expect(sorted).toEqual([...own].toSorted((a, b) => (a.component < b.component ? -1 : 1)));
          expect(scoreOf([...all, ...none]).score).toBe(whole.score);
        },
      ),
    );
  });

  it("of a component is that of its own findings alone, and the weakest come first", () => {
    const score = scoreOf([
      { room: "csrf", outcome: "pass" },
      { room: "session", outcome: "fail" },
      { room: "mfa", outcome: "unknown" },
      { room: "mail", outcome: "not-applicable" },
    ]);
    expect(score.components.map(({ component, score: own }) => [component, own])).toEqual([
      ["csrf", 100],
      ["session", 0],
      ["mfa", 0],
      ["mail", undefined],
    ]);
    expect(weakestFirst(score.components).map(({ component }) => component)).toEqual([
      "session",
      "mfa",
      "csrf",
      "mail",
    ]);
  });
});
