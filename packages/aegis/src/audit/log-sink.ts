import { isRecord } from "../lib/freeze.ts";
import type { AuditEvent, AuditSink } from "./events.ts";

/** The part of a pino logger that is needed here. */
export interface LogTarget {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** Control and format characters (escape sequences, text that runs backwards) fool whoever reads a log in a terminal. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}]/gu;

/** Most of what is written is plain; looking for more in it costs more than seeing that it is. */
const PLAIN = /^[\x20-\x7e]*$/;

const isPlain = (value: unknown): boolean =>
  typeof value === "string" ? PLAIN.test(value) : !isRecord(value) || Object.values(value).every(isPlain);

function shown(value: unknown): unknown {
  if (isPlain(value)) return value;
  if (typeof value === "string") return value.replace(UNSEEN, "\uFFFD");
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shown(inner)]));
}

/** Events as structured log lines: every value is a JSON string, so that no text can start a line of its own. */
export function logSink(log: LogTarget): AuditSink {
  return {
    write(event: AuditEvent) {
      // Under the name that the other lines of the request have it by.
      const fields = { ...(event.request_id === "" ? {} : { reqId: event.request_id }), audit: shown(event) };
      if (event.outcome === "success") log.info(fields, event.event);
      else log.warn(fields, event.event);
    },
  };
}
