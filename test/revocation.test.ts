/**
 * Revocation over two instances in processes of their own, under load, while one of them is stopped and continued, and
 * Redis is killed and fails over: nothing that starts after an acknowledgement is accepted. REVOCATIONS=10000 runs the
 * full count: four tenths of them in quiet, one while an instance is stopped, two while Redis dies, three over a failover.
 */
import { createClient } from "@redis/client";
import pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { aegisMigrations, migrate } from "aegis/stores/postgres";
import { redisClient, RedisSessionStore } from "aegis/stores/redis";
import { ask as askWith, call, type Instance, startInstance } from "./support/instances.ts";
import { startPostgres, type TestPostgres } from "./support/postgres.ts";
import { connectRedis, startRedis } from "./support/redis.ts";
import {
  expectStrict,
  type History,
  newHistory,
  provenIn,
  violations,
} from "./support/revocation-history.ts";
import { cookieOf, signedIn } from "./support/sessions.ts";
import { startSentinel } from "./support/sentinel.ts";

const COUNT = Number(process.env["REVOCATIONS"] ?? 200);

let postgres: TestPostgres;
const ends: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  postgres = await startPostgres();
  const pool = new pg.Pool({ connectionString: postgres.url });
  await migrate(pool, [aegisMigrations]);
  await pool.end();
});
// Each ends its own: whoever lives on without hearing of an end, its lease is waited for.
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});
afterAll(() => postgres?.close());

const start = async (env: Readonly<Record<string, string>>): Promise<Instance> => {
  const instance = await startInstance({ SQL_URL: postgres.url, ...env });
  ends.push(() => instance.close());
  return instance;
};

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));
const ask = (history: History, instances: readonly Instance[], place: number, token: string) =>
  askWith(history, instances, place, token, "/api/sessions", cookieOf(token));

/** Ends it through this instance; by its answer, it is ended everywhere. */
async function signOut(history: History, instance: Instance | undefined, token: string): Promise<void> {
  const { status } = await call(instance?.origin ?? "", "/api/logout", {
    method: "POST",
    headers: cookieOf(token),
  });
  if (status === 200) history.acknowledgedAt.set(token, performance.now());
}

/** Warm in the memory of both, asked all the time, revoked through one of them, and asked again at once. */
async function oneLife(
  history: History,
  instances: readonly Instance[],
  store: RedisSessionStore,
  through: number,
): Promise<void> {
  const token = await signedIn(store).catch(() => undefined); // Redis is away now
  if (token === undefined) return pause(5);
  await Promise.all([0, 1].map((place) => ask(history, instances, place, token)));
  const before = [0, 1, 0, 1].map((place) => ask(history, instances, place, token));
  await signOut(history, instances[through], token);
  await Promise.all([...before, ...[0, 1, 0, 1].map((place) => ask(history, instances, place, token))]);
}

async function lives(
  history: History,
  instances: readonly Instance[],
  store: RedisSessionStore,
  count: number,
  through: (life: number) => number = (life) => life % 2,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      const life = next++;
      await oneLife(history, instances, store, through(life));
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
}

/** One is stopped; sessions that it has in memory are ended through the other; then it goes on, and is asked first of all. */
async function whileStopped(
  history: History,
  instances: readonly Instance[],
  store: RedisSessionStore,
): Promise<void> {
  const tokens = await Promise.all(Array.from({ length: 20 }, () => signedIn(store)));
  for (const place of [0, 1]) await Promise.all(tokens.map((token) => ask(history, instances, place, token)));
  instances[1]?.child.kill("SIGSTOP");
  await Promise.all(tokens.map((token) => signOut(history, instances[0], token)));
  const asked = tokens.map((token) => ask(history, instances, 1, token));
  await pause(50); // they lie in its sockets now
  instances[1]?.child.kill("SIGCONT");
  await Promise.all(asked);
}

/** Everything that was ever acknowledged is asked for once more: what a crash brought back would show. */
async function askAllAgain(history: History, instances: readonly Instance[]): Promise<void> {
  for (const token of history.acknowledgedAt.keys())
    await Promise.all([0, 1].map((place) => ask(history, instances, place, token)));
}

