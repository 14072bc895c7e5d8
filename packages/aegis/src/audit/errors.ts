import { errorsOf, type ErrorTable } from "../errors.ts";

export const auditErrors = {
  AEGIS_AUDIT_UNAVAILABLE: {
    status: 503,
    title: "Temporarily unavailable",
    detail: "This cannot be answered right now. Try again in a few seconds.",
    hint: "The event of this request could not be written to the audit log, and audit.onFailure is refuse; the log line of the audit log holds the cause.",
  },
} as const satisfies ErrorTable;

export const auditError = errorsOf(auditErrors);
