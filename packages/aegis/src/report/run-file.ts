/**
 * A saved run, as `aegis verify --save` writes it. Threat: a file that is none, is damaged, or was made to hurt whoever
 * reads the report of it. Rule: a schema at the edge; ids are words, texts are printable and short, and what is named like
 * a secret is cut short once more, so that nothing of what follows has to trust the file. References: requirement CHK-4;
 * ASVS 5.0 1.2.1, 2.2.1, 16.2.5; CWE-79, CWE-532.
 */
import { hash } from "node:crypto";
import Type from "typebox";
import { Value } from "typebox/value";
import type { Outcome } from "../control.ts";
import { canonical } from "../lib/canonical.ts";
import { isRecord } from "../lib/freeze.ts";
import { type EvidenceExchange, RUN_FORMAT } from "../verify/finding.ts";
import { hideHeader, hideInBody } from "../verify/redact.ts";
import { printable } from "../verify/wire/text.ts";
import { ReportError } from "./errors.ts";
import { hideShapes } from "./redact.ts";

/** A whole run of the hub takes 2 MB. */
export const MAX_RUN_BYTES = 64_000_000;
export const OUTCOMES = ["pass", "fail", "not-applicable", "unknown", "error"] as const;

const text = Type.String({ maxLength: 20_000 });
const texts = (most: number) => Type.Array(text, { maxItems: most });
const time = Type.String({ pattern: "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$" });
const outcome = Type.Enum([...OUTCOMES]);
const duration = Type.Number({ minimum: 0, maximum: 10_000_000 });
const exchange = Type.Object({
  request: text,
  status: Type.Integer({ minimum: 0, maximum: 999 }),
  headers: texts(100),
  body: text,
  connection: Type.Optional(text),
});
const cell = Type.Object({
  method: text,
  path: text,
  outcome,
  observed: text,
  evidence: Type.Optional(exchange),
});
const finding = Type.Object({
  // Becomes the name of a file in a bundle and a token in OSCAL.
  id: Type.String({ pattern: "^[a-z][a-zA-Z0-9-]{0,30}\\.[a-zA-Z0-9][a-zA-Z0-9-]{0,50}$" }),
  room: Type.String({ pattern: "^[a-z][a-zA-Z0-9-]{0,30}$" }),
  claim: text,
  outcome,
  observed: text,
  expected: Type.Optional(text),
  advice: Type.Object({ symptom: text, cause: text, fix: text }),
  proves: texts(200),
  references: texts(200),
  seconds: duration,
  evidence: Type.Array(exchange, { maxItems: 100 }),
  matrix: Type.Optional(Type.Array(cell, { maxItems: 20_000 })),
});
/** Open: a field that a later version adds does no harm, and is left out. */
const runSchema = Type.Object({
  format: Type.Literal(RUN_FORMAT),
  tool: Type.Object({ name: Type.Literal("aegis"), version: text }),
  nodeVersion: text,
  origin: text,
  target: text,
  environment: Type.Enum(["development", "test", "production"]),
  policyName: Type.Optional(text),
  fingerprint: Type.String({ pattern: "^[0-9a-f]{8,64}$" }),
  policy: Type.Optional(Type.Unknown()),
  startedAt: time,
  endedAt: time,
  seconds: duration,
  controlsKnown: Type.Integer({ minimum: 0, maximum: 10_000 }),
  reachable: Type.Boolean(),
  findings: Type.Array(finding, { maxItems: 10_000 }),
});

type RawFinding = Type.Static<typeof finding>;
type RawExchange = Type.Static<typeof exchange>;

export interface RunFinding extends Readonly<Omit<RawFinding, "evidence" | "matrix" | "outcome">> {
  readonly outcome: Outcome;
  readonly evidence: readonly EvidenceExchange[];
  readonly matrix: readonly {
    readonly method: string;
    readonly path: string;
    readonly outcome: Outcome;
    readonly observed: string;
    readonly evidence?: EvidenceExchange;
  }[];
}

/** A moment that there is, of years that every format can say: of the 31st of February, a schema of OSCAL takes no report. */
function isMoment(at: string): boolean {
  const moment = Date.parse(at);
  return /^(19|2\d)/.test(at) && Number.isFinite(moment) && new Date(moment).toISOString() === at;
}

/** A run that was read: every text is printable, on one line and short. */
export interface Run extends Readonly<Omit<Type.Static<typeof runSchema>, "findings" | "policy">> {
  readonly findings: readonly RunFinding[];
  /** What the target was held against, as data: only the one that the fingerprint names is kept. Its texts are as they were. */
  readonly policy?: unknown;
}

