import { errorsOf, type ErrorTable } from "../errors.ts";

export const rateLimitErrors = {
  AEGIS_RATE_LIMITED: {
    status: 429,
    title: "Too many requests",
    detail: "That was too often in a short time. Wait a little, then try again.",
    hint: "A limit of rateLimit.limits is used up; the event rate_limit.exceeded says which, once per window.",
  },
  AEGIS_RATE_UNCOUNTED: {
    status: 503,
    title: "Temporarily unavailable",
    detail: "This cannot be answered right now. Try again in a few seconds.",
    hint: "The store of rate limits cannot be reached, and rateLimit.closedWhenStoreAway closes this route meanwhile.",
  },
} as const satisfies ErrorTable;

export const rateLimitError = errorsOf(rateLimitErrors);
