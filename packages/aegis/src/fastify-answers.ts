/** How the server answers when something is refused or goes wrong: one form, one place, logged and audited. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { accessError } from "./access/errors.ts";
import type { Audit } from "./audit/auditor.ts";
import type { AuditEventName } from "./audit/events.ts";
import { type AegisError, problemText } from "./errors.ts";
import { inputError } from "./input/errors.ts";
import { toAegisError } from "./fastify-errors.ts";

const refusals: readonly (readonly [prefix: string, event: AuditEventName])[] = [
  ["AEGIS_ACCESS_SIGN_IN", "access.refused"],
  ["AEGIS_ACCESS_FORBIDDEN", "access.refused"],
  ["AEGIS_ACCESS_BEARER_INVALID", "access.refused"],
  ["AEGIS_ACCESS_SCOPE_MISSING", "access.refused"],
  ["AEGIS_INPUT_", "input.refused"],
  ["AEGIS_SANITIZE_", "input.refused"],
  ["AEGIS_UPLOAD_MALFORMED", "upload.refused"],
  ["AEGIS_UPLOAD_TOO_LARGE", "upload.refused"],
  ["AEGIS_UPLOAD_QUOTA_", "upload.refused"],
  ["AEGIS_UPLOAD_TYPE_", "upload.refused"],
  ["AEGIS_UPLOAD_CONTENT_", "upload.refused"],
  ["AEGIS_TRANSPORT_", "transport.refused"],
];

export function enforceErrors(app: FastifyInstance, audit: Audit, refused: (code: string) => void): void {
  app.setErrorHandler((thrown, request, reply) => {
    // The client went away in the middle: its reset connection is not a store's.
    const gone = request.raw.socket.destroyed && !request.raw.complete;
    const error = gone ? inputError("AEGIS_INPUT_MALFORMED") : toAegisError(thrown);
    refused(error.code);
    note(error, request, audit);
    return answer(error, request, reply);
  });
  app.setNotFoundHandler((request, reply) => {
    const error = accessError("AEGIS_ACCESS_NOT_FOUND");
    refused(error.code);
    return answer(error, request, reply);
  });
}

function note(error: AegisError, request: FastifyRequest, audit: Audit): void {
  if (error.status >= 500) {
    request.log.error(
      { err: loggable(error.facts.cause ?? error), code: error.code, hint: error.spec.hint },
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

/**
 * What may be kept of an error. A database driver hangs whole rows and parameters onto its errors, hashes and addresses
 * among them, and quotes values in its message: of what has an SQLSTATE only the state and the names are kept.
 */
function loggable(error: unknown): object {
  if (!(error instanceof Error)) return { message: typeof error };
  const named = (key: string): object => {
    const value: unknown = Reflect.get(error, key);
    return typeof value === "string" && value.length <= 64 ? { [key]: value } : {};
  };
  const code: unknown = Reflect.get(error, "code");
  const fromDatabase = typeof code === "string" && /^[0-9A-Z]{5}$/.test(code);
  const stack = error.stack?.slice(0, 4000).split("\n");
  return {
    type: error.name,
    ...named("code"),
    ...named("syscall"),
    ...named("constraint"),
    ...named("table"),
    ...(fromDatabase
      ? { message: `SQLSTATE ${code}`, stack: stack?.filter((line) => /^\s+at /.test(line)).join("\n") }
      : { message: error.message, stack: stack?.join("\n") }),
  };
}

const CHALLENGES: Readonly<Record<string, string>> = {
  AEGIS_ACCESS_BEARER_INVALID: 'Bearer error="invalid_token"',
  AEGIS_METRICS_TOKEN_NEEDED: 'Bearer realm="metrics"',
};

/** One form for every refusal; nothing is logged. */
export function answer(error: AegisError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (error.facts.retryAfterSeconds !== undefined)
    reply.header("retry-after", String(error.facts.retryAfterSeconds));
  // Also where the route has said already how long its good answers keep.
  reply.header("cache-control", "no-store");
  // RFC 9110 15.5.2 asks for a challenge; a scheme that browsers do not know opens no password box.
  if (error.status === 401)
    reply.header("www-authenticate", CHALLENGES[error.code] ?? 'Session realm="session"');
  return reply
    .code(error.status)
    .type("application/problem+json; charset=utf-8")
    .send(problemText(error, request.id));
}
