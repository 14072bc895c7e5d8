/** The server options that the policy decides, and the answers that are written before there is a request. */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { FastifyHttpOptions, FastifyInstance } from "fastify";
import { type AegisError, problemOf } from "./errors.ts";
import { toAegisError } from "./fastify-errors.ts";
import { headerBlock } from "./headers/block.ts";
import { inputServerOptions } from "./input/enforce.ts";
import { LinesResponse, writesLines } from "./lib/lines.ts";
import { systemRandom } from "./lib/random.ts";
import type { Policy } from "./policy.ts";
import { transportServerOptions } from "./transport/enforce.ts";
import { transportError } from "./transport/errors.ts";

/**
 * Options for `Fastify(...)`: limits, time-outs, trusted proxies, strict validation. Add your own (a logger) beside
 * them: `Fastify({ ...serverOptions(policy), logger: true })`.
 */
export function serverOptions(policy: Policy): FastifyHttpOptions<Server> {
  const preface = headerPreface(policy);
  const transport = transportServerOptions(policy.transport);
  return {
    ...transport,
    http: { ...transport.http, ...(writesLines ? { ServerResponse: LinesResponse } : {}) },
    ...inputServerOptions(policy.input),
    genReqId: () => systemRandom.uuid(),
    routerOptions: { maxParamLength: 256, ignoreTrailingSlash: false },
    // While draining, what arrives on an open connection is still answered (with Connection: close), not cut off.
    return503OnClosing: false,
    // An address that cannot be decoded reaches no hook: this answer has to bring its headers along.
    frameworkErrors(error, request, reply) {
      const refusal = toAegisError(error);
      const body = JSON.stringify(problemOf(refusal, request.id));
      reply.hijack();
      reply.raw.writeHead(refusal.status, Object.fromEntries([...preface, ...bodyHeaders(body)])).end(body);
    },
    clientErrorHandler(error, socket) {
      // A reset connection has nobody left to answer.
      if (error.code === "ECONNRESET" || !socket.writable) return void socket.destroy();
      const refusal = refusalFor(error.code);
      const body = JSON.stringify(problemOf(refusal, systemRandom.uuid()));
      socket.end(
        [
          `HTTP/1.1 ${refusal.status} ${refusal.spec.title}`,
          ...[...preface, ...bodyHeaders(body)].map(([name, value]) => `${name}: ${value}`),
          "connection: close",
          "",
          body,
        ].join("\r\n"),
      );
    },
  };
}

/** An unknown Expect header is answered by Node itself, without any header of the policy; this takes its place. */
export function refuseExpectations(app: FastifyInstance, policy: Policy): void {
  const preface = headerPreface(policy);
  app.server.on("checkExpectation", (_request: IncomingMessage, response: ServerResponse) => {
    const body = JSON.stringify(problemOf(transportError("AEGIS_TRANSPORT_MALFORMED"), systemRandom.uuid()));
    response
      .writeHead(417, Object.fromEntries([...preface, ...bodyHeaders(body), ["connection", "close"]]))
      .end(body);
  });
}

const bodyHeaders = (body: string): [string, string][] => [
  ["content-type", "application/problem+json; charset=utf-8"],
  ["cache-control", "no-store"],
  ["content-length", String(Buffer.byteLength(body))],
];

function refusalFor(code: string | undefined): AegisError {
  if (code === "HPE_HEADER_OVERFLOW") return transportError("AEGIS_TRANSPORT_HEADER_TOO_LARGE");
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return transportError("AEGIS_TRANSPORT_TIMEOUT");
  return transportError("AEGIS_TRANSPORT_MALFORMED");
}

function headerPreface(policy: Policy): [string, string][] {
  if (policy.headers.setBy !== "app") return [];
  const block = headerBlock(policy.headers);
  const lines = Object.entries({ ...block.always, "content-security-policy": block.dataCsp });
  // There is no request yet that could say whether it came over HTTPS; where HTTPS is demanded, it did.
  if (block.hsts !== undefined && policy.transport.httpsRequired)
    lines.push(["strict-transport-security", block.hsts]);
  return lines;
}

/** Without them the limits of the policy would be words: a server with other limits must not start. */
export function demandServerOptions(app: FastifyInstance, policy: Policy): void {
  const { bodyLimit, keepAliveTimeout } = app.initialConfig;
  const { input, transport } = policy;
  if (bodyLimit === input.bodyLimitBytes && keepAliveTimeout === transport.keepAliveTimeoutSeconds * 1000)
    return;
  throw new Error(
    "Make the server with the policy's options: Fastify({ ...serverOptions(policy), /* yours */ }).",
  );
}
