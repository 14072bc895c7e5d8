/** The stores on a real Redis, held to the contracts of their ports. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeMonitorStore } from "../packages/aegis/src/monitor/store.contract.ts";
import { describeOneTimeStore } from "../packages/aegis/src/one-time/store.contract.ts";
import { describeSessionStore } from "../packages/aegis/src/session/store.contract.ts";
import { redisClient, redisCluster } from "../packages/aegis/src/stores/redis/client.ts";
import { RedisMonitorStore } from "../packages/aegis/src/stores/redis/monitor-store.ts";
import { RedisOneTimeStore } from "../packages/aegis/src/stores/redis/one-time-store.ts";
import { RedisRefreshStore } from "../packages/aegis/src/stores/redis/refresh-store.ts";
import { RedisSessionStore } from "../packages/aegis/src/stores/redis/session-store.ts";
import { describeRefreshStore } from "../packages/aegis/src/token/store.contract.ts";
import { startCluster } from "./support/cluster.ts";
import { connectRedis, startRedis, type TestRedis } from "./support/redis.ts";

let server: TestRedis;
let client: Awaited<ReturnType<typeof connectRedis>>;
let cluster: Awaited<ReturnType<typeof startCluster>>;
beforeAll(async () => {
  server = await startRedis();
  client = await connectRedis(server.url);
  cluster = await startCluster();
}, 60_000);
afterAll(async () => {
  client.destroy();
  await server.close();
  await cluster.close();
});

for (const [name, commands] of [
  ["Redis", () => redisClient(client)],
  ["a Redis Cluster", () => redisCluster(cluster.cluster)],
] as const) {
  const close = async () => undefined;
  describeSessionStore(name, async () => ({ store: new RedisSessionStore(commands()), close }), {
    expiresByItself: true,
  });
  describeRefreshStore(
    name,
    async () => ({
      store: new RedisRefreshStore(commands()),
      newAccount: async () => randomUUID(),
      close,
    }),
    { expiresByItself: true },
  );
  describeMonitorStore(name, async () => ({ store: new RedisMonitorStore(commands()), close }));
  describeOneTimeStore(name, async () => ({ store: new RedisOneTimeStore(commands()), close }), {
    expiresByItself: true,
  });
}

describe("Redis", () => {
  it("holds no key that would stay for ever", async () => {
    const keys = await client.keys("*");
    expect(keys.length).toBeGreaterThan(10);
    for (const key of keys) expect([key, await client.pTTL(key)]).not.toEqual([key, -1]);
  });

  it("gives nobody tokens by what is no token family", async () => {
    const store = new RedisRefreshStore(redisClient(client));
    const account = randomUUID();
    const live = {
      ended: "",
      refreshUntil: "9e12",
      expiresAt: "9e12",
      ip: "",
      userAgent: "",
      lastUsedAt: "1",
    };
    for (const json of ["", "{}", "null", '{"id":"x"}', "[1]", '"x"']) {
      const hash = randomUUID();
      await client.set(`aegis:r:${hash}`, `${account} x 9000000000000`);
      await client.hSet(`aegis:{${account}}:f:x`, { ...live, json, current: hash });
      expect(await store.find(hash, 1)).toBeUndefined();
    }
  });

  it("signs nobody in by what is not a session", async () => {
    const store = new RedisSessionStore(redisClient(client));
    for (const json of ["", "{}", "null", '{"id":"x"}', "[1]", '"x"']) {
      const [userId, hash] = [randomUUID(), randomUUID()];
      await client.set(`aegis:t:${hash}`, `${userId} x`);
      await client.set(`aegis:{${userId}}:s:x`, json);
      expect(await store.findByTokenHash(hash, 1)).toBeUndefined();
    }
  });
});
