/** What several rooms ask of a request, found once: it is on the way of every request. */
import type { FastifyContextConfig, FastifyRequest } from "fastify";
import type { Clock } from "./clock.ts";

const config = Symbol("route config");
const arrival = Symbol("arrival");

declare module "fastify" {
  interface FastifyRequest {
    [config]?: FastifyContextConfig;
    [arrival]?: number;
  }
}

/** What the request's route declares. Fastify makes its description of a route anew whenever it is asked for one. */
export const routeConfig = (request: FastifyRequest): FastifyContextConfig =>
  (request[config] ??= request.routeOptions.config);

/** When the request began to be looked at: counted and scored at one moment, however long a store takes. */
export const arrivedAt = (request: FastifyRequest, clock: Clock): number =>
  (request[arrival] ??= clock.now());
