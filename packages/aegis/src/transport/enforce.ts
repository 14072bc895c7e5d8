import type { IncomingMessage, Server } from "node:http";
import { isIP } from "node:net";
import type { FastifyHttpOptions, FastifyInstance } from "fastify";
import type { DeepReadonly } from "../lib/freeze.ts";
import { addGuard } from "../lib/guard.ts";
import { routeConfig } from "../lib/route.ts";
import { transportError } from "./errors.ts";
import type { TransportPolicy } from "./policy.ts";

/** Bounds what one connection can have waiting by asking for more before it reads (pipelining). */
const MAX_REQUESTS_PER_CONNECTION = 1000;

/** The part of Fastify's server options that this room decides. */
export function transportServerOptions(policy: DeepReadonly<TransportPolicy>): FastifyHttpOptions<Server> {
  return {
    trustProxy: policy.trustedProxies.length > 0 ? [...policy.trustedProxies] : false,
    requestTimeout: policy.requestTimeoutSeconds * 1000,
    // A client that stops reading its answer: no other limit sees it, and each answer that waits holds memory and a file.
    connectionTimeout: policy.requestTimeoutSeconds * 1000,
    maxRequestsPerSocket: MAX_REQUESTS_PER_CONNECTION,
    keepAliveTimeout: policy.keepAliveTimeoutSeconds * 1000,
    http: {
      headersTimeout: policy.headersTimeoutSeconds * 1000,
      maxHeaderSize: policy.maxHeaderBytes,
      optimizeEmptyRequests: true, // what has no body needs no stream that somebody has to empty
      requireHostHeader: false, // Node's own refusal would have no headers of the policy; ours comes below
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
  const isNamed = (...names: string[]): boolean => names.every((host) => hosts.has(host.toLowerCase()));

  addGuard(app, (request, reply) => {
    if (request.url.length > policy.maxUrlLength) return transportError("AEGIS_TRANSPORT_URL_TOO_LONG");
    if (!hasOneHost(request.raw)) return transportError("AEGIS_TRANSPORT_MALFORMED");
    // Both the host that was asked for and the one that a proxy says was: a client may have written the latter itself.
    if (hosts.size > 0 && !isNamed(request.host, request.headers.host ?? ""))
      return transportError("AEGIS_TRANSPORT_HOST");
    // Behind a proxy the address comes out of a header; what is none would go into logs and lists as it stands.
    const { remoteAddress } = request.raw.socket;
    if (request.ip !== remoteAddress && remoteAddress !== undefined && isIP(request.ip) === 0)
      return transportError("AEGIS_TRANSPORT_MALFORMED");
    if (!policy.httpsRequired || request.protocol === "https" || routeConfig(request).transport === "any")
      return undefined;
    const readOnly = request.method === "GET" || request.method === "HEAD";
    // Only to an origin that the operator named: the Host header is the client's word, and would make an open redirect.
    // An absolute address in the request line would make another host of the two; only a path is sent back.
    if (readOnly && publicOrigin?.startsWith("https://") && request.url.startsWith("/"))
      return reply.redirect(publicOrigin + request.url, 308);
    return transportError("AEGIS_TRANSPORT_INSECURE");
  });
}

/** RFC 9112 3.2: exactly one Host in HTTP/1.1; two of them mean two things to two servers. */
function hasOneHost({ rawHeaders, httpVersion }: IncomingMessage): boolean {
  let count = 0;
  for (let place = 0; place < rawHeaders.length; place += 2)
    if (rawHeaders[place]?.length === 4 && rawHeaders[place]?.toLowerCase() === "host") count += 1;
  return count === 1 || (count === 0 && httpVersion === "1.0");
}
