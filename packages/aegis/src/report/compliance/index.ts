/** Compliance: what was measured, and what somebody signed for, requirement by requirement. */
export {
  assess,
  type Assessment,
  type AssessOptions,
  type Row,
  type RowControl,
  type Status,
  statuses,
} from "./assess.ts";
export {
  attest,
  type Attestation,
  attestationsText,
  type AttestOptions,
  type Judged,
  MAX_ATTESTATIONS_BYTES,
  type Objection,
  readAttestations,
  refusedText,
  signatureOf,
} from "./attestation.ts";
export { type Chapter, chaptersOf } from "./chapters.ts";
export { type Coverage, coverageOf } from "./coverage.ts";
export { ComplianceError } from "./errors.ts";
export { type Framework, framework, frameworkIds, type Requirement, shownToFail } from "./framework.ts";
export { controlsOf, type MappedControl } from "./mapping.ts";
export { assessmentLines, complianceMarkdown } from "./markdown.ts";
export { exchangeAt, type Seen, type SeenExchange, seenRun, type SeenRun } from "./run.ts";
