/** A report as SARIF 2.1.0 (OASIS, 27 March 2020): one rule a control, one result a finding. */
import type { Log, ReportingDescriptor, Result, WebRequest, WebResponse } from "sarif";
import type { Outcome } from "../../control.ts";
import { sha256 } from "../../lib/bytes.ts";
import type { SecurityReport } from "../model.ts";
import type { Run, RunFinding } from "../run-file.ts";

/** 3.27.9: what is not "fail" has the level "none" (3.27.10). */
const KINDS: Readonly<Record<Outcome, Result.kind>> = {
  pass: "pass",
  fail: "fail",
  "not-applicable": "notApplicable",
  unknown: "open",
  error: "review",
};

const ruleOf = ({ id, claim, advice, references }: RunFinding): ReportingDescriptor => ({
  id,
  shortDescription: { text: claim || id },
  fullDescription: { text: `${advice.symptom} ${advice.cause}` },
  help: { text: advice.fix || "-" },
  defaultConfiguration: { level: "error" },
  properties: { tags: ["security", ...new Set(references)] },
});

function resultOf(finding: RunFinding, ruleIndex: number, { origin }: Run): Result {
  const { id, outcome, observed, expected, evidence, room } = finding;
  const last = outcome === "fail" ? evidence.at(-1) : undefined;
  return {
    ruleId: id,
    ruleIndex,
    kind: KINDS[outcome],
    level: outcome === "fail" ? "error" : "none",
    message: {
      text: sarifText(`${observed || "-"}${expected === undefined ? "" : `; expected: ${expected}`}`),
    },
    locations: [
      {
        physicalLocation: { artifactLocation: { uri: `${origin}/` } },
        logicalLocations: [{ fullyQualifiedName: `${room}/${id}`, kind: "resource" }],
      },
    ],
    partialFingerprints: { "aegisControl/v1": sha256(`${origin}\n${id}`) },
    ...(last === undefined ? {} : { webRequest: requestOf(last.request), webResponse: responseOf(last) }),
  };
}

/** Text from outside as a message that shows it: doubled braces are no placeholder (3.11.5), an escaped bracket begins no link (3.11.6). */
export const sarifText = (text: string): string =>
  text.replaceAll(/[{}]/g, (brace) => brace + brace).replaceAll(/[\\[\]]/g, (sign) => `\\${sign}`);

function requestOf(line: string): WebRequest {
  const at = line.indexOf(" ");
  return at === -1 ? { target: line } : { method: line.slice(0, at), target: line.slice(at + 1) };
}

function responseOf({ status, headers, body }: RunFinding["evidence"][number]): WebResponse {
  const named = new Map<string, string>();
  for (const line of headers) {
    const at = line.indexOf(":");
    const [name, value] = at === -1 ? [line, ""] : [line.slice(0, at), line.slice(at + 1).trim()];
    // One object has one member of a name; Set-Cookie comes more than once.
    named.set(name, named.has(name) ? `${named.get(name)}\n${value}` : value);
  }
  return { statusCode: status, headers: Object.fromEntries(named), body: { text: body } };
}

export function sarifReport({ run }: SecurityReport): string {
  const log: Log = {
    $schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "Aegis",
            semanticVersion: run.tool.version,
            rules: run.findings.map(ruleOf),
          },
        },
        automationDetails: { id: `aegis/verify/${run.fingerprint}` },
        invocations: [
          {
            executionSuccessful: run.reachable && run.findings.every(({ outcome }) => outcome !== "error"),
            startTimeUtc: run.startedAt,
            endTimeUtc: run.endedAt,
          },
        ],
        columnKind: "utf16CodeUnits",
        results: run.findings.map((finding, index) => resultOf(finding, index, run)),
        properties: { origin: run.origin, policyFingerprint: run.fingerprint, environment: run.environment },
      },
    ],
  };
  return `${JSON.stringify(log, undefined, 2)}\n`;
}
