import { errorsOf, type ErrorTable } from "../errors.ts";

export const breachErrors = {
  AEGIS_BREACH_UNCHECKED: {
    status: 503,
    title: "Temporarily unavailable",
    detail: "New passwords cannot be checked at this moment. Try again in a minute.",
    hint: "The source of breached passwords gave no answer (breach.source), and breach.onUnavailable is refuse; the log line says why.",
  },
} as const satisfies ErrorTable;

export const breachError = errorsOf(breachErrors);

/** A corpus or a list that cannot be used. For the operator, at start or on the command line: it never meets a request. */
export class CorpusError extends Error {
  override readonly name = "CorpusError";
  readonly code = "AEGIS_BREACH_CORPUS_UNUSABLE";
}
