import type { AuditEvent, AuditSink } from "./events.ts";

/** The part of a pino logger that is needed here. */
export interface LogTarget {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** Events as structured log lines: every value is a JSON string, so that no text can start a line of its own. */
export function logSink(log: LogTarget): AuditSink {
  return {
    write(event: AuditEvent) {
      const fields = { audit: event };
      if (event.outcome === "success") log.info(fields, event.event);
      else log.warn(fields, event.event);
    },
  };
}
