/** What cannot be reported. The message is for whoever called the command; it never quotes a file. */
export class ReportError extends Error {
  override readonly name = "ReportError";
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}
