/**
 * A report as OSCAL assessment results (NIST, 1.1.2, JSON): an observation a control, a finding for whatever was decided.
 * What was not seen is not satisfied, with the reason "other"; what does not apply is an observation and no finding.
 */
import { hash } from "node:crypto";
import type { Assessment, Row, Status } from "../compliance/assess.ts";
import { canonical } from "../../lib/canonical.ts";
import { oneLine } from "../../lib/one-line.ts";
import { many, policyText, type SecurityReport } from "../model.ts";
import type { Run, RunFinding } from "../run-file.ts";
import { plain } from "./markdown.ts";

const NS = "https://aegis.example/ns/oscal";

/** Of the same run the same ids: the bits of a digest in the form of a version 4 (RFC 9562, 5.4), as OSCAL asks for. */
function uuidOf(...parts: readonly string[]): string {
  const hex = hash("sha256", JSON.stringify(parts), "hex");
  const variant = "89ab".charAt(Number.parseInt(hex.charAt(16), 16) % 4);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** Titles, descriptions and remarks of OSCAL are Markdown. */
const prose = (text: string): string => plain(text).trim() || "-";
/** A string of OSCAL is one line, begins and ends with a sign that can be seen, and has one at least. */
const said = (text: string): string => oneLine(text).trim() || "-";
/** A token begins with a letter. */
const token = (text: string): string =>
  `_${text}`.replaceAll(/[^\p{L}\p{N}._-]/gu, "-").replace(/^_(?=\p{L})/u, "");
const prop = (name: string, value: string) => ({ name, ns: NS, value: said(value) });

export interface OscalOptions {
  /** It stands in a bundle, beside the policy and the exchanges, and leads to them. */
  readonly inBundle?: boolean;
}

function observationOf(run: Run, one: RunFinding, { inBundle = false }: OscalOptions) {
  const { id, claim, observed, expected, outcome, room, references, evidence } = one;
  return {
    uuid: uuidOf(run.fingerprint, run.origin, run.startedAt, "observation", id),
    title: prose(claim),
    description: prose(`${observed}${expected === undefined ? "" : `; expected: ${expected}`}`),
    props: [
      prop("control", id),
      prop("component", room),
      prop("outcome", outcome),
      ...references.map((reference) => prop("reference", reference)),
    ],
    methods: ["TEST"],
    ...(evidence.length === 0
      ? {}
      : {
          "relevant-evidence": [
            {
              // Alone it has no such files beside it, and a reference must lead somewhere.
              ...(inBundle ? { href: `exchanges/${id}.json` } : {}),
              description: `What came over the wire: ${many(evidence.length, "exchange")}.`,
            },
          ],
        }),
    collected: run.startedAt,
  };
}

function findingOf(run: Run, one: RunFinding) {
  const { id, claim, outcome, observed, advice } = one;
  const isSeen = outcome === "pass" || outcome === "fail";
  return {
    uuid: uuidOf(run.fingerprint, run.origin, run.startedAt, "finding", id),
    title: prose(claim),
    description: prose(observed),
    target: {
      type: "objective-id",
      "target-id": token(id),
      status: {
        state: outcome === "pass" ? "satisfied" : "not-satisfied",
        reason: isSeen ? outcome : "other",
        ...(outcome === "fail" ? { remarks: prose(`${advice.cause} ${advice.fix}`) } : {}),
        ...(isSeen ? {} : { remarks: prose(`Not seen: ${observed}`) }),
      },
    },
    "related-observations": [
      { "observation-uuid": uuidOf(run.fingerprint, run.origin, run.startedAt, "observation", id) },
    ],
  };
}

/** Satisfied is what was measured whole, and what somebody signed for. Waived is not met, and half a proof is none. */
const STATES: Readonly<Record<Exclude<Status, "not-applicable">, { state: string; reason: string }>> = {
  tested: { state: "satisfied", reason: "pass" },
  attested: { state: "satisfied", reason: "other" },
  "tested-in-part": { state: "not-satisfied", reason: "other" },
  waived: { state: "not-satisfied", reason: "other" },
  "not-tested": { state: "not-satisfied", reason: "other" },
  "not-attested": { state: "not-satisfied", reason: "other" },
  "not-met": { state: "not-satisfied", reason: "fail" },
};

function requirementFinding(run: Run, { framework }: Assessment, row: Row) {
  const { requirement, status, reason, controls, statement } = row;
  const { id, name, version } = framework;
  if (status === "not-applicable") return [];
  const related = controls
    .filter(({ outcome }) => outcome !== "absent")
    .map((control) => ({
      "observation-uuid": uuidOf(run.fingerprint, run.origin, run.startedAt, "observation", control.id),
    }));
  return [
    {
      uuid: uuidOf(run.fingerprint, run.origin, run.startedAt, "requirement", id, version, requirement.id),
      title: prose(`${name} ${version}, ${requirement.id}: ${requirement.title}`),
      description: prose(reason),
      props: [
        prop("framework", id),
        prop("framework-version", version),
        prop("requirement", requirement.id),
        prop("status", status),
        ...(requirement.level === undefined ? [] : [prop("level", String(requirement.level))]),
        ...(statement === undefined ? [] : [prop("statement-expires", statement.expires)]),
        ...controls.flatMap(({ exchange }) =>
          exchange === undefined ? [] : [prop("exchange", exchange.pointer)],
        ),
      ],
      target: {
        type: "statement-id",
        "target-id": token(`${id}_${requirement.id}`),
        status: {
          ...STATES[status],
          ...(status === "tested" ? {} : { remarks: prose(`${status}: ${reason}`) }),
        },
      },
      ...(related.length === 0 ? {} : { "related-observations": related }),
    },
  ];
}

/** What the import of a plan leads to: a resource has its content, or says where that is. */
function policyOf(run: Run, uuid: string, { inBundle = false }: OscalOptions) {
  const { policy, policyName, fingerprint } = run;
  const attached = (filename: string, content: unknown) => ({
    // The digest of the decoded file begins with the fingerprint.
    base64: {
      filename,
      "media-type": "application/json",
      value: Buffer.from(canonical(content)).toString("base64"),
    },
  });
  return {
    uuid,
    title: prose(policyText(run)),
    ...(inBundle
      ? { rlinks: [{ href: "policy.json", "media-type": "application/json" }] }
      : policy === undefined
        ? {
            description: "The run names its policy and does not have it.",
            ...attached("policy-name.json", { fingerprint, policyName }),
          }
        : attached("policy.json", policy)),
  };
}

export function oscalReport(report: SecurityReport, options: OscalOptions = {}): string {
  const { run, assessments, madeAt, headline, score, leftOut } = report;
  const decided = run.findings.filter(({ outcome }) => outcome !== "not-applicable");
  const findings = [
    ...decided.map((one) => findingOf(run, one)),
    ...assessments.flatMap((one) => one.rows.flatMap((row) => requirementFinding(run, one, row))),
  ];
  const policy = uuidOf(run.fingerprint, "policy");
  const document = {
    "assessment-results": {
      uuid: uuidOf(run.fingerprint, run.origin, run.startedAt, madeAt),
      metadata: {
        title: prose(`Security report: ${run.target}`),
        "last-modified": madeAt,
        version: run.startedAt,
        "oscal-version": "1.1.2",
        props: [prop("tool", `aegis ${run.tool.version}`), prop("policy-fingerprint", run.fingerprint)],
      },
      // The plan is the policy: what the target was held against.
      "import-ap": { href: `#${policy}` },
      results: [
        {
          uuid: uuidOf(run.fingerprint, run.origin, run.startedAt, "result"),
          title: prose(`aegis verify ${run.origin}`),
          description: prose(headline),
          start: run.startedAt,
          end: run.endedAt,
          props: [
            prop("origin", run.origin),
            prop("environment", run.environment),
            prop("score", String(score.score ?? "none")),
            prop("coverage", String(score.coverage ?? "none")),
            prop("controls-left-out", String(leftOut)),
          ],
          "reviewed-controls": { "control-selections": [{ "include-all": {} }] },
          ...(run.findings.length === 0
            ? {}
            : { observations: run.findings.map((one) => observationOf(run, one, options)) }),
          ...(findings.length === 0 ? {} : { findings }),
        },
      ],
      "back-matter": { resources: [policyOf(run, policy, options)] },
    },
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}
