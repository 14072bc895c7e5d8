import type { Server } from "node:http";
import type { FastifyHttpOptions, FastifyInstance } from "fastify";
import type { DeepReadonly } from "../lib/freeze.ts";
import { transportError } from "./errors.ts";
import type { TransportPolicy } from "./policy.ts";

/** The part of Fastify's server options that this room decides. */
export function transportServerOptions(policy: DeepReadonly<TransportPolicy>): FastifyHttpOptions<Server> {
  return {
    trustProxy: policy.trustedProxies.length > 0 ? [...policy.trustedProxies] : false,
    requestTimeout: policy.requestTimeoutSeconds * 1000,
    keepAliveTimeout: policy.keepAliveTimeoutSeconds * 1000,
    http: {
      headersTimeout: policy.headersTimeoutSeconds * 1000,
      maxHeaderSize: policy.maxHeaderBytes,
      // Node looks at slow connections this often; its default of 30 s would let a 10 s limit last 40.
      connectionsCheckingInterval: Math.min(1000, policy.headersTimeoutSeconds * 250),
    },
    // Headers that a client may not choose for itself in a log: ids are ours.
    requestIdHeader: false,
  };
}

export function enforceTransport(
  app: FastifyInstance,
  policy: DeepReadonly<TransportPolicy>,
  publicOrigin: string | undefined,
): void {
  const hosts = new Set(policy.allowedHosts);

  app.addHook("onRequest", async (request, reply) => {
    if (request.url.length > policy.maxUrlLength) throw transportError("AEGIS_TRANSPORT_URL_TOO_LONG");
    if (hosts.size > 0 && !hosts.has(request.host.toLowerCase()))
      throw transportError("AEGIS_TRANSPORT_HOST");
    if (
      !policy.httpsRequired ||
      request.protocol === "https" ||
      request.routeOptions.config.transport === "any"
    )
      return;
    const readOnly = request.method === "GET" || request.method === "HEAD";
    // Only to an origin that the operator named: the Host header is the client's word, and would make an open redirect.
    // An absolute address in the request line would make another host of the two; only a path is sent back.
    if (readOnly && publicOrigin?.startsWith("https://") && request.url.startsWith("/"))
      return reply.redirect(publicOrigin + request.url, 308);
    throw transportError("AEGIS_TRANSPORT_INSECURE");
  });
}
