/** A certificate, key or server that cannot be read or made; the message never quotes what was in the file. */
export class CertificateError extends Error {
  override readonly name = "CertificateError";
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}
