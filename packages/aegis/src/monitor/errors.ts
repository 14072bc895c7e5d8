import { errorsOf, type ErrorTable } from "../errors.ts";

export const monitorErrors = {
  AEGIS_MONITOR_TOO_MANY_STREAMS: {
    status: 429,
    title: "Watched too often",
    detail: "This is open in too many windows. Close one of them and try again.",
    hint: "Live streams are bounded per administrator and process; a closed window gives its own back.",
  },
} as const satisfies ErrorTable;

export const monitorError = errorsOf(monitorErrors);
