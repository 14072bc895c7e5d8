import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { DeepReadonly } from "../lib/freeze.ts";
import { addFinish, addGuard } from "../lib/guard.ts";
import { giveBlock, type Lines, linesOf } from "../lib/lines.ts";
import type { Random } from "../lib/random.ts";
import { routeConfig } from "../lib/route.ts";
import { headerBlock } from "./block.ts";
import type { HeadersPolicy } from "./policy.ts";

const nonceOf = Symbol("CSP nonce");

declare module "fastify" {
  interface FastifyReply {
    [nonceOf]: string | undefined;
  }
}

/** An answer that nobody said anything else about is kept by no cache. */
const NO_STORE = { "cache-control": "no-store" };

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
  const open = new Set<string | undefined>([
    undefined,
    "public",
    ...openGroups.map((group) => `group:${group}`),
  ]);
  const block = headerBlock(policy);
  const ours = policy.setBy === "app";
  const csp = "content-security-policy";

  /** The fields that never change, with and without the word to caches; HSTS over HTTPS alone (RFC 6797 7.2). */
  const linesUnder = (hsts: string | undefined) => {
    const common = {
      ...(ours ? block.always : {}),
      ...(ours && hsts !== undefined ? { "strict-transport-security": hsts } : {}),
    };
    const data = { ...common, ...(ours ? { [csp]: block.dataCsp } : {}) };
    return {
      data: linesOf(data),
      unkept: linesOf({ ...data, ...NO_STORE }),
      page: linesOf(common),
      pageUnkept: linesOf({ ...common, ...NO_STORE }),
    };
  };
  const [clear, secure] = [linesUnder(undefined), linesUnder(block.hsts)];
  const linesFor = (request: FastifyRequest) =>
    block.hsts !== undefined && request.protocol === "https" ? secure : clear;
  const pageNames = new Set([...secure.pageUnkept.names, block.cspName]);
  const withPageCsp = (text: string, nonce: string): Lines => ({
    text: `${text}${block.cspName}: ${block.pageCsp(nonce)}\r\n`,
    names: pageNames,
  });

  app.decorateReply(nonceOf, undefined);
  app.decorateReply("cspNonce", function cspNonce(this: FastifyReply) {
    return (this[nonceOf] ??= random.token(16)); // 128 bits: CSP 3, 7.1
  });

  if (ours)
    addGuard(app, (request, reply) => {
      giveBlock(reply, linesFor(request).data);
      return undefined;
    });

  addFinish(app, (request, reply) => {
    const lines = linesFor(request);
    const kept = reply.getHeader("cache-control");
    const type = ours ? reply.getHeader("content-type") : undefined;
    if (typeof type === "string" && type.startsWith("text/html")) {
      reply.removeHeader(csp);
      const { text } = kept === undefined ? lines.pageUnkept : lines.page;
      giveBlock(reply, withPageCsp(text, reply.cspNonce()));
    } else if (kept === undefined) giveBlock(reply, lines.unkept);
    // An answer that depends on who asks, or that carries a cookie, must not be kept by any cache (RFC 9111 7.3).
    if (kept !== undefined && (!open.has(routeConfig(request).access) || reply.hasHeader("set-cookie")))
      reply.header("cache-control", "no-store");
  });

  return { clearSiteData: ours ? block.clearSiteData : undefined };
}
