import type { AegisStores } from "../../memory-stores.ts";
import type { RevocationLedger } from "../../revocation/ledger.ts";
import type { RevocationParts } from "../../revocation/service.ts";
import type { RedisCommands } from "./client.ts";
import { redisRevocationBus, type RedisSubscriber } from "./revocation-bus.ts";
import { RedisMonitorStore } from "./monitor-store.ts";
import { RedisRateLimitStore } from "./rate-limit-store.ts";
import { RedisReputationStore } from "./reputation-store.ts";
import { RedisSessionStore } from "./session-store.ts";

export interface RedisStoresInput {
  /** Where everything else lives, durable: `postgresStores(pool)`. */
  readonly stores: AegisStores;
  /** The durable truth of what was revoked: `new PostgresRevocationLedger(pool)`. */
  readonly ledger: RevocationLedger;
  /** `redisClient(client)`, `redisSentinel(sentinel)` or `redisCluster(cluster)`. */
  readonly redis: RedisCommands;
  /** A connection of its own that listens. */
  readonly subscriber: RedisSubscriber;
}

/** Limits, reputations and what happens, counted for all processes together: `{ ...postgresStores(pool), ...redisLimits(redis) }`. */
export const redisLimits = (
  redis: RedisCommands,
): Pick<AegisStores, "limits" | "reputation" | "monitor"> => ({
  limits: new RedisRateLimitStore(redis),
  reputation: new RedisReputationStore(redis),
  monitor: new RedisMonitorStore(redis),
});

/** The durable stores, with limits, and sessions in Redis and in the memory of every instance, revoked strictly. */
export const redisStores = ({
  stores,
  ledger,
  redis,
  subscriber,
}: RedisStoresInput): AegisStores & { readonly revocation: RevocationParts } => ({
  ...stores,
  ...redisLimits(redis),
  sessions: new RedisSessionStore(redis),
  revocation: { ledger, bus: redisRevocationBus(redis, subscriber) },
});
