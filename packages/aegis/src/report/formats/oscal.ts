/**
 * A report as OSCAL assessment results (NIST, 1.1.2, JSON): an observation a control, a finding for whatever was decided.
 * What was not seen is not satisfied, with the reason "other"; what does not apply is an observation and no finding.
 */
import { hash } from "node:crypto";
import type { FrameworkResult, RequirementStatus } from "../frameworks.ts";
import { policyText, type SecurityReport } from "../model.ts";
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
/** A string of OSCAL begins and ends with a sign that can be seen, and has one at least. */
const said = (text: string): string => text.trim() || "-";
/** A token begins with a letter. */
const token = (text: string): string =>
  `_${text}`.replaceAll(/[^\p{L}\p{N}._-]/gu, "-").replace(/^_(?=\p{L})/u, "");
const prop = (name: string, value: string) => ({ name, ns: NS, value: said(value) });

function observationOf(run: Run, one: RunFinding) {
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
              href: `exchanges/${id}.json`,
              description: `What came over the wire: ${evidence.length} exchanges.`,
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

const STATES: Readonly<
  Record<Exclude<RequirementStatus, "not-applicable">, { state: string; reason: string }>
> = {
  tested: { state: "satisfied", reason: "pass" },
  attested: { state: "satisfied", reason: "other" },
  "not-met": { state: "not-satisfied", reason: "fail" },
};

function frameworkFindings(run: Run, { name, version, rows }: FrameworkResult) {
  const seen = new Set(run.findings.map(({ id }) => id));
  return rows.flatMap(({ id, title, level, status, controls, why }) => {
    if (status === "not-applicable") return [];
    const related = controls
      .filter((control) => seen.has(control))
      .map((control) => ({
        "observation-uuid": uuidOf(run.fingerprint, run.origin, run.startedAt, "observation", control),
      }));
    return [
      {
        uuid: uuidOf(run.fingerprint, run.origin, run.startedAt, "requirement", name, version, id),
        title: prose(`${name} ${version}, ${id}: ${title}`),
        description: prose(why),
        props: [
          prop("framework", name),
          prop("framework-version", version),
          prop("requirement", id),
          prop("status", status),
          ...(level === undefined ? [] : [prop("level", level)]),
        ],
        target: { type: "statement-id", "target-id": token(`${name}_${id}`), status: STATES[status] },
        ...(related.length === 0 ? {} : { "related-observations": related }),
      },
    ];
  });
}

export function oscalReport({ run, frameworks, madeAt, headline, score, leftOut }: SecurityReport): string {
  const decided = run.findings.filter(({ outcome }) => outcome !== "not-applicable");
  const findings = [
    ...decided.map((one) => findingOf(run, one)),
    ...frameworks.flatMap((one) => frameworkFindings(run, one)),
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
            : { observations: run.findings.map((one) => observationOf(run, one)) }),
          ...(findings.length === 0 ? {} : { findings }),
        },
      ],
      "back-matter": { resources: [{ uuid: policy, title: prose(policyText(run)) }] },
    },
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}
