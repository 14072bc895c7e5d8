import { errorsOf, type ErrorTable } from "../errors.ts";

export const accessErrors = {
  AEGIS_ACCESS_SIGN_IN_REQUIRED: {
    status: 401,
    title: "Sign-in required",
    detail: "Sign in to use this.",
    hint: "No session, or one that has ended.",
  },
  AEGIS_ACCESS_FORBIDDEN: {
    status: 403,
    title: "Not allowed",
    detail: "Your account may not do this.",
    hint: "Signed in, but without the role that the route declares.",
  },
  AEGIS_ACCESS_NOT_FOUND: {
    status: 404,
    title: "Not found",
    detail: "There is nothing at this address.",
    hint: "No route matches.",
  },
} as const satisfies ErrorTable;

export const accessError = errorsOf(accessErrors);
