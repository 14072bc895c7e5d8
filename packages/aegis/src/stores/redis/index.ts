/** "aegis/stores/redis": stores on a Redis 7 that the caller connected (single, Sentinel or Cluster). */
export { redisStores, type RedisStoresInput } from "./all.ts";
export {
  redisClient,
  redisCluster,
  type RedisCommands,
  type RedisOptions,
  redisSentinel,
  RedisAwayError,
} from "./client.ts";
export { RedisOneTimeStore } from "./one-time-store.ts";
export { redisRevocationBus, type RedisSubscriber } from "./revocation-bus.ts";
export { RedisSessionStore } from "./session-store.ts";
