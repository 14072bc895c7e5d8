import { errorsOf, type ErrorTable } from "../errors.ts";

export const passwordErrors = {
  AEGIS_PASSWORD_BUSY: {
    status: 503,
    title: "Busy",
    detail: "Too many sign-ins at this moment. Try again in a few seconds.",
    hint: "The queue of password hashes is full (password.hashing); a flood of sign-ins, or too little CPU.",
  },
} as const satisfies ErrorTable;

export const passwordError = errorsOf(passwordErrors);
