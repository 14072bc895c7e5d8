/** A store of rate limits that finds room for everything: for tests that send hundreds of requests from one address. */
import { type AegisStores, memoryStores } from "aegis/fastify";
import type { RateLimitStore } from "../../packages/aegis/src/rate-limit/store.ts";

const plenty = (limit: number, now: number) => ({
  allowed: true,
  remaining: limit,
  resetAtMs: now,
  retryAfterMs: 0,
});

export const roomyLimits = (): RateLimitStore => ({
  isShared: false,
  take: async (_key, { limit }, now) => plenty(limit, now),
  takeMany: async (_subject, demands, now) => demands.map(({ rule }) => plenty(rule.limit, now)),
  leaseBlock: async (_key, { limit }, now, most) => ({ ...plenty(limit, now), granted: most }),
  peek: async (_key, { limit }, now) => plenty(limit, now),
  clear: async () => undefined,
});

export const roomyStores = (): AegisStores => ({ ...memoryStores(), limits: roomyLimits() });
