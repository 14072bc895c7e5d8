/** "aegis/report": a saved run as a score, a comparison, a report in six formats, and a signed bundle of evidence. */
export type { VerifiedAssessment } from "./bundle/assessments.ts";
export { type EvidenceManifest, MAX_BUNDLE_BYTES } from "./bundle/manifest.ts";
export { type EvidenceKeys, verifyBundle, type VerifiedBundle } from "./bundle/read.ts";
export { evidenceBundle, type EvidenceOptions, evidenceSigner, type EvidenceSigner } from "./bundle/write.ts";
export {
  type ComponentComparison,
  type Comparison,
  compareRuns,
  type ControlChange,
  type Effect,
} from "./compare.ts";
export { ReportError } from "./errors.ts";
export { comparisonJson, comparisonMarkdown, comparisonText } from "./formats/comparison.ts";
export { htmlReport } from "./formats/html.ts";
export { jsonReport } from "./formats/json.ts";
export { junitReport } from "./formats/junit.ts";
export { markdownReport } from "./formats/markdown.ts";
export { type OscalOptions, oscalReport } from "./formats/oscal.ts";
export { sarifReport, sarifText } from "./formats/sarif.ts";
export { reportOf, type ReportOptions, type SecurityReport } from "./model.ts";
export { MAX_RUN_BYTES, parseRun, type Run, type RunFinding, runText } from "./run-file.ts";
export { type ComponentScore, type Score, scoreOf, type Scored, scoreText, type Tally } from "./score.ts";
export {
  assess,
  type Assessment,
  type AssessOptions,
  attest,
  type Attestation,
  attestationsText,
  type AttestOptions,
  complianceMarkdown,
  ComplianceError,
  controlsOf,
  type Coverage,
  coverageOf,
  type Framework,
  framework,
  frameworkIds,
  type Judged,
  type MappedControl,
  MAX_ATTESTATIONS_BYTES,
  type Objection,
  readAttestations,
  refusedText,
  type Requirement,
  type Row,
  type RowControl,
  type Seen,
  type SeenExchange,
  seenRun,
  type SeenRun,
  shownToFail,
  type Status,
  statuses,
} from "./compliance/index.ts";