describe("a session that two instances keep in memory", () => {
  it(
    "is accepted by neither once its end was acknowledged, though one is stopped, and Redis dies and comes back",
    async () => {
      const redis = await startRedis();
      ends.push(() => redis.close());
      const client = await connectRedis(redis.url);
      ends.push(async () => client.destroy());
      const store = new RedisSessionStore(redisClient(client));
      const instances = await Promise.all([0, 1].map(() => start({ REDIS_URL: redis.url })));
      const history = newHistory();

      await lives(history, instances, store, COUNT * 0.4);
      expectStrict(history, COUNT * 0.4);

      for (let round = 0; round < COUNT / 200; round++) await whileStopped(history, instances, store);
      expectStrict(history, COUNT * 0.5);

      // Redis dies in the middle, with what it had not yet on disk.
      const redisIs = { calm: false };
      const underLoad = async (): Promise<void> => {
        while (!redisIs.calm || provenIn(history) < COUNT * 0.7) await lives(history, instances, store, 20);
      };
      const dying = async (): Promise<void> => {
        for (let round = 0; round < Math.max(2, COUNT / 1000); round++) {
          await pause(300);
          await redis.stop();
          await pause(300);
          await redis.start();
        }
        redisIs.calm = true;
      };
      await Promise.all([underLoad(), dying()]);
      await lives(history, instances, store, 20);
      await askAllAgain(history, instances);
      expectStrict(history, COUNT * 0.7 + 20);
    },
    60_000 + COUNT * 60,
  );

  it("is not accepted by one that was stopped and hears nothing", async () => {
    const redis = await startRedis();
    ends.push(() => redis.close());
    const client = await connectRedis(redis.url);
    ends.push(async () => client.destroy());
    const store = new RedisSessionStore(redisClient(client));
    const env = { REDIS_URL: redis.url };
    const instances = await Promise.all([start(env), start({ ...env, DEAF: "1" })]);
    const history = newHistory();
    await whileStopped(history, instances, store);
    expectStrict(history, 20);
  }, 30_000);

  it(
    "is accepted by neither after a failover that lost the last writes of Redis",
    async () => {
      const sentinel = await startSentinel();
      ends.push(() => sentinel.close());
      const instances = await Promise.all([0, 1].map(() => start({ SENTINEL_PORT: String(sentinel.port) })));
      const history = newHistory();
      const onMaster = async (work: (store: RedisSessionStore) => Promise<void>): Promise<void> => {
        const client = createClient({
          url: `redis://127.0.0.1:${await sentinel.masterPort()}`,
          disableOfflineQueue: true,
          socket: { reconnectStrategy: false },
        });
        client.on("error", () => undefined);
        await client.connect();
        await work(new RedisSessionStore(redisClient(client)));
        client.destroy();
      };
      const until = (count: number) =>
        expect
          .poll(
            async () => {
              await onMaster((store) => lives(history, instances, store, 50)).catch(() => undefined);
              return provenIn(history);
            },
            { timeout: 60_000 + COUNT * 60, interval: 50 },
          )
          .toBeGreaterThanOrEqual(count);
      await until(COUNT * 0.15);
      const failover = sentinel.failOver(); // under load: half of them are still to come
      await until(COUNT * 0.3);
      await failover;
      await until(COUNT * 0.3 + 20);
      await askAllAgain(history, instances);
      expectStrict(history, COUNT * 0.3 + 20);
    },
    120_000 + COUNT * 60,
  );
});

describe("the check of a history", () => {
  it("finds what started after the acknowledgement and was accepted, and nothing else", () => {
    const history = newHistory();
    history.acknowledgedAt.set("a", 10);
    for (const startedAt of [9, 10, 11])
      history.asked.push({ credential: "a", instance: 0, startedAt, accepted: true });
    history.asked.push({ credential: "a", instance: 0, startedAt: 12, accepted: false });
    history.asked.push({ credential: "b", instance: 0, startedAt: 12, accepted: true });
    expect(violations(history)).toEqual([{ credential: "a", instance: 0, startedAt: 11, accepted: true }]);
  });
});
