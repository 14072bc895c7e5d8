/**
 * Evidence as one file: what was found, what came over the wire, what it was held against, and the reports of it. Threat:
 * evidence that was improved afterwards, or that gives away what it shows. Rule: the manifest has the digest of every file
 * and is signed (Ed25519); what goes in was read as `parseRun` reads it, with secrets cut short. References: requirement
 * CHK-5; RFC 8032, RFC 8785; ASVS 5.0 16.2.5.
 */
import { hash } from "node:crypto";
import { signed } from "../../backup/signature.ts";
import type { BackupSigner } from "../../backup/signature.ts";
import { tarOf } from "../../backup/tar.ts";
import { sha256 } from "../../lib/bytes.ts";
import { fingerprint, type Policy } from "../../policy.ts";
import { type KeyRing, openKeyRing } from "../../token/keys.ts";
import { readAttestations } from "../compliance/attestation.ts";
import { ReportError } from "../errors.ts";
import { htmlReport } from "../formats/html.ts";
import { jsonReport } from "../formats/json.ts";
import { junitReport } from "../formats/junit.ts";
import { markdownReport } from "../formats/markdown.ts";
import { oscalReport } from "../formats/oscal.ts";
import { sarifReport } from "../formats/sarif.ts";
import type { SecurityReport } from "../model.ts";
import { runText } from "../run-file.ts";
import {
  assessmentFile,
  ATTESTATIONS,
  type EvidenceManifest,
  MANIFEST,
  MAX_BUNDLE_BYTES,
  RUN,
} from "./manifest.ts";

export type EvidenceSigner = BackupSigner;

/** What signs bundles, of a ring as `aegis keys ring --algorithm EdDSA` makes it. @throws ReportError, KeyRingError */
export function evidenceSigner(ring: KeyRing): EvidenceSigner {
  const { signing } = openKeyRing(ring);
  if (signing.algorithm !== "EdDSA")
    throw new ReportError(
      "Evidence is signed with Ed25519, and the ring's active key is of another kind.",
      "Make one: aegis keys ring --algorithm EdDSA --out ring.json",
    );
  return { kid: signing.kid, privateKey: signing.privateKey };
}

const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;

export interface EvidenceOptions {
  /** The file of statements that the assessments were made with, as it stands. */
  readonly attestations?: string;
}

/**
 * Assessments are of the run as it goes in: made with `seenRun(run, runText(run))`, so that their digest names it.
 * @throws ReportError where the run was held against another policy, or an assessment is of another file
 * @throws ComplianceError where the statements are none
 */
export async function evidenceBundle(
  report: SecurityReport,
  policy: Policy,
  signer: EvidenceSigner,
  { attestations }: EvidenceOptions = {},
): Promise<Uint8Array> {
  const { run, assessments, madeAt } = report;
  if (attestations !== undefined) readAttestations(attestations);
  const text = runText(run);
  const digest = hash("sha256", text, "hex");
  if (assessments.some((one) => one.run.digest !== digest))
    throw new ReportError("An assessment is of another file than the run that goes into the bundle.");
  if (fingerprint(policy) !== run.fingerprint)
    throw new ReportError(
      `The run was held against the policy ${run.fingerprint}, and this one is ${fingerprint(policy)}.`,
      "Give the policy that it was held against: --policy, --preset, --environment.",
    );
  const files: readonly (readonly [string, string])[] = [
    [RUN, text],
    ["policy.json", json(policy)],
    [
      "versions.json",
      json({
        aegis: run.tool.version,
        node: run.nodeVersion,
        reportedBy: { node: process.version },
        policy: run.fingerprint,
        target: run.target,
        origin: run.origin,
        environment: run.environment,
      }),
    ],
    ["report.html", htmlReport(report)],
    ["report.md", markdownReport(report)],
    ["report.json", jsonReport(report)],
    ["report.sarif", sarifReport(report)],
    ["report.oscal.json", oscalReport(report, { inBundle: true })],
    ["report.junit.xml", junitReport(report)],
    ...assessments.map((one) => [assessmentFile(one.framework.id), json(one)] as const),
    ...(attestations === undefined ? [] : [[ATTESTATIONS, attestations] as const]),
    ...run.findings
      .filter(({ evidence, matrix }) => evidence.length > 0 || matrix.length > 0)
      .map(
        ({ id, outcome, observed, evidence, matrix }) =>
          [`exchanges/${id}.json`, json({ control: id, outcome, observed, evidence, matrix })] as const,
      ),
  ];
  const contents = files.map(([name, content]) => ({ name, bytes: Buffer.from(content) }));
  const manifest: EvidenceManifest = {
    format: "aegis-evidence/1",
    made_at: madeAt,
    origin: run.origin,
    policy: run.fingerprint,
    files: contents.map(({ name, bytes }) => ({ name, bytes: bytes.length, sha256: sha256(bytes) })),
  };
  const bundle = await archived([
    { name: MANIFEST, bytes: Buffer.from(signed("aegis-evidence", manifest, signer)) },
    ...contents,
  ]);
  if (bundle.length > MAX_BUNDLE_BYTES) throw new ReportError("The evidence is too large for a bundle.");
  return bundle;
}

/** Files in one archive that has one spelling. */
export async function archived(
  files: Iterable<{ readonly name: string; readonly bytes: Uint8Array }>,
): Promise<Uint8Array> {
  const entries = async function* () {
    for (const { name, bytes } of files)
      yield {
        name,
        file: {
          size: bytes.length,
          bytes: (async function* () {
            yield bytes;
          })(),
        },
      };
  };
  const pieces: Uint8Array[] = [];
  for await (const piece of tarOf(entries())) pieces.push(piece);
  return Buffer.concat(pieces);
}
