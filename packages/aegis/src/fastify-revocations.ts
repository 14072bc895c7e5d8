/** LIST 2, continued: what was revoked, in the memory of every instance: sessions and tokens are looked up there first. */
import type { FastifyInstance } from "fastify";
import type { Clock } from "./lib/clock.ts";
import type { Random } from "./lib/random.ts";
import type { AegisStores } from "./memory-stores.ts";
import type { Policy } from "./policy.ts";
import { type RevocationParts, revocations, type RevocationState } from "./revocation/service.ts";
import { CachedSessionStore } from "./stores/cached/session-store.ts";
import { CachedTokenDenylist } from "./stores/cached/token-denylist.ts";

type Strict = Pick<AegisStores, "sessions" | "tokenDenylist">;

interface Wiring extends Strict {
  readonly policy: Policy;
  readonly revocation?: RevocationParts;
}

/** Without `revocation` the stores as they are: each look-up asks them, and so each is exact. */
export function strictStores(
  app: FastifyInstance,
  { policy, sessions, tokenDenylist, revocation }: Wiring,
  clock: Clock,
  random: Random,
): Strict & { readonly state?: () => RevocationState } {
  if (revocation === undefined) {
    if (sessions.isDurable) return { sessions, tokenDenylist };
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
        "revocations: the ledger or the bus is away; sessions and tokens are asked of their stores",
      );
    },
  });
  app.addHook("onReady", () => service.start());
  app.addHook("onClose", () => service.close());
  return {
    state: () => service.state(),
    sessions: new CachedSessionStore(sessions, {
      revocations: service,
      now,
      longestMs:
        Math.max(policy.session.absoluteTimeoutSeconds, policy.session.rememberMe.absoluteTimeoutSeconds) *
        1000,
      removeExpired: (at) => revocation.ledger.removeExpired(at),
    }),
    tokenDenylist: new CachedTokenDenylist(tokenDenylist, service),
  };
}

/** An outage is one line a minute, not one a request. */
const QUIET_MS = 60_000;
