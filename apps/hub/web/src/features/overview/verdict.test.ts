import { describe, expect, it } from "vitest";
import { upkeepVerdicts } from "./upkeep-verdicts.ts";
import { byUrgency, postureVerdict, summaryOf, type Verdict } from "./verdict.ts";

const NOW = Date.parse("2026-03-10T00:00:00.000Z");
const run = (over: object = {}, counts: object = {}) => ({
  file: "1.json",
  at: "2026-03-09T00:00:00.000Z",
  target: "The hub",
  environment: "production",
  policy_name: null,
  fingerprint: "aaaa",
  is_running_policy: true,
  version: "0.1.0",
  seconds: 60,
  reachable: true,
  whole: true,
  controls: 10,
  controls_known: 10,
  score: 100,
  coverage: 100,
  applicable: 10,
  counts: { pass: 10, fail: 0, "not-applicable": 0, unknown: 0, error: 0, ...counts },
  ...over,
});
const verdict = (...runs: ReturnType<typeof run>[]) =>
  postureVerdict(
    {
      folder: ".aegis/proofs",
      most_runs: 30,
      left_out: 0,
      problems: [],
      targets: [],
      target: null,
      public_origin: null,
      running_policy: "aaaa",
      runs,
      rooms: [],
      changes: [],
    },
    NOW,
  );

describe("the verdict on what is proven", () => {
  it("is safe only where a whole, fresh run of the running policy proves everything", () => {
    expect(verdict(run()).state).toBe("pass");
    expect(verdict(run({}, { pass: 9, fail: 1 })).state).toBe("fail");
    expect(verdict(run({}, { pass: 9, error: 1 })).state).toBe("fail");
    expect(verdict(run({}, { pass: 9, unknown: 1 })).state).toBe("warn");
    expect(verdict(run({ fingerprint: "bbbb" })).state).toBe("warn");
    expect(verdict(run({ at: "2026-03-02T00:00:00.000Z" })).state).toBe("warn");
  });

  it("is not known where nothing or only a part was looked at, and says how to look", () => {
    expect(verdict()).toMatchObject({
      state: "unknown",
      todo: expect.stringContaining("aegis verify URL --save"),
    });
    expect(verdict(run({ whole: false })).state).toBe("unknown");
  });

  it("goes by the last whole run, whatever part was looked at since", () => {
    expect(verdict(run({}, { pass: 9, fail: 1 }), run({ whole: false })).state).toBe("fail");
  });
});

describe("the verdicts on upkeep", () => {
  const unset = (setting: string) => ({ state: "unset", setting }) as const;
  const upkeep = {
    certificate: unset("CERTIFICATE_FILE"),
    backups: unset("BACKUP_DIRECTORY"),
    releases: unset("RELEASES_DIRECTORY"),
    checklist: unset("CHECKLIST_FILE"),
  };

  it("call nothing safe that nobody told them of, or whose signature nobody can check", () => {
    expect(upkeepVerdicts(upkeep).map(({ state }) => state)).toEqual([
      "unknown",
      "unknown",
      "unknown",
      "unknown",
    ]);
    const backups = {
      state: "known",
      total: 3,
      newest_at: null,
      age_seconds: null,
      max_age_seconds: 93_600,
      schedule: "daily",
      overdue: true,
      has_key: false,
      problems: 3,
      items: [],
    } as const;
    const of = (panel: typeof backups | (Omit<typeof backups, "has_key"> & { has_key: true })) =>
      upkeepVerdicts({ ...upkeep, backups: panel }).find(({ name }) => name === "Backups");
    expect(of(backups)?.state).toBe("unknown");
    expect(of({ ...backups, has_key: true })?.state).toBe("fail");
  });
});

describe("the sentence over all", () => {
  const one = (state: Verdict["state"]): Verdict => ({ name: state, state, finding: "", to: "/admin/audit" });

  it("names the worst, and never calls safe what is not known", () => {
    const [pass, warn, fail, unknown] = [one("pass"), one("warn"), one("fail"), one("unknown")];
    expect(summaryOf([pass, pass]).state).toBe("pass");
    expect(summaryOf([pass, unknown])).toEqual({
      state: "unknown",
      words: "Nothing is wrong as far as is known; 1 thing is not known",
    });
    expect(summaryOf([pass, unknown, warn]).state).toBe("warn");
    expect(summaryOf([pass, unknown, warn, fail])).toEqual({
      state: "fail",
      words: "1 thing must be mended, 1 more looked at",
    });
    expect(byUrgency([pass, unknown, warn, fail]).map(({ state }) => state)).toEqual([
      "fail",
      "warn",
      "unknown",
      "pass",
    ]);
  });
});
