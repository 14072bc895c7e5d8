/** A scan as SARIF 2.1.0. */
import { sarifText } from "aegis/report";
import { KNOWN_RULES, type ScanResult } from "./result.ts";
import type { RuleText, ScanFinding, Severity } from "./rule.ts";

const LEVEL = { high: "error", medium: "warning", low: "note" } as const satisfies Record<Severity, string>;
/** As GitHub reads it: the scale of CVSS. */
const RANK = { high: "8.0", medium: "5.5", low: "3.0" } as const satisfies Record<Severity, string>;

export function sarifOf(result: ScanResult, version: string): unknown {
  const { findings, unread, unchecked } = result;
  return {
    $schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "aegis scan", version, rules: KNOWN_RULES.map(ruleOf) } },
        columnKind: "utf16CodeUnits",
        invocations: [
          {
            // What could not be read or asked makes the run incomplete: without findings it proves nothing.
            executionSuccessful: unread.length === 0 && unchecked.length === 0,
            toolExecutionNotifications: [
              ...unread.map(({ path, why }) => ({
                level: "error",
                message: { text: sarifText(`could not be read: ${why}`) },
                locations: [{ physicalLocation: { artifactLocation: { uri: uriOf(path) } } }],
              })),
              ...unchecked.map(({ what, why }) => ({
                level: "error",
                message: { text: sarifText(`${what} could not be checked: ${why}`) },
              })),
            ],
          },
        ],
        results: findings.map(resultOf),
      },
    ],
  };
}

const ruleOf = ({ id, claim, cwe, asvs, severity, advice }: RuleText): unknown => ({
  id,
  shortDescription: { text: claim },
  fullDescription: { text: `${advice.symptom} ${advice.cause}` },
  help: { text: advice.fix },
  defaultConfiguration: { level: LEVEL[severity] },
  properties: {
    tags: ["security", `external/cwe/cwe-${String(cwe).padStart(3, "0")}`, `asvs:${asvs}`],
    "security-severity": RANK[severity],
  },
});

const resultOf = ({
  rule,
  severity,
  file,
  line,
  column,
  observed,
  fingerprint,
  state,
  reason,
}: ScanFinding): unknown => ({
  ruleId: rule,
  ruleIndex: KNOWN_RULES.findIndex(({ id }) => id === rule),
  level: LEVEL[severity],
  message: { text: sarifText(observed) },
  locations: [
    {
      physicalLocation: {
        artifactLocation: { uri: uriOf(file) },
        region: { startLine: line, startColumn: column },
      },
    },
  ],
  partialFingerprints: { "aegisScan/v1": fingerprint },
  ...(state === "open"
    ? {}
    : {
        suppressions: [
          state === "suppressed"
            ? { kind: "inSource", status: "accepted", justification: reason ?? "" }
            : { kind: "external", status: "accepted", justification: "accepted in the baseline" },
        ],
      }),
});

const uriOf = (path: string): string => path.split("/").map(encodeURIComponent).join("/");
