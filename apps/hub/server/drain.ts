/**
 * Before a process stops: whoever sends it requests is told to go elsewhere, while everything is still answered. `/ready`
 * says so to balancers that ask; each answer closes its connection, so that no proxy keeps one to send the next on.
 */
import type { FastifyInstance } from "fastify";

export interface Drain {
  readonly isDraining: boolean;
  start(app: FastifyInstance): void;
}

export function newDrain(): Drain {
  let isDraining = false;
  return {
    get isDraining() {
      return isDraining;
    },
    start(app) {
      isDraining = true;
      // Before Fastify's own listener; until a process drains, this costs its requests nothing.
      app.server.prependListener("request", (_request, response) => {
        response.setHeader("connection", "close");
      });
    },
  };
}
