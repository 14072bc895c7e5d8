/** A number that moves is a control's doing, and the control is named. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyFindings, OUTCOMES, runData, type SampleFinding } from "../../../../test/support/run-file.ts";
import { compareRuns } from "./compare.ts";
import { comparisonJson, comparisonMarkdown, comparisonText } from "./formats/comparison.ts";
import { parseRun } from "./run-file.ts";

const run = (findings: readonly SampleFinding[], more: Readonly<Record<string, unknown>> = {}) =>
  parseRun(JSON.stringify(runData(findings, more)));
const one = (name: string, outcome: SampleFinding["outcome"]): SampleFinding => ({
  id: `session.${name}`,
  room: "session",
  outcome,
});

describe("two runs beside each other", () => {
  it("say per component what it was, what it is, and which controls did it", () => {
    const before = run([one("cookie", "fail"), one("idle", "pass"), one("old", "pass"), one("same", "pass")]);
    const after = run([
      one("cookie", "pass"),
      one("idle", "unknown"),
      one("new", "fail"),
      one("same", "pass"),
    ]);
    const comparison = compareRuns(before, after);
    expect(comparison.components).toHaveLength(1);
    expect(comparison.components[0]).toMatchObject({
      component: "session",
      before: { score: 75 },
      after: { score: 50 },
      delta: -25,
    });
    expect(comparison.components[0]?.causes.map(({ id, effect }) => [id, effect])).toEqual([
      ["session.cookie", "better"],
      ["session.idle", "worse"],
      ["session.old", "worse"],
      ["session.new", "worse"],
    ]);
    expect(comparison.isWorse).toBe(true);
    const text = comparisonText(comparison);
    for (const line of [
      /session +75 +50 +−25/,
      /\+ session\.cookie: FAIL → pass/,
      /- session\.idle: pass → not seen/,
      /- session\.old: pass → no such control/,
      /- session\.new: no such control → FAIL/,
      /1 control better, 3 worse/,
    ])
      expect(text).toMatch(line);
    expect(text).not.toContain("session.same");
    expect(comparisonMarkdown(comparison)).toMatch(/\| session\\\.cookie|\| session\.cookie \|/);
    expect(JSON.parse(comparisonJson(comparison))).toMatchObject({
      format: "aegis-comparison/1",
      delta: -25,
    });
  });

  it("never show a score that moved without a control that moved it", () => {
    fc.assert(
      fc.property(
        anyFindings(),
        fc.array(fc.constantFrom(...OUTCOMES, "gone" as const), { minLength: 40, maxLength: 40 }),
        (all, turned) => {
          const after = all.flatMap((finding, at) => {
            const outcome = turned[at] ?? "pass";
            return outcome === "gone" ? [] : [{ ...finding, outcome }];
          });
          const comparison = compareRuns(run(all), run(after));
          for (const { before, after: now, causes } of comparison.components)
            if (before?.score !== now?.score || before?.coverage !== now?.coverage)
              expect(causes).not.toHaveLength(0);
          const lost = all.some(
            ({ outcome, id }) =>
              outcome === "pass" && after.find((finding) => finding.id === id)?.outcome !== "pass",
          );
          if (lost) expect(comparison.isWorse).toBe(true);
        },
      ),
    );
  });

  it("are worse where a control fails that did not, whatever was known of it before", () => {
    for (const before of ["error", "unknown", "not-applicable"] as const) {
      const comparison = compareRuns(run([one("idle", before)]), run([one("idle", "fail")]));
      expect([before, comparison.isWorse, comparison.counts.worse]).toEqual([before, true, 1]);
    }
    for (const after of ["error", "unknown", "not-applicable"] as const)
      expect(compareRuns(run([one("idle", "fail")]), run([one("idle", after)])).counts.other).toBe(1);
  });

  it("of the same run show no change", () => {
    fc.assert(
      fc.property(anyFindings(), (all) => {
        const { counts, delta, isWorse, differences } = compareRuns(run(all), run(all));
        expect([counts, isWorse, differences]).toEqual([{ better: 0, worse: 0, other: 0 }, false, []]);
        expect(delta ?? 0).toBe(0);
      }),
    );
  });

  it("say first what else differs: policy, target, environment, version, what was left out, and the order", () => {
    const before = run([one("cookie", "pass")]);
    const after = run([one("cookie", "pass")], {
      fingerprint: "fedcba9876543210",
      origin: "https://other.example",
      environment: "test",
      tool: { name: "aegis", version: "0.2.0" },
      controlsKnown: 9,
      startedAt: "2025-01-01T00:00:00.000Z",
    });
    const { differences } = compareRuns(before, after);
    expect(differences).toEqual([
      expect.stringMatching(/different policies \(preset saas, 0123456789abcdef; .*fedcba/),
      expect.stringMatching(/targets differ: https:\/\/hub\.example; https:\/\/other\.example/),
      expect.stringMatching(/environments differ: production; test/),
      expect.stringMatching(/versions of Aegis looked: 0\.1\.0; 0\.2\.0/),
      expect.stringMatching(/left out: 0 before, 8 after/),
      expect.stringMatching(/after is older/),
    ]);
    expect(comparisonText(compareRuns(before, after))).toMatch(/note +They were held against different/);
  });

  it("are not compared where a target could not be reached", () => {
    const good = run([one("cookie", "pass")]);
    const away = run([one("cookie", "unknown")], { reachable: false });
    expect(() => compareRuns(good, away)).toThrow(/run after the target could not be reached/);
    expect(() => compareRuns(away, good)).toThrow(/run before/);
  });
});
