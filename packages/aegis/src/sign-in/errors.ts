import { errorsOf, type ErrorTable } from "../errors.ts";

export const signInErrors = {
  AEGIS_SIGN_IN_FAILED: {
    status: 401,
    title: "Sign-in failed",
    detail:
      "User name or password is wrong. After several failures sign-in waits for a while; resetting the password ends the wait.",
    hint: "Unknown user, wrong password, a wait after failures and a suspended account are merged here on purpose; the audit event tells them apart.",
  },
} as const satisfies ErrorTable;

export const signInError = errorsOf(signInErrors);
