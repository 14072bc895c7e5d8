/** "aegis/stores/redis": stores on a Redis 7 that the caller connected (single, Sentinel or Cluster). */
export { redisLimits, redisStores, type RedisStoresInput } from "./all.ts";
export { redisProblems, redisSettingsUnreadable } from "./check.ts";
export {
  redisClient,
  redisCluster,
  type RedisCommands,
  type RedisOptions,
  redisSentinel,
  RedisAwayError,
} from "./client.ts";
export { RedisMonitorStore } from "./monitor-store.ts";
export { RedisOneTimeStore } from "./one-time-store.ts";
export { RedisRefreshStore } from "./refresh-store.ts";
export { redisRevocationBus, type RedisSubscriber } from "./revocation-bus.ts";
export { RedisSessionStore } from "./session-store.ts";
export { RedisRateLimitStore, type RedisRateLimitOptions } from "./rate-limit-store.ts";
export { RedisReputationStore } from "./reputation-store.ts";
