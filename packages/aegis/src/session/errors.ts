import { errorsOf, type ErrorTable } from "../errors.ts";

export const sessionErrors = {
  AEGIS_SESSION_NOT_FOUND: {
    status: 404,
    title: "Session not found",
    detail: "There is no such session of yours.",
    hint: "It has ended already, or the id belongs to somebody else.",
  },
} as const satisfies ErrorTable;

export const sessionError = errorsOf(sessionErrors);
