import { errorsOf, type ErrorTable } from "../errors.ts";

export const reputationErrors = {
  AEGIS_REPUTATION_BANNED: {
    status: 429,
    title: "Refused for a while",
    detail: "Too much went wrong from your network. Try again later; whoever is signed in already can go on.",
    hint: "The address is banned for a while; GET /api/admin/bans says why, and a ban can be lifted there.",
  },
  AEGIS_REPUTATION_NO_BAN: {
    status: 404,
    title: "No such ban",
    detail: "There is no such ban, or it is over.",
    hint: "The key is unknown, the ban has ended, or it was lifted.",
  },
} as const satisfies ErrorTable;

export const reputationError = errorsOf(reputationErrors);
