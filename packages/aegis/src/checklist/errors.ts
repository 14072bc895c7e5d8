/** What cannot be done with a record. The message is for whoever keeps it. */
export class ChecklistError extends Error {
  override readonly name = "ChecklistError";
}
