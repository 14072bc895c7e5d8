/** The hub's own run, from the verifier to every format and the signed evidence. */
import { definePolicy, newKeyRing } from "aegis";
import { checklistKeys } from "aegis/checklist";
import {
  assess,
  compareRuns,
  evidenceBundle,
  evidenceSigner,
  framework,
  frameworkIds,
  htmlReport,
  jsonReport,
  markdownReport,
  oscalReport,
  parseRun,
  reportOf,
  runText,
  sarifReport,
  seenRun,
  verifyBundle,
} from "aegis/report";
import { verify } from "aegis/verify";
import { expect, it } from "vitest";
import { cheapHash, startHub } from "./support/hub.ts";
import { oscalProblems, sarifProblems } from "./support/report-schemas.ts";
import { hubTarget } from "./support/target.ts";

const ROOMS = ["headers", "session", "csrf", "access"];

it(
  "a run of the hub is 100 in what was seen, valid in every format, and worse where a header was weakened",
  { timeout: 120_000 },
  async () => {
    const policy = definePolicy({
      preset: "education",
      environment: "test",
      password: { argon2: cheapHash },
    });
    const weakened = definePolicy({
      preset: "education",
      environment: "test",
      password: { argon2: cheapHash },
      headers: { frameOptions: "SAMEORIGIN" },
    });
    const looked = async (served: typeof policy) => {
      const hub = await startHub(served);
      try {
        const report = await verify({
          origin: hub.origin,
          policy,
          target: hubTarget,
          now: () => hub.clock.now(),
          only: ({ room, slow }) => ROOMS.includes(room) && !slow,
        });
        return parseRun(JSON.stringify(report));
      } finally {
        await hub.close();
      }
    };
    const [before, after] = [await looked(policy), await looked(weakened)];

    const now = Date.now();
    const seen = seenRun(before, runText(before));
    const assessments = frameworkIds.map((id) => assess({ framework: framework(id), run: seen, now }));
    const report = reportOf(before, { now, assessments });
    expect(before.findings.filter(({ outcome }) => outcome === "fail" || outcome === "error")).toEqual([]);
    expect(report.score.components.map(({ component }) => component)).toEqual(ROOMS);
    expect(report.score.score).toBeGreaterThan(80);
    expect(report.leftOut).toBeGreaterThan(50);
    expect(sarifProblems(sarifReport(report))).toEqual([]);
    expect(oscalProblems(oscalReport(report))).toEqual([]);
    expect(JSON.parse(jsonReport(report)).findings).toHaveLength(before.findings.length);
    for (const { claim } of before.findings.slice(0, 5))
      expect(markdownReport(report).replaceAll("\\", "")).toContain(claim);
    expect(htmlReport(report)).toContain("No control fails");

    const { isWorse, components } = compareRuns(before, after);
    expect(isWorse).toBe(true);
    expect(components.flatMap(({ causes }) => causes).map(({ id, effect }) => [id, effect])).toEqual([
      ["headers.frame-options", "worse"],
    ]);

    const ring = newKeyRing("EdDSA", now);
    const bundle = await evidenceBundle(report, policy, evidenceSigner(ring));
    const found = await verifyBundle(bundle, checklistKeys(ring.keys.map(({ jwk }) => jwk)));
    expect(found).toMatchObject({
      ok: true,
      manifest: { policy: before.fingerprint },
      assessments: frameworkIds.map((id) => ({ framework: id, statements: 0 })),
    });
    expect(seen.setting("headers.frameOptions")).toBe("DENY");
    expect(assessments[0]?.counts.tested).toBeGreaterThan(5);
  },
);
