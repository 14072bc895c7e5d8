/**
 * An instance in a process of its own, on the database and the Redis of its parent: SQL_URL, and REDIS_URL or the port
 * of a Sentinel (SENTINEL_PORT). DEAF: hears no revocations. TOKEN_KEYS: gives out tokens signed with this ring. Tells its
 * parent where it listens, then the family of every reuse that it reports, and ends with it.
 */
import { createClient, createSentinel } from "@redis/client";
import { definePolicy, parseKeyRing } from "aegis";
import { aegis, serverOptions } from "aegis/fastify";
import { PostgresRevocationLedger, postgresStores } from "aegis/stores/postgres";
import { redisClient, redisSentinel, redisStores } from "aegis/stores/redis";
import Fastify from "fastify";
import pg from "pg";
import { roomyLimits } from "./roomy-limits.ts";

const { SQL_URL, REDIS_URL = "", SENTINEL_PORT, DEAF, TOKEN_KEYS } = process.env;
const pool = new pg.Pool({ connectionString: SQL_URL, max: 10, connectionTimeoutMillis: 2000 });
pool.on("error", () => undefined);

async function connect() {
  const quiet = { disableOfflineQueue: true, socket: { reconnectStrategy: () => 50, connectTimeout: 1000 } };
  if (SENTINEL_PORT === undefined) {
    const [client, subscriber] = [
      createClient({ url: REDIS_URL, ...quiet }),
      createClient({ url: REDIS_URL, ...quiet }),
    ];
    for (const one of [client, subscriber]) one.on("error", () => undefined);
    await Promise.all([client.connect(), subscriber.connect()]);
    return { redis: redisClient(client), subscriber };
  }
  const sentinel = createSentinel({
    name: "aegis",
    sentinelRootNodes: [{ host: "127.0.0.1", port: Number(SENTINEL_PORT) }],
    nodeClientOptions: quiet,
    sentinelClientOptions: { socket: quiet.socket },
    masterPoolSize: 4,
    scanInterval: 200,
    maxCommandRediscovers: 2,
  });
  sentinel.on("error", () => undefined);
  await sentinel.connect();
  return { redis: redisSentinel(sentinel), subscriber: sentinel };
}

const policy = definePolicy({
  environment: "test",
  account: { emailVerification: "off" },
  password: { argon2: { memoryKib: 7168, iterations: 1, parallelism: 1 } },
  token: { enabled: TOKEN_KEYS !== undefined },
});
const app = Fastify({ ...serverOptions(policy), logger: false }); // outages are what the tests make
await app.register(aegis, {
  policy,
  secretKey: new Uint8Array(32),
  ...redisStores({
    stores: postgresStores(pool),
    ledger: new PostgresRevocationLedger(pool),
    ...(await connect()),
    ...(DEAF === undefined
      ? {}
      : { subscriber: { subscribe: async () => undefined, unsubscribe: async () => undefined } }),
  }),
  limits: roomyLimits(),
  ...(TOKEN_KEYS === undefined ? {} : { tokenKeys: parseKeyRing(JSON.parse(TOKEN_KEYS)) }),
  audit: {
    write: ({ event, facts }) => {
      if (event === "token.reuse_detected") process.send?.(String(facts?.["family"]));
    },
  },
});
process.on("disconnect", () => process.exit());
process.send?.(await app.listen({ host: "127.0.0.1", port: 0 }));
