/** Our reports as OSCAL against its definitions, and the definitions against documents that are wrong on purpose. */
import { hash } from "node:crypto";
import { definePolicy, fingerprint } from "aegis";
import { describe, expect, it } from "vitest";
import { oscalProblems } from "../../../../../test/support/report-schemas.ts";
import { OUTCOMES, runData } from "../../../../../test/support/run-file.ts";
import { isRecord } from "../../lib/freeze.ts";
import { assess, framework, seenRun } from "../compliance/index.ts";
import { reportOf } from "../model.ts";
import { parseRun, runText } from "../run-file.ts";
import { oscalReport } from "./oscal.ts";

const now = Date.parse("2026-01-02T03:04:05.678Z");
const policy = definePolicy({ preset: "saas", environment: "production" });
const findings = [
  { id: "session.cookie", room: "session", outcome: "pass" as const },
  ...OUTCOMES.map((outcome, at) => ({ id: `session.control-${at}`, room: "session", outcome })),
];
const reportWith = (more: Readonly<Record<string, unknown>> = {}) => {
  const run = parseRun(
    JSON.stringify(runData(findings, { policy, fingerprint: fingerprint(policy), ...more })),
  );
  const assessments = [assess({ framework: framework("asvs"), run: seenRun(run, runText(run)), now })];
  return reportOf(run, { now, assessments });
};
const sample = oscalReport(reportWith());
const bundled = oscalReport(reportWith(), { inBundle: true });

type Path = readonly (string | number)[];
interface Place {
  readonly path: Path;
  readonly value: unknown;
}
/** All that is in a document, the first of each kind: `results/*` is one of many. */
function placesOf(source: string): ReadonlyMap<string, Place> {
  const places = new Map<string, Place>();
  const walk = (value: unknown, path: Path): void => {
    const kind = path.map((step) => (typeof step === "number" ? "*" : step)).join("/");
    if (!places.has(kind)) places.set(kind, { path, value });
    if (Array.isArray(value)) value.forEach((one, at) => walk(one, [...path, at]));
    else if (isRecord(value)) for (const [name, one] of Object.entries(value)) walk(one, [...path, name]);
  };
  walk(JSON.parse(source), []);
  return places;
}
const places = placesOf(sample);

/** The sample with another value at a place; without one, the place is gone. */
function withChange(path: Path, change?: unknown): string {
  const changed = (value: unknown, [step, ...rest]: Path): unknown => {
    if (step === undefined) return change;
    if (Array.isArray(value)) return value.map((one, at) => (at === step ? changed(one, rest) : one));
    if (!isRecord(value)) throw new Error("no such place");
    return { ...value, [step]: changed(value[step], rest) };
  };
  return JSON.stringify(changed(JSON.parse(sample), path));
}
const placeOf = (kind: string): Path => {
  const place = places.get(kind);
  if (place === undefined) throw new Error(`there is no ${kind} in the sample`);
  return place.path;
};
const pointer = (path: Path): string => path.map((step) => `/${step}`).join("");

const RESULT = "assessment-results/results/*";
const REQUIRED: readonly (readonly [string, readonly string[]])[] = [
  ["", ["assessment-results"]],
  ["assessment-results", ["uuid", "metadata", "import-ap", "results"]],
  ["assessment-results/metadata", ["title", "last-modified", "version", "oscal-version"]],
  ["assessment-results/metadata/props/*", ["name", "value"]],
  ["assessment-results/import-ap", ["href"]],
  [RESULT, ["uuid", "title", "description", "start", "reviewed-controls"]],
  [`${RESULT}/reviewed-controls`, ["control-selections"]],
  [`${RESULT}/observations/*`, ["uuid", "description", "methods", "collected"]],
  [`${RESULT}/observations/*/relevant-evidence/*`, ["description"]],
  [`${RESULT}/findings/*`, ["uuid", "title", "description", "target"]],
  [`${RESULT}/findings/*/target`, ["type", "target-id", "status"]],
  [`${RESULT}/findings/*/target/status`, ["state"]],
  [`${RESULT}/findings/*/related-observations/*`, ["observation-uuid"]],
  ["assessment-results/back-matter/resources/*", ["uuid"]],
  ["assessment-results/back-matter/resources/*/base64", ["value"]],
];
const required = REQUIRED.flatMap(([kind, members]) =>
  members.map((member) => [kind === "" ? member : `${kind}/${member}`] as const),
);