/** Findings of a weak policy must not pass for those of a strict one. */
function isNamed(policy: unknown, fingerprint: string): boolean {
  if (!isRecord(policy)) return false;
  try {
    return hash("sha256", canonical(policy), "hex").slice(0, 16) === fingerprint;
  } catch {
    return false; // no canonical form, and so no fingerprint
  }
}

const shown = (value: string, longest: number): string =>
  printable(hideShapes(value.toWellFormed()), longest);

/** As `evidenceOf` left it: doing it again changes nothing, unless somebody else wrote the file. */
const shownExchange = ({ request, status, headers, body, connection }: RawExchange): EvidenceExchange => ({
  request: shown(request, 300),
  status,
  headers: headers.map((line) => {
    const at = line.indexOf(":");
    const name = at === -1 ? line : line.slice(0, at);
    return shown(
      at === -1 ? line : `${name}: ${hideHeader(name.toLowerCase(), line.slice(at + 1).trim())}`,
      400,
    );
  }),
  body: shown(hideInBody(body), 400),
  ...(connection === undefined ? {} : { connection: shown(connection, 80) }),
});

const shownFinding = ({ evidence, matrix = [], ...raw }: RawFinding): RunFinding => ({
  id: raw.id,
  room: raw.room,
  outcome: raw.outcome,
  claim: shown(raw.claim, 400),
  observed: shown(raw.observed, 300),
  ...(raw.expected === undefined ? {} : { expected: shown(raw.expected, 300) }),
  advice: {
    symptom: shown(raw.advice.symptom, 1000),
    cause: shown(raw.advice.cause, 1000),
    fix: shown(raw.advice.fix, 2000),
  },
  proves: raw.proves.map((one) => shown(one, 200)),
  references: raw.references.map((one) => shown(one, 200)),
  seconds: raw.seconds,
  evidence: evidence.map(shownExchange),
  matrix: matrix.map((one) => ({
    method: shown(one.method, 20),
    path: shown(one.path, 300),
    outcome: one.outcome,
    observed: shown(one.observed, 300),
    ...(one.evidence === undefined ? {} : { evidence: shownExchange(one.evidence) }),
  })),
});

/** @throws ReportError where it is no run, or one that a later version wrote */
export function parseRun(source: string): Run {
  if (source.length > MAX_RUN_BYTES) throw new ReportError("It is too large to be a saved run.");
  let data: unknown;
  try {
    data = JSON.parse(source);
  } catch {
    throw new ReportError("It is no JSON, or was cut off.", "Save a run: aegis verify URL --save FILE");
  }
  const format = isRecord(data) ? data["format"] : undefined;
  if (format !== RUN_FORMAT)
    throw typeof format === "string" && /^aegis-run\/\d{1,4}$/.test(format)
      ? new ReportError(`It has the form ${format}, and this version knows ${RUN_FORMAT}.`)
      : new ReportError("It is no saved run.", "Save one: aegis verify URL --save FILE");
  if (!Value.Check(runSchema, data)) {
    const [first] = Value.Errors(runSchema, data);
    // Where, and never what: the path is of our own words but for numbers.
    const where = /^[\w/]{1,80}$/.exec(first?.instancePath ?? "")?.[0] ?? "";
    throw new ReportError(`It is a damaged run${where === "" ? "" : `: ${where} is not what it must be`}.`);
  }
  const ids = new Set(data.findings.map(({ id }) => id));
  if (ids.size !== data.findings.length)
    throw new ReportError("It is a damaged run: it has two findings of one control.");
  if (!URL.canParse(data.origin) || new URL(data.origin).origin !== data.origin)
    throw new ReportError("It is a damaged run: its target is no address.");
  if (![data.startedAt, data.endedAt].every(isMoment))
    throw new ReportError("It is a damaged run: one of its times is none.");
  return {
    format: data.format,
    tool: { name: data.tool.name, version: shown(data.tool.version, 40) },
    nodeVersion: shown(data.nodeVersion, 40),
    origin: data.origin,
    target: shown(data.target, 80),
    environment: data.environment,
    ...(data.policyName === undefined ? {} : { policyName: shown(data.policyName, 80) }),
    fingerprint: data.fingerprint,
    ...(isNamed(data.policy, data.fingerprint) ? { policy: data.policy } : {}),
    startedAt: data.startedAt,
    endedAt: data.endedAt,
    seconds: data.seconds,
    controlsKnown: data.controlsKnown,
    reachable: data.reachable,
    findings: data.findings.map(shownFinding),
  };
}

/** In a file, for a bundle: what was read and nothing else of it. It is a run again. */
export const runText = (run: Run): string => `${JSON.stringify(run, undefined, 1)}\n`;
