/** Turns whatever a request ran into into one stable error; the closed list of codes is composed here. */
import type { FastifyError } from "fastify";
import { accessError, accessErrors } from "./access/errors.ts";
import { accountErrors } from "./account/errors.ts";
import { auditErrors } from "./audit/errors.ts";
import { csrfErrors } from "./csrf/errors.ts";
import { AegisError, type ErrorTable, errorsOf } from "./errors.ts";
import { inputError, inputErrors } from "./input/errors.ts";
import { fieldErrors } from "./input/validation.ts";
import { isUnavailable } from "./lib/unavailable.ts";
import { apiKeyErrors } from "./api-key/errors.ts";
import { approvalErrors } from "./approval/errors.ts";
import { breachErrors } from "./breach/errors.ts";
import { maintenanceErrors } from "./maintenance/errors.ts";
import { monitorErrors } from "./monitor/errors.ts";
import { metricsErrors } from "./metrics/errors.ts";
import { mfaErrors } from "./mfa/errors.ts";
import { passkeyErrors } from "./passkey/errors.ts";
import { passwordErrors } from "./password/errors.ts";
import { rateLimitErrors } from "./rate-limit/errors.ts";
import { recoveryErrors } from "./recovery/errors.ts";
import { reputationErrors } from "./reputation/errors.ts";
import { sanitizeErrors } from "./sanitize/errors.ts";
import { secretErrors } from "./secret/errors.ts";
import { sessionErrors } from "./session/errors.ts";
import { signInErrors } from "./sign-in/errors.ts";
import { tenancyErrors } from "./tenancy/errors.ts";
import { throttleErrors } from "./throttle/errors.ts";
import { tokenErrors } from "./token/errors.ts";
import { uploadErrors } from "./upload/errors.ts";
import { transportError, transportErrors } from "./transport/errors.ts";

const serverErrors = {
  AEGIS_STORE_UNAVAILABLE: {
    status: 503,
    title: "Temporarily unavailable",
    detail: "This cannot be answered right now. Try again in a few seconds.",
    hint: "The database or session store cannot be reached; the log line holds the cause.",
  },
  AEGIS_INTERNAL: {
    status: 500,
    title: "Internal error",
    detail: "Something went wrong here. The request id helps the operator to find it.",
    hint: "An unexpected error; the log line holds it.",
  },
} as const satisfies ErrorTable;

const serverError = errorsOf(serverErrors);

/** Every code that can appear on the wire. */
export const errorTable = {
  ...transportErrors,
  ...maintenanceErrors,
  ...csrfErrors,
  ...accessErrors,
  ...sessionErrors,
  ...accountErrors,
  ...signInErrors,
  ...passwordErrors,
  ...breachErrors,
  ...tenancyErrors,
  ...throttleErrors,
  ...monitorErrors,
  ...metricsErrors,
  ...mfaErrors,
  ...passkeyErrors,
  ...recoveryErrors,
  ...approvalErrors,
  ...rateLimitErrors,
  ...reputationErrors,
  ...tokenErrors,
  ...apiKeyErrors,
  ...inputErrors,
  ...auditErrors,
  ...secretErrors,
  ...sanitizeErrors,
  ...uploadErrors,
  ...serverErrors,
} as const satisfies ErrorTable;

export type ErrorCode = keyof typeof errorTable;

/** How long a client should wait before it asks again while a store is away. */
const RETRY_AFTER_SECONDS = 5;

export function toAegisError(error: unknown): AegisError {
  if (error instanceof AegisError) return error;
  if (isUnavailable(error))
    return serverError("AEGIS_STORE_UNAVAILABLE", { cause: error, retryAfterSeconds: RETRY_AFTER_SECONDS });
  if (isFastifyError(error)) {
    if (error.validation !== undefined)
      return inputError("AEGIS_INPUT_INVALID", { errors: fieldErrors(error.validation) });
    switch (error.code) {
      case "FST_ERR_CTP_BODY_TOO_LARGE":
        return inputError("AEGIS_INPUT_TOO_LARGE");
      case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
        return inputError("AEGIS_INPUT_MEDIA_TYPE");
      case "FST_ERR_CTP_INVALID_CONTENT_LENGTH":
      case "FST_ERR_CTP_INVALID_JSON_BODY":
      case "FST_ERR_CTP_EMPTY_JSON_BODY":
        return inputError("AEGIS_INPUT_MALFORMED");
      case "FST_ERR_BAD_URL":
      case "FST_ERR_ASYNC_CONSTRAINT":
        return transportError("AEGIS_TRANSPORT_MALFORMED");
      case "FST_ERR_MAX_PARAM_LENGTH":
        return transportError("AEGIS_TRANSPORT_URL_TOO_LONG");
      default:
    }
    // What other plugins refuse stays a refusal; their words may say too much.
    if (error.statusCode === 403 || error.statusCode === 404) return accessError("AEGIS_ACCESS_NOT_FOUND");
    if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500)
      return inputError("AEGIS_INPUT_MALFORMED");
  }
  return serverError("AEGIS_INTERNAL", { cause: error });
}

/** Plugins mark their refusals by a code or a status. */
function isFastifyError(error: unknown): error is FastifyError {
  if (!(error instanceof Error)) return false;
  return (
    ("code" in error && typeof error.code === "string") ||
    ("statusCode" in error && typeof error.statusCode === "number")
  );
}
