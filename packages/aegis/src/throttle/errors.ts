import { errorsOf, type ErrorTable } from "../errors.ts";

export const throttleErrors = {
  AEGIS_THROTTLE_PROOF_FAILED: {
    status: 403,
    title: "Not confirmed",
    detail: "That is not right, or it comes too soon after several failures. Wait a moment, then try again.",
    hint: "A wrong password or code for a confirmation, or one that must wait (throttle); merged here on purpose.",
  },
} as const satisfies ErrorTable;

export const throttleError = errorsOf(throttleErrors);