const WRONG: Readonly<Record<string, readonly string[]>> = {
  uuid: [
    "6ba7b810-9dad-11d1-80b4-00c04fd430c8", // version 1
    "018f3c5e-7b1a-7cc3-98c4-dc0c0c07398f", // version 7
    "5f3c1a52-8f0e-4c1d-4a3b-0123456789ab", // version 4 of another variant
    "5f3c1a52-8f0e-4c1d-8a3b-0123456789ab ",
    "",
  ],
  time: [
    "2026-01-01T00:00:00",
    "2026-02-31T00:00:00Z",
    "2026-01-01T24:00:00Z",
    "1026-01-01T00:00:00Z",
    "2026-01-01T00:00:00+01:17",
    "2026-01-01",
  ],
  string: ["", " a", "a ", "a\nb", "\t"],
  token: ["", "1a", "a b", "a:b", "-a", " a"],
  uri: ["aegis", "a:b", "https://a b", ""],
  reference: ["a b", "#a#b", "%zz", "<x>"],
  prose: ["", " "],
  base64: ["", "e30=x", "e 30"],
};
const FORMS: readonly (readonly [string, string])[] = [
  ["assessment-results/uuid", "uuid"],
  ["assessment-results/metadata/title", "prose"],
  ["assessment-results/metadata/last-modified", "time"],
  ["assessment-results/metadata/version", "string"],
  ["assessment-results/metadata/oscal-version", "string"],
  ["assessment-results/metadata/props/*/name", "token"],
  ["assessment-results/metadata/props/*/ns", "uri"],
  ["assessment-results/metadata/props/*/value", "string"],
  ["assessment-results/import-ap/href", "reference"],
  [`${RESULT}/uuid`, "uuid"],
  [`${RESULT}/title`, "prose"],
  [`${RESULT}/description`, "prose"],
  [`${RESULT}/start`, "time"],
  [`${RESULT}/end`, "time"],
  [`${RESULT}/observations/*/uuid`, "uuid"],
  [`${RESULT}/observations/*/methods/*`, "string"],
  [`${RESULT}/observations/*/collected`, "time"],
  [`${RESULT}/findings/*/uuid`, "uuid"],
  [`${RESULT}/findings/*/target/target-id`, "token"],
  [`${RESULT}/findings/*/target/status/reason`, "token"],
  [`${RESULT}/findings/*/related-observations/*/observation-uuid`, "uuid"],
  ["assessment-results/back-matter/resources/*/uuid", "uuid"],
  ["assessment-results/back-matter/resources/*/base64/value", "base64"],
  ["assessment-results/back-matter/resources/*/base64/filename", "token"],
];

