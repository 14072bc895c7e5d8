import type { Finding, Outcome, Report } from "aegis/verify";
import { describe, expect, it } from "vitest";
import { terminalReport } from "./terminal-report.ts";

const finding = (outcome: Outcome, more: Partial<Finding> = {}): Finding => ({
  id: `session.${outcome}`,
  room: "session",
  claim: `A claim that ends as ${outcome}`,
  outcome,
  observed: "what was seen",
  advice: { symptom: "what one notices", cause: "why it is so", fix: "what to do" },
  proves: [],
  references: [],
  seconds: 0,
  evidence: [],
  ...more,
});

function reportOf(findings: readonly Finding[], more: Partial<Report> = {}): Report {
  const count = (outcome: Outcome): number => findings.filter((one) => one.outcome === outcome).length;
  const counts = {
    pass: count("pass"),
    fail: count("fail"),
    "not-applicable": count("not-applicable"),
    unknown: count("unknown"),
    error: count("error"),
  };
  return {
    format: "aegis-run/1",
    tool: { name: "aegis", version: "0.1.0" },
    nodeVersion: "v24.0.0",
    origin: "https://hub.example",
    target: "Hub",
    environment: "production",
    policyName: "preset saas",
    fingerprint: "0123456789abcdef",
    startedAt: "2026-01-01T00:00:00.000Z",
    endedAt: "2026-01-01T00:00:01.250Z",
    seconds: 1.25,
    controlsKnown: findings.length,
    reachable: true,
    findings,
    counts,
    rooms: { session: counts },
    accountsCreated: [],
    ...more,
  };
}

/** As it is in a pipe: no colours, whatever the terminal of this test is. */
const shown = (report: Report, columns?: number): string =>
  terminalReport(report, columns).replace(/\u001b\[\d+m/g, "");

describe("the report on a terminal", () => {
  it("opens with the target and what it was held against", () => {
    const text = shown(reportOf([finding("pass")]));
    expect(text).toContain("Hub  https://hub.example\n");
    expect(text).toContain("held against preset saas (policy 0123456789abcdef) for production; 1.3 s\n");
  });

  it("says once why nothing could be seen, where nobody answered", () => {
    const text = shown(reportOf([finding("unknown"), finding("unknown")], { reachable: false }));
    expect(text.split("what was seen")).toHaveLength(2);
    expect(text).not.toContain("A claim");
    expect(text).toContain("The target could not be reached. 0 pass, 0 fail, 2 unknown");
  });

  it("tells of a failure what was seen, what was expected, and what to do", () => {
    const text = shown(reportOf([finding("fail", { expected: "what should be" })]));
    for (const line of [
      /✗ FAIL +A claim that ends as fail/,
      /observed +what was seen/,
      /expected +what should be/,
      /symptom +what one notices/,
      /cause +why it is so/,
      /fix +what to do/,
      /session\.fail/,
    ])
      expect(text).toMatch(line);
  });

  it("gives the reason for what could not be seen, and no fix", () => {
    const text = shown(reportOf([finding("unknown"), finding("error")]));
    expect(text.match(/because +what was seen/g)).toHaveLength(2);
    expect(text).not.toContain("what to do");
  });

  it("counts per room and in all; what does not apply counts for nothing", () => {
    const text = shown(reportOf([finding("pass"), finding("fail"), finding("not-applicable")]));
    expect(text).toContain("session 1 of 2\n");
    expect(text).toContain("1 pass, 1 fail, 0 unknown, 0 error, 1 not applicable");
  });

  it("ends with what is wrong, for who sees the end alone", () => {
    const text = shown(reportOf([finding("fail"), ...Array.from({ length: 99 }, () => finding("pass"))]));
    expect(text.slice(-200)).toMatch(/✗ FAIL +session\.fail: what was seen\n\n99 pass, 1 fail/);
  });

  it("says first of all that the target could not be reached", () => {
    expect(shown(reportOf([finding("unknown")], { reachable: false }))).toMatch(
      /The target could not be reached\. 0 pass/,
    );
  });

  it.each([72, 80, 110, 300])("keeps within %i columns, whatever the words", (columns) => {
    const text = shown(
      reportOf([
        finding("fail", {
          claim: "word ".repeat(60).trim(),
          observed: "x".repeat(300),
          expected: `short ${"y".repeat(120)} ${"z ".repeat(90)}end`,
        }),
      ]),
      columns,
    );
    for (const line of text.split("\n")) expect([...line].length).toBeLessThanOrEqual(columns);
    expect(text.replace(/\s/g, "")).toContain("x".repeat(300));
  });
});
