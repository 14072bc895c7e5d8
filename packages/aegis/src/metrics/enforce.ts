/** GET /metrics, and the clock that each request is measured with. */
import type { FastifyInstance, FastifyRequest } from "fastify";
import { equalInConstantTime } from "../lib/bytes.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import { addFinish, addGuard } from "../lib/guard.ts";
import { routeConfig } from "../lib/route.ts";
import type { requestCounters } from "./counters.ts";
import { metricsError } from "./errors.ts";
import { TEXT_TYPE } from "./families.ts";
import type { MetricsPolicy } from "./policy.ts";

const began = Symbol("began");

declare module "fastify" {
  interface FastifyContextConfig {
    /** The one route that gives metrics: answered before anything else is looked up. */
    metrics?: true;
  }
  interface FastifyRequest {
    [began]?: number;
  }
}

export const METRICS_PATH = "/metrics";
/** 32 random bytes as text: a shorter one could be found by trying, and no limit stands before this. */
const LEAST_LENGTH = 43;

const isStrong = (token: string): boolean =>
  /^[\x21-\x7e]+$/.test(token) && token.length >= LEAST_LENGTH && new Set(token).size >= 12;

/** @throws where the token is too short */
export function demandStrong(token: string): string {
  if (!isStrong(token))
    throw new Error(
      `The metrics token must be ${LEAST_LENGTH} random characters or more without spaces; npx aegis keys secret prints one.`,
    );
  return token;
}

/** First of all: what others do to a request is part of its time. */
export function measureRequests(app: FastifyInstance, counters: ReturnType<typeof requestCounters>): void {
  addGuard(app, (request) => {
    request[began] = performance.now();
    return undefined;
  });
  addFinish(app, (request, reply) => {
    const from = request[began] ?? performance.now();
    counters.count(request, routeConfig(request), reply.statusCode, (performance.now() - from) / 1000);
  });
}

export interface MetricsEnforcement {
  /** Those that are good now: while one is replaced, both; one that could be guessed is none. Undefined: none was given, and there is no route. */
  readonly tokens: (() => readonly string[]) | undefined;
  readonly text: () => Promise<string>;
}

/**
 * Before the rules about hosts and HTTPS: a scraper on the same machine asks an address, in clear. Nothing that a browser
 * could be made to send opens it (no cookie does), and what it asks for is decided here, whole.
 */
export function enforceMetrics(
  app: FastifyInstance,
  policy: DeepReadonly<MetricsPolicy>,
  { tokens, text }: MetricsEnforcement,
): void {
  if (tokens === undefined && policy.tokenRequired) return;
  const mayRead = (request: FastifyRequest): boolean => {
    if (!policy.tokenRequired) return true;
    const { authorization } = request.headers;
    if (authorization === undefined || !authorization.startsWith("Bearer ")) return false;
    const given = authorization.slice("Bearer ".length);
    // All of them are looked at: which one it was is nobody's business.
    return (
      (tokens?.() ?? []).filter((token) => isStrong(token) && equalInConstantTime(token, given)).length > 0
    );
  };
  addGuard(app, (request, reply) => {
    if (routeConfig(request).metrics !== true) return undefined;
    if (!mayRead(request)) return metricsError("AEGIS_METRICS_TOKEN_NEEDED");
    return text().then((all) => {
      void reply.header("cache-control", "no-store").type(TEXT_TYPE).send(all);
    });
  });
  app.get(METRICS_PATH, {
    config: { access: "public", session: "none", transport: "any", maintenance: "open", metrics: true },
    exposeHeadRoute: false,
    // The guard has answered; whoever gets here found a way around it.
    handler: async () => {
      throw metricsError("AEGIS_METRICS_TOKEN_NEEDED");
    },
  });
}
