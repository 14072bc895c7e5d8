/**
 * Policy `audit.onFailure: "refuse"`: who changes something is not told that it is done before its event is written.
 * What only reads is not looked at, unless a route says that its event matters (`config.audited`).
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { problemOf } from "../errors.ts";
import { auditError } from "./errors.ts";

export interface AuditGate {
  /** The answer to this request waits for it. */
  hold(request: FastifyRequest, written: Promise<boolean>): void;
}

const READS = new Set(["GET", "HEAD", "OPTIONS"]);
/** Nobody waits longer; the entry may be written all the same. */
const WAIT_MS = 5_000;
const RETRY_AFTER_SECONDS = 5;

const unavailable = () => auditError("AEGIS_AUDIT_UNAVAILABLE", { retryAfterSeconds: RETRY_AFTER_SECONDS });

export function enforceAudit(app: FastifyInstance, isFailing: () => boolean): AuditGate {
  const held = new WeakMap<FastifyRequest, Promise<boolean>[]>();
  app.addHook("onRoute", (route) => {
    const reads = [route.method].flat().every((method) => READS.has(method));
    if (reads && route.config?.audited !== true) return;
    // Before anything is done: while nothing can be written, nothing is begun that would have to be.
    const gate = async (): Promise<void> => {
      if (isFailing()) throw unavailable();
    };
    route.preHandler = [gate, ...[route.preHandler ?? []].flat()];
    route.onSend = [
      ...[route.onSend ?? []].flat(),
      async (request: FastifyRequest, reply: FastifyReply, payload: unknown) => {
        const waiting = held.get(request);
        if (waiting === undefined || (await inTime(Promise.all(waiting)))) return payload;
        return refusal(request, reply);
      },
    ];
  });
  return {
    hold(request, written) {
      const waiting = held.get(request);
      if (waiting === undefined) held.set(request, [written]);
      else waiting.push(written);
    },
  };
}

async function inTime(written: Promise<readonly boolean[]>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<readonly boolean[]>((resolve) => {
    timer = setTimeout(() => resolve([false]), WAIT_MS);
  });
  try {
    return (await Promise.race([written, late])).every(Boolean);
  } finally {
    clearTimeout(timer);
  }
}

/** In place of the answer: nothing of it goes out, and no cookie either. */
function refusal(request: FastifyRequest, reply: FastifyReply): string {
  const error = unavailable();
  request.log.error({ code: error.code, hint: error.spec.hint }, error.spec.title);
  for (const name of ["set-cookie", "content-length", "etag", "location", "content-disposition"])
    reply.removeHeader(name);
  reply.code(error.status).type("application/problem+json; charset=utf-8");
  reply.header("cache-control", "no-store").header("retry-after", String(RETRY_AFTER_SECONDS));
  return JSON.stringify(problemOf(error, request.id));
}
