import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { DeepReadonly } from "../lib/freeze.ts";
import type { Random } from "../lib/random.ts";
import { headerBlock } from "./block.ts";
import type { HeadersPolicy } from "./policy.ts";

/**
 * Sets the block on every answer, errors and files included, and the page policy on whatever turns out to be HTML.
 * The sign-out header is handed to the session room.
 */
export function enforceHeaders(
  app: FastifyInstance,
  policy: DeepReadonly<HeadersPolicy>,
  random: Random,
  openGroups: readonly string[],
) {
  const open = new Set(["public", ...openGroups.map((group) => `group:${group}`)]);
  const block = headerBlock(policy);
  const ours = policy.setBy === "app";
  const nonces = new WeakMap<FastifyReply, string>();

  app.decorateReply("cspNonce", function cspNonce(this: FastifyReply) {
    const nonce = nonces.get(this) ?? random.token(16); // 128 bits: CSP 3, 7.1
    nonces.set(this, nonce);
    return nonce;
  });

  const setAlways = (request: FastifyRequest, reply: FastifyReply): void => {
    reply.headers(block.always).header("content-security-policy", block.dataCsp);
    if (block.hsts !== undefined && request.protocol === "https")
      reply.header("strict-transport-security", block.hsts);
  };
  if (ours)
    app.addHook("onRequest", (request, reply, done) => {
      setAlways(request, reply);
      done();
    });

  app.addHook("onSend", (request, reply, _payload, done) => {
    if (ours && String(reply.getHeader("content-type") ?? "").startsWith("text/html")) {
      if (block.cspName !== "content-security-policy") reply.removeHeader("content-security-policy");
      reply.header(block.cspName, block.pageCsp(reply.cspNonce()));
    }
    // An answer that depends on who asks, or that carries a cookie, must not be kept by any cache (RFC 9111 7.3).
    const personal = request.session !== null && reply.getHeader("cache-control") === undefined;
    const access = request.routeOptions.config.access;
    const guarded = access !== undefined && !open.has(access);
    if (
      personal ||
      guarded ||
      reply.getHeader("set-cookie") !== undefined ||
      reply.getHeader("cache-control") === undefined
    )
      reply.header("cache-control", "no-store");
    done();
  });

  return { clearSiteData: ours ? block.clearSiteData : undefined };
}
