/** A secret that stops the start. The message is for the operator: which one, where it was looked for, how to make one. */
export class SecretError extends Error {
  override readonly name = "SecretError";
  readonly code: "AEGIS_SECRET_MISSING" | "AEGIS_SECRET_WEAK";

  constructor(code: "AEGIS_SECRET_MISSING" | "AEGIS_SECRET_WEAK", what: string) {
    super(`${what}\nMake one with: npx aegis keys secret`);
    this.code = code;
  }
}
