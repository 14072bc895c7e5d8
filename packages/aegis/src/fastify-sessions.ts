/** LIST 2, continued: the session store, behind memory where revocations reach every instance. */
import type { FastifyInstance } from "fastify";
import type { Clock } from "./lib/clock.ts";
import type { Random } from "./lib/random.ts";
import type { Policy } from "./policy.ts";
import { type RevocationParts, revocations } from "./revocation/service.ts";
import type { SessionStore } from "./session/store.ts";
import { CachedSessionStore } from "./stores/cached/session-store.ts";

interface Wiring {
  readonly policy: Policy;
  readonly sessions: SessionStore;
  readonly revocation?: RevocationParts;
}

export function strictSessions(
  app: FastifyInstance,
  { policy, sessions, revocation }: Wiring,
  clock: Clock,
  random: Random,
): SessionStore {
  if (revocation === undefined) {
    if (sessions.isDurable) return sessions;
    throw new Error(
      "This session store may lose its last writes, and with them revocations: wire `revocation` too (redisStores).",
    );
  }
  const now = () => clock.now();
  let lastTrouble = Number.NEGATIVE_INFINITY;
  const service = revocations({
    ...revocation,
    random,
    now,
    onTrouble: (error) => {
      if (now() - lastTrouble < QUIET_MS) return;
      lastTrouble = now();
      app.log.warn(
        { err: error },
        "revocations: the ledger or the bus is away; sessions are asked of their store",
      );
    },
  });
  app.addHook("onReady", () => service.start());
  app.addHook("onClose", () => service.close());
  return new CachedSessionStore(sessions, {
    revocations: service,
    now,
    longestMs:
      Math.max(policy.session.absoluteTimeoutSeconds, policy.session.rememberMe.absoluteTimeoutSeconds) *
      1000,
    removeExpired: (at) => revocation.ledger.removeExpired(at),
  });
}

/** An outage is one line a minute, not one a request. */
const QUIET_MS = 60_000;
