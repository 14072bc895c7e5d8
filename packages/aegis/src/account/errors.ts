import { errorsOf, type ErrorTable } from "../errors.ts";

export const accountErrors = {
  AEGIS_ACCOUNT_SIGN_IN_FAILED: {
    status: 401,
    title: "Sign-in failed",
    detail: "User name or password is wrong.",
    hint: "Unknown user and wrong password are merged here on purpose; the audit event tells them apart.",
  },
  AEGIS_ACCOUNT_TAKEN: {
    status: 409,
    title: "Not available",
    detail: "That user name or e-mail address cannot be used.",
    hint: "An account with that user name or e-mail address exists.",
  },
  AEGIS_ACCOUNT_REGISTRATION_CLOSED: {
    status: 403,
    title: "Registration closed",
    detail: "Accounts are made by an administrator here.",
    hint: "account.selfRegistration is false.",
  },
} as const satisfies ErrorTable;

export const accountError = errorsOf(accountErrors);
