import { errorsOf, type ErrorTable } from "../errors.ts";

export const tokenErrors = {
  AEGIS_TOKEN_REFRESH_REFUSED: {
    status: 401,
    title: "Sign in again",
    detail: "This refresh token is not accepted. Sign in again to get new tokens.",
    hint: "Unknown, expired, revoked, used before, of an account that may not sign in, or from another program or network than the policy allows; merged here on purpose, the audit event tells them apart.",
  },
  AEGIS_TOKEN_OVERTAKEN: {
    status: 409,
    title: "Refreshed already",
    detail: "Another call used this refresh token a moment ago. Use the tokens that it was given.",
    hint: "A second use within token.reuseGraceSeconds: refused, and nothing is revoked.",
  },
  AEGIS_TOKEN_SCOPE_UNKNOWN: {
    status: 400,
    title: "Unknown scope",
    detail: "There is no such scope.",
    hint: "A scope that no route asks of tokens.",
  },
  AEGIS_TOKEN_NOT_FOUND: {
    status: 404,
    title: "Not found",
    detail: "There are no such tokens, or they have ended.",
    hint: "No live token family of this account has that id.",
  },
  AEGIS_TOKEN_OFF: {
    status: 404,
    title: "Not found",
    detail: "No tokens are given out here.",
    hint: "token.enabled is false.",
  },
} as const satisfies ErrorTable;

export const tokenError = errorsOf(tokenErrors);
