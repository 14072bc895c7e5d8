/** "aegis/checklist": a deployment as a signed record of what was looked at, who did what, and who approved. */
import { ChecklistError } from "./checklist/errors.ts";
import type { ChecklistSigner } from "./checklist/seal.ts";
import { type KeyRing, openKeyRing } from "./token/keys.ts";

export { ChecklistError } from "./checklist/errors.ts";
export { findingsFrom } from "./checklist/findings.ts";
export { htmlOf } from "./checklist/html.ts";
export { judged } from "./checklist/judge.ts";
export { approved, marked, started, withEntries } from "./checklist/keep.ts";
export { markdownOf } from "./checklist/markdown.ts";
export { type ChecklistRecord, type Entry, type Finding, type Looked, textOf } from "./checklist/record.ts";
export { type ChecklistKeys, checklistKeys, type ChecklistSigner } from "./checklist/seal.ts";
export { type ChecklistState, stateOf, type StepState } from "./checklist/state.ts";
export { defaultList, parseList, type Step, type StepList, stepsOf } from "./checklist/steps.ts";
export {
  MAX_RECORD_BYTES,
  type RecordProblem,
  type VerifiedRecord,
  verifyRecord,
} from "./checklist/verify.ts";

/** What signs a record, of a ring as `aegis keys ring --algorithm EdDSA` makes it. @throws ChecklistError, KeyRingError */
export function checklistSigner(ring: KeyRing): ChecklistSigner {
  const { signing } = openKeyRing(ring);
  if (signing.algorithm !== "EdDSA")
    throw new ChecklistError(
      "A checklist is signed with Ed25519, and the ring's active key is of another kind. Make one: aegis keys ring --algorithm EdDSA",
    );
  return { kid: signing.kid, privateKey: signing.privateKey };
}