describe("our definitions of OSCAL", () => {
  it("take our reports, alone and in a bundle", () => {
    expect(oscalProblems(sample)).toEqual([]);
    expect(oscalProblems(bundled)).toEqual([]);
  });

  it.each(required)("refuse a document without %s", (kind) => {
    const path = placeOf(kind);
    expect(oscalProblems(withChange(path))).toContain(
      `${pointer(path.slice(0, -1))} must have required property '${String(path.at(-1))}'`,
    );
  });

  it("refuse a member that no definition has, in every object", () => {
    const objects = [...places.values()].filter(({ value }) => isRecord(value));
    expect(objects.length).toBeGreaterThan(18);
    for (const { path } of objects)
      expect(oscalProblems(withChange([...path, "extension"], "x"))).toContain(
        `${pointer(path)} must NOT have additional properties`,
      );
  });

  it("refuse every list that is empty", () => {
    const lists = [...places.values()].filter(({ value }) => Array.isArray(value));
    expect(lists.length).toBeGreaterThan(10);
    for (const { path } of lists)
      expect(oscalProblems(withChange(path, []))).toEqual([
        `${pointer(path)} must NOT have fewer than 1 items`,
      ]);
  });

  it("refuse a number, a list and nothing where there is a text or an object", () => {
    for (const { path, value } of places.values())
      if (!Array.isArray(value))
        for (const other of [1, [], null])
          expect(oscalProblems(withChange(path, other)).length, pointer(path)).toBeGreaterThan(0);
  });

  it.each(FORMS)("refuse in %s what is no %s", (kind, form) => {
    const path = placeOf(kind);
    for (const wrong of WRONG[form] ?? [])
      expect(oscalProblems(withChange(path, wrong)).join(), wrong).toContain(`${pointer(path)} must match`);
  });

  it.each([
    [`${RESULT}/findings/*/target/type`, ["control-id", "Statement-id", ""]],
    [`${RESULT}/findings/*/target/status/state`, ["other", "pass", "Satisfied", ""]],
  ])("refuse in %s a word that is not of its list", (kind, words) => {
    const path = placeOf(kind);
    for (const word of words)
      expect(oscalProblems(withChange(path, word))).toEqual([
        `${pointer(path)} must be equal to one of the allowed values`,
      ]);
  });

  it("refuse a resource that has no content and does not say where that is", () => {
    const path = placeOf("assessment-results/back-matter/resources/*/base64");
    expect(oscalProblems(withChange(path))).toContain(
      `${pointer(path.slice(0, -1))} must match a schema in anyOf`,
    );
  });

  it("refuse the parts of OSCAL that nobody wrote down here", () => {
    const result = placeOf(RESULT);
    for (const name of ["local-definitions", "assessment-log", "risks"])
      expect(oscalProblems(withChange([...result, name], [{}]))).toEqual([
        `${pointer([...result, name])} must NOT be valid`,
      ]);
  });

  it("take what is published and we do not write: version 5, offsets, links, parties, attestations", () => {
    const id = "2ed6657d-e927-568b-95e1-2665a8aea6a2"; // RFC 9562, A.4: version 5
    const responsible = [{ "role-id": "assessor", "party-uuids": [id] }];
    const good: readonly (readonly [string, unknown])[] = [
      ["assessment-results/uuid", id],
      ["assessment-results/metadata/last-modified", "2024-02-29T23:59:59+05:45"],
      ["assessment-results/metadata/links", [{ href: "../plan.json", rel: "reference" }]],
      ["assessment-results/metadata/parties", [{ uuid: id, type: "organization", name: "A" }]],
      ["assessment-results/metadata/roles", [{ id: "assessor", title: "Assessor" }]],
      ["assessment-results/metadata/responsible-parties", responsible],
      [
        `${RESULT}/attestations`,
        [{ "responsible-parties": responsible, parts: [{ name: "a", parts: [{ name: "b", prose: "c" }] }] }],
      ],
    ];
    for (const [kind, value] of good) {
      const path = [...placeOf(kind.slice(0, kind.lastIndexOf("/"))), kind.slice(kind.lastIndexOf("/") + 1)];
      expect(oscalProblems(withChange(path, value)), kind).toEqual([]);
    }
  });
});

describe("a report as OSCAL", () => {
  const partsOf = (source: string) => {
    const { results, "back-matter": back, "import-ap": plan } = JSON.parse(source)["assessment-results"];
    return { observations: results[0].observations, resources: back.resources, plan };
  };

  it("says TEST of how it looked, one of the methods that OSCAL names", () => {
    for (const { methods } of partsOf(sample).observations) expect(methods).toEqual(["TEST"]);
  });

  it("has the policy in it that its plan leads to: its digest begins with the fingerprint", () => {
    const { resources, plan } = partsOf(sample);
    expect(resources).toHaveLength(1);
    expect(plan.href).toBe(`#${resources[0].uuid}`);
    const attached = Buffer.from(resources[0].base64.value, "base64");
    expect(fingerprint(definePolicy(JSON.parse(attached.toString())))).toBe(fingerprint(policy));
    expect(hash("sha256", attached, "hex").slice(0, 16)).toBe(fingerprint(policy));
  });

  it("has the name of a policy that the run does not have", () => {
    const source = oscalReport(reportWith({ policy: undefined }));
    expect(oscalProblems(source)).toEqual([]);
    const [{ base64 }] = partsOf(source).resources;
    expect(base64.filename).toBe("policy-name.json");
    expect(JSON.parse(Buffer.from(base64.value, "base64").toString())).toEqual({
      fingerprint: fingerprint(policy),
      policyName: "preset saas",
    });
  });

  it("leads to files in a bundle, where there are any, and to none alone", () => {
    expect(sample).not.toMatch(/exchanges\/|"rlinks"/);
    const { observations, resources } = partsOf(bundled);
    expect(resources[0].rlinks).toEqual([{ href: "policy.json", "media-type": "application/json" }]);
    expect(observations[0]["relevant-evidence"]).toEqual([
      {
        description: "What came over the wire: 1 exchange.",
        href: "exchanges/session.cookie.json",
      },
    ]);
  });
});
