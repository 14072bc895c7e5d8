import { errorsOf, type ErrorTable } from "../errors.ts";

export const passwordErrors = {
  AEGIS_PASSWORD_BUSY: {
    status: 503,
    title: "Busy",
    detail: "Too many sign-ins at this moment. Try again in a few seconds.",
    hint: "The queue of password hashes is full (password.hashing); a flood of sign-ins, or too little CPU.",
  },
  AEGIS_PASSWORD_CHANGED_MEANWHILE: {
    status: 409,
    title: "Changed meanwhile",
    detail: "The password was changed somewhere else just now. Sign in with the new one.",
    hint: "Two changes at once; one of them won.",
  },
} as const satisfies ErrorTable;

export const passwordError = errorsOf(passwordErrors);
