import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { AegisError } from "../errors.ts";
import type { Clock } from "../lib/clock.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import { addGuard } from "../lib/guard.ts";
import { networksOf } from "../lib/networks.ts";
import { routeConfig } from "../lib/route.ts";
import { maintenanceError } from "./errors.ts";
import { maintenancePage, STYLE_PATH, usualStyle } from "./page.ts";
import type { MaintenancePolicy } from "./policy.ts";
import {
  type MaintenanceSource,
  type MaintenanceState,
  parseMaintenance,
  retryAfterSeconds,
} from "./state.ts";

export interface MaintenanceParts {
  readonly source: MaintenanceSource;
  /** Style sheet of the page; default: a plain one. */
  readonly style?: string;
}

export interface MaintenanceWiring extends MaintenanceParts {
  readonly product: string;
  readonly clock: Clock;
  /** Answers with the error, as every other refusal is answered, but without a line in the log for each. */
  readonly answer: (error: AegisError, request: FastifyRequest, reply: FastifyReply) => FastifyReply;
}

/** Within a second every instance knows. */
const LOOK_EVERY_MS = 500;

interface Closed {
  /** Undefined: there is a state, and nobody can read it. */
  readonly state: MaintenanceState | undefined;
  readonly isAllowed: (ip: string) => boolean;
}

export function enforceMaintenance(
  app: FastifyInstance,
  policy: DeepReadonly<MaintenancePolicy>,
  { source, product, clock, answer, style = usualStyle }: MaintenanceWiring,
): void {
  let text: string | undefined;
  let closed: Closed | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isAway = false;
  let looking: Promise<void> | undefined;

  const look = async (): Promise<void> => {
    let found: string | undefined;
    try {
      found = await source.read();
      isAway = false;
    } catch (error) {
      // Nobody knows whether it is open: it stays as it was.
      if (!isAway) app.log.error({ err: error }, "the maintenance state cannot be read; it stays as it was");
      isAway = true;
      return;
    }
    if (found === text) return;
    text = found;
    closed = found === undefined ? undefined : closedBy(found);
    if (closed !== undefined && closed.state === undefined)
      app.log.error("the maintenance state is damaged: closed, until it is set anew or taken away");
    app.log.warn({ closed: closed !== undefined }, "maintenance");
  };
  const again = (): void => {
    looking ??= look().finally(() => (looking = undefined));
  };

  app.addHook("onReady", async () => {
    await look(); // an instance that is started while it is closed lets nobody in first
    timer = setInterval(again, LOOK_EVERY_MS).unref();
  });
  app.addHook("onClose", async () => {
    clearInterval(timer);
    await looking;
  });

  addGuard(app, (request, reply) => {
    if (closed === undefined) return undefined;
    if (routeConfig(request).maintenance === "open" || closed.isAllowed(request.ip)) return undefined;
    const retryAfter = retryAfterSeconds(closed.state, policy.retryAfterSeconds, clock.now());
    const readsOnly = request.method === "GET" || request.method === "HEAD";
    if (readsOnly && request.url === STYLE_PATH)
      return reply.header("cache-control", "no-store").type("text/css; charset=utf-8").send(style);
    if (readsOnly && request.headers.accept?.includes("text/html") === true)
      return reply
        .code(503)
        .header("retry-after", String(retryAfter))
        .header("cache-control", "no-store")
        .type("text/html; charset=utf-8")
        .send(maintenancePage(product, closed.state));
    return answer(
      maintenanceError("AEGIS_MAINTENANCE_CLOSED", { retryAfterSeconds: retryAfter }),
      request,
      reply,
    );
  });
}

/** What nobody can read lets nobody in: damaging the file must not open what was closed. */
function closedBy(text: string): Closed {
  const state = parseMaintenance(text);
  if (state !== undefined)
    try {
      return { state, isAllowed: networksOf("the maintenance state", state.allow) };
    } catch {
      // An address that is none.
    }
  return { state: undefined, isAllowed: () => false };
}
