import { type ErrorTable, errorsOf } from "../errors.ts";

export const secretErrors = {
  AEGIS_SECRET_STALE: {
    status: 503,
    title: "Not available now",
    detail: "This cannot be done at the moment. Try again later.",
    hint: "The source of the secrets has been away for longer than secret.staleSeconds; the log says which and why.",
  },
} as const satisfies ErrorTable;

export const secretError = errorsOf(secretErrors);

export type SecretErrorCode =
  | "AEGIS_SECRET_MISSING"
  | "AEGIS_SECRET_WEAK"
  /** The source did not answer, in time or at all. */
  | "AEGIS_SECRET_SOURCE_AWAY"
  /** The source answered, and gives nothing to whoever asks so. */
  | "AEGIS_SECRET_SOURCE_REFUSED"
  /** What the source holds is not in its form, or it is not set up as it must be. */
  | "AEGIS_SECRET_SOURCE_BROKEN";

const KEY = "Make one with: npx aegis keys secret";

/** A secret that stops the start. The message is for the operator: which one, where it was looked for, how to make one. */
export class SecretError extends Error {
  override readonly name = "SecretError";
  readonly code: SecretErrorCode;

  constructor(code: SecretErrorCode, what: string, how: string | undefined = KEY) {
    super(how === "" ? what : `${what}\n${how}`);
    this.code = code;
  }
}

/** A source that gives nothing. @param what never holds a value of a secret */
export const sourceFailure = (
  kind: "away" | "refused" | "broken",
  where: string,
  what: string,
  how = "",
): SecretError =>
  new SecretError(
    kind === "away"
      ? "AEGIS_SECRET_SOURCE_AWAY"
      : kind === "refused"
        ? "AEGIS_SECRET_SOURCE_REFUSED"
        : "AEGIS_SECRET_SOURCE_BROKEN",
    `${where}: ${what}`,
    how,
  );
