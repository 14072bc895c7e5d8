import type { FastifyRequest } from "fastify";
import type { Clock } from "../lib/clock.ts";
import { told } from "../lib/told.ts";
import type { AuditEvent, AuditEventName, AuditSink } from "./events.ts";

/** Writes an event with what is known of its request; undefined where there is none. */
export type Audit = (
  request: FastifyRequest | undefined,
  event: Omit<AuditEvent, "at" | "request_id" | "ip"> & { readonly ip?: string },
) => void;

/** Refused before any limit is asked: a stranger can have as many as the line carries. */
const UNLIMITED: ReadonlySet<string> = new Set<AuditEventName>(["transport.refused"]);
const TOLD_AGAIN_MS = 60_000;

/** `chained`: where the same event is kept for good. */
export function auditor(
  sink: AuditSink,
  clock: Clock,
  chained: (request: FastifyRequest | undefined, event: AuditEvent) => void = () => undefined,
): Audit {
  const news = told();
  return (request, event) => {
    const now = clock.now();
    const { facts, ...rest } = event;
    const ip = request?.ip ?? "";
    const untold = UNLIMITED.has(event.event)
      ? news.tell(`${ip} ${event.code ?? ""}`, now + TOLD_AGAIN_MS, now)
      : 0;
    if (untold === undefined) return;
    const all = untold === 0 ? facts : { ...facts, untold };
    const whole: AuditEvent = {
      at: new Date(now).toISOString(),
      request_id: request?.id ?? "",
      ip,
      ...(request?.bearer == null ? {} : { bearer_id: request.bearer.id }),
      ...rest,
      ...(all === undefined ? {} : { facts: all }),
    };
    sink.write(whole);
    chained(request, whole);
  };
}
