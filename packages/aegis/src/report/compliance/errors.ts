/** What cannot be assessed, or attested. The message is for whoever asked. */
export class ComplianceError extends Error {
  override readonly name = "ComplianceError";
}
