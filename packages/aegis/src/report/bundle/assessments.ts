/**
 * Assessments in a bundle, held against what lies beside them. Threat: rows that rest on another run, on an exchange that
 * is not there, or on a word that nobody gave; the signature over a bundle says who made it, not that its parts belong
 * together. Rule: each assessment names the run in the bundle by its digest, each exchange of a row that says tested is in
 * it, and each word that a row rests on is in the file of statements, signed by a key that was handed in, for that
 * requirement, of that kind, and not over when the row was made. References: requirement CHK-5; RFC 8032.
 */
import { hash } from "node:crypto";
import Type from "typebox";
import { Value } from "typebox/value";
import type { ChecklistKeys } from "../../checklist/seal.ts";
import { statuses } from "../compliance/assess.ts";
import { isWordFor, readAttestations, signatureOf } from "../compliance/attestation.ts";
import { ComplianceError } from "../compliance/errors.ts";
import { exchangeAt } from "../compliance/run.ts";
import { ReportError } from "../errors.ts";
import { parseRun, type Run } from "../run-file.ts";
import { assessmentFile, ATTESTATIONS, type EvidenceManifest, isAssessmentFile, RUN } from "./manifest.ts";

const digest = Type.String({ pattern: "^[0-9a-f]{64}$" });
const rowSchema = Type.Object({
  requirement: Type.Object({ id: Type.String() }),
  status: Type.Enum([...statuses]),
  controls: Type.Array(
    Type.Object({
      id: Type.String(),
      outcome: Type.String(),
      exchange: Type.Optional(
        Type.Object({ pointer: Type.String(), request: Type.String(), status: Type.Integer() }),
      ),
    }),
    { maxItems: 1000 },
  ),
  statement: Type.Optional(Type.Unknown()),
});
/** Open: a later version may say more of it. */
const assessmentSchema = Type.Object({
  framework: Type.Object({ id: Type.String(), version: Type.String() }),
  run: Type.Object({ fingerprint: Type.String(), digest }),
  assessedAt: Type.String({ pattern: "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$" }),
  rows: Type.Array(rowSchema, { maxItems: 1000 }),
});
type StoredRow = Type.Static<typeof rowSchema>;

/** What an assessment in a bundle was found to rest on. */
export interface VerifiedAssessment {
  readonly framework: string;
  readonly version: string;
  /** How many words of people its rows rest on; each was signed by a key that was handed in. */
  readonly statements: number;
}
export interface AssessmentProblem {
  /** `foreign`: a word in it is signed by a key that was not handed in. */
  readonly kind: "damaged" | "foreign";
  readonly detail: string;
}

class Problem extends Error {
  readonly kind: AssessmentProblem["kind"];
  constructor(message: string, kind: AssessmentProblem["kind"] = "damaged") {
    super(message);
    this.kind = kind;
  }
}

export function checkedAssessments(
  { policy }: EvidenceManifest,
  files: ReadonlyMap<string, Uint8Array>,
  keys: ChecklistKeys,
): readonly VerifiedAssessment[] | AssessmentProblem {
  const textOf = (name: string): string | undefined => {
    const bytes = files.get(name);
    return bytes === undefined ? undefined : Buffer.from(bytes).toString("utf8");
  };
  try {
    const attestations = textOf(ATTESTATIONS);
    const statements = attestations === undefined ? [] : readAttestations(attestations);
    const names = [...files.keys()].filter(isAssessmentFile);
    if (names.length === 0) return [];
    const text = textOf(RUN) ?? "";
    const run = parseRun(text);
    return names.map((name) => {
      const data: unknown = JSON.parse(textOf(name) ?? "");
      if (!Value.Check(assessmentSchema, data) || name !== assessmentFile(data.framework.id))
        throw new Problem(`${name} is no assessment`);
      if (data.run.digest !== hash("sha256", text, "hex") || data.run.fingerprint !== policy)
        throw new Problem(`${name} is of another run`);
      for (const row of data.rows) checkRow(name, row, run);
      const { id, version } = data.framework;
      const assessedAt = Date.parse(data.assessedAt);
      const spoken = data.rows.filter(({ statement }) => statement !== undefined);
      for (const { requirement, status, statement } of spoken) {
        const what = `${name}, ${requirement.id}: the statement that it rests on`;
        const signature = signatureOf(statement, statements, keys);
        if (signature === "foreign")
          throw new Problem(`${what} is signed by a key that was not given`, "foreign");
        if (signature !== "genuine") throw new Problem(`${what} is ${signature}`);
        const row = { framework: id, version, requirement: requirement.id, status, assessedAt };
        if (!isWordFor(statement, row)) throw new Problem(`${what} is for something else, or over`);
      }
      return { framework: id, version, statements: spoken.length };
    });
  } catch (error) {
    if (error instanceof Problem) return { kind: error.kind, detail: error.message };
    if (error instanceof SyntaxError) return { kind: "damaged", detail: "an assessment is no JSON" };
    if (!(error instanceof ReportError || error instanceof ComplianceError)) throw error;
    return { kind: "damaged", detail: error.message };
  }
}

function checkRow(name: string, { requirement, status, controls, statement }: StoredRow, run: Run): void {
  if ((status === "attested" || status === "waived") !== (statement !== undefined))
    throw new Problem(`${name}, ${requirement.id}: a word, and a status that rests on one, go together`);
  const passed = controls.filter(({ outcome }) => outcome === "pass");
  const isTested = status === "tested" || status === "tested-in-part";
  if (isTested && passed.length === 0)
    throw new Problem(`${name}, ${requirement.id}: it says tested, and no control passed`);
  for (const { id, exchange } of isTested ? passed : []) {
    const finding = run.findings.find((one) => one.id === id);
    const place = run.findings.findIndex((one) => one.id === id);
    const stored = exchange === undefined ? undefined : exchangeAt(run, exchange.pointer);
    if (
      finding?.outcome !== "pass" ||
      exchange?.pointer.startsWith(`/findings/${place}/`) !== true ||
      stored?.request !== exchange.request ||
      stored.status !== exchange.status
    )
      throw new Problem(`${name}, ${requirement.id}: the run in it has no such exchange of ${id}`);
  }
}
