/** How the server answers when something is refused or goes wrong: one form, one place, logged and audited. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { accessError } from "./access/errors.ts";
import type { Audit } from "./audit/auditor.ts";
import type { AuditEventName } from "./audit/events.ts";
import { type AegisError, problemOf } from "./errors.ts";
import { toAegisError } from "./fastify-errors.ts";

const refusals: readonly (readonly [prefix: string, event: AuditEventName])[] = [
  ["AEGIS_ACCESS_SIGN_IN", "access.refused"],
  ["AEGIS_ACCESS_FORBIDDEN", "access.refused"],
  ["AEGIS_INPUT_", "input.refused"],
  ["AEGIS_TRANSPORT_", "transport.refused"],
];

export function enforceErrors(app: FastifyInstance, audit: Audit): void {
  app.setErrorHandler((thrown, request, reply) => {
    const error = toAegisError(thrown);
    note(error, request, audit);
    return answer(error, request, reply);
  });
  app.setNotFoundHandler((request, reply) => answer(accessError("AEGIS_ACCESS_NOT_FOUND"), request, reply));
}

function note(error: AegisError, request: FastifyRequest, audit: Audit): void {
  if (error.status >= 500) {
    request.log.error(
      { err: error.facts.cause ?? error, code: error.code, hint: error.spec.hint },
      error.spec.title,
    );
    return;
  }
  const event = refusals.find(([prefix]) => error.code.startsWith(prefix))?.[1];
  if (event === undefined) return;
  const reasons = error.facts.errors?.map(({ field, reason }) => `${field}:${reason}`).join(",");
  audit(request, {
    event,
    outcome: "failure",
    code: error.code,
    ...(reasons === undefined ? {} : { facts: { reasons: reasons.slice(0, 500) } }),
  });
}

function answer(error: AegisError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (error.facts.retryAfterSeconds !== undefined)
    reply.header("retry-after", String(error.facts.retryAfterSeconds));
  // RFC 9110 15.5.2 asks for a challenge; a scheme that browsers do not know opens no password box.
  if (error.status === 401) reply.header("www-authenticate", 'Session realm="session"');
  return reply
    .code(error.status)
    .type("application/problem+json; charset=utf-8")
    .send(JSON.stringify(problemOf(error, request.id)));
}
