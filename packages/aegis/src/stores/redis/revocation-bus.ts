import type { RevocationBus } from "../../revocation/bus.ts";
import type { RedisCommands } from "./client.ts";

const CHANNEL = "aegis:revocations";

/** A second connection of @redis/client that does nothing but listen; single, Sentinel and Cluster have the same two. */
export interface RedisSubscriber {
  subscribe(channel: string, listener: (message: string) => unknown): Promise<unknown>;
  unsubscribe(channel: string): Promise<unknown>;
}

/** Publish and subscribe. A lost message costs time, never strictness. */
export const redisRevocationBus = (redis: RedisCommands, subscriber: RedisSubscriber): RevocationBus => ({
  async publish(message) {
    await redis.send(CHANNEL, ["PUBLISH", CHANNEL, message]);
  },
  async listen(onMessage) {
    await subscriber.subscribe(CHANNEL, onMessage);
    return async () => void (await subscriber.unsubscribe(CHANNEL));
  },
});
