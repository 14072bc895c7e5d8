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
  AEGIS_ACCESS_SIGN_IN_UNFINISHED: {
    status: 403,
    title: "Sign-in unfinished",
    detail: "Finish signing in first.",
    hint: "The session still waits for a second factor, a new password or the set-up of a second factor.",
  },
  AEGIS_ACCESS_PROOF_NEEDED: {
    status: 403,
    title: "Confirm it is you",
    detail: "This needs a fresh proof that it is you.",
    hint: "The route declares maxAuthAgeSeconds, and the last proof is older (POST /api/auth/confirm renews it).",
  },
  AEGIS_ACCESS_SECOND_FACTOR_NEEDED: {
    status: 403,
    title: "Second factor needed",
    detail: "This needs a sign-in with a second factor.",
    hint: "The route declares requireAal 2, and the session was opened with one factor.",
  },
  AEGIS_ACCESS_BEARER_INVALID: {
    status: 401,
    title: "Not accepted",
    detail: "This token or key is not accepted.",
    hint: "Unknown, forged, expired or revoked, or of a kind that the route does not take.",
  },
  AEGIS_ACCESS_SCOPE_MISSING: {
    status: 403,
    title: "Not allowed",
    detail: "This token or key is not good for that.",
    hint: "The route declares a scope that the token or key does not have.",
  },
  AEGIS_ACCESS_NOT_FOUND: {
    status: 404,
    title: "Not found",
    detail: "There is nothing at this address.",
    hint: "No route matches.",
  },
} as const satisfies ErrorTable;

export const accessError = errorsOf(accessErrors);
