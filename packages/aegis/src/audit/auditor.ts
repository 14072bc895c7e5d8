import type { FastifyRequest } from "fastify";
import type { Clock } from "../lib/clock.ts";
import type { AuditEvent, AuditSink } from "./events.ts";

/** Writes an event with what is known of its request; undefined where there is none. */
export type Audit = (
  request: FastifyRequest | undefined,
  event: Omit<AuditEvent, "at" | "request_id" | "ip"> & { readonly ip?: string },
) => void;

export function auditor(sink: AuditSink, clock: Clock): Audit {
  return (request, event) =>
    sink.write({
      at: new Date(clock.now()).toISOString(),
      request_id: request?.id ?? "",
      ip: request?.ip ?? "",
      ...(request?.bearer == null ? {} : { bearer_id: request.bearer.id }),
      ...event,
    });
}
