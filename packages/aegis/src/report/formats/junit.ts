/**
 * A report as JUnit XML, for what runs builds: a suite a component, a case a control. A control that could not be seen is
 * skipped, with its reason, and so no build takes it for a success; an error is an error.
 */
import { xmlText } from "../../lib/markup.ts";
import type { SecurityReport } from "../model.ts";
import type { RunFinding } from "../run-file.ts";

const seconds = (findings: readonly RunFinding[]): string =>
  findings.reduce((sum, one) => sum + one.seconds, 0).toFixed(3);

export function junitReport({ run, score }: SecurityReport): string {
  const all = run.findings;
  const { counts } = score;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="${xmlText(`Aegis: ${run.target}`)}" tests="${all.length}" failures="${counts.fail}" errors="${counts.error}" time="${seconds(all)}">`,
    ...score.components.flatMap(({ component, counts: own }) => {
      const cases = all.filter(({ room }) => room === component);
      return [
        `  <testsuite name="${xmlText(component)}" tests="${cases.length}" failures="${own.fail}" errors="${own.error}" skipped="${own.unknown + own["not-applicable"]}" time="${seconds(cases)}" timestamp="${run.startedAt.slice(0, 19)}" hostname="${xmlText(new URL(run.origin).hostname)}">`,
        `    <properties><property name="origin" value="${xmlText(run.origin)}"/><property name="policy" value="${xmlText(run.fingerprint)}"/></properties>`,
        ...cases.map(caseOf),
        "  </testsuite>",
      ];
    }),
    "</testsuites>",
    "",
  ].join("\n");
}

function caseOf(one: RunFinding): string {
  const head = `    <testcase name="${xmlText(one.claim)}" classname="${xmlText(one.id)}" time="${one.seconds.toFixed(3)}"`;
  const seen = xmlText(one.observed);
  switch (one.outcome) {
    case "pass":
      return `${head}/>`;
    case "fail":
      return `${head}><failure type="fail" message="${seen}">${xmlText(
        [
          `expected: ${one.expected ?? "as claimed"}`,
          `symptom: ${one.advice.symptom}`,
          `cause: ${one.advice.cause}`,
          `fix: ${one.advice.fix}`,
        ].join("\n"),
      )}</failure></testcase>`;
    case "error":
      return `${head}><error type="error" message="${seen}"/></testcase>`;
    case "unknown":
      return `${head}><skipped type="unknown" message="not seen: ${seen}"/></testcase>`;
    case "not-applicable":
      return `${head}><skipped type="not-applicable" message="${seen}"/></testcase>`;
  }
}
