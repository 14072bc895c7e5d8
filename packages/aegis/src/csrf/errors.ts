import { errorsOf, type ErrorTable } from "../errors.ts";

export const csrfErrors = {
  AEGIS_CSRF_CROSS_SITE: {
    status: 400,
    title: "CSRF check failed",
    detail: "CSRF protection refused this request: it came from another site.",
    hint: "Sec-Fetch-Site or Origin names another origin. If it is yours, add it to csrf.trustedOrigins; behind a proxy, see that Host and X-Forwarded-Proto arrive.",
  },
  AEGIS_CSRF_TOKEN_MISSING: {
    status: 400,
    title: "CSRF check failed",
    detail:
      "CSRF token missing: send the value of GET /csrf-token in the header X-CSRFToken or the form field csrf_token.",
    hint: "The client does not send the token.",
  },
  AEGIS_CSRF_TOKEN_INVALID: {
    status: 400,
    title: "CSRF check failed",
    detail: "CSRF token wrong: it does not belong to this session. Fetch a new one from GET /csrf-token.",
    hint: "A token of another or an earlier session, or an attack. After sign-in a new token is needed.",
  },
} as const satisfies ErrorTable;

export const csrfError = errorsOf(csrfErrors);
