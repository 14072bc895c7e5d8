/**
 * Revocation over two instances in processes of their own, under load, while one of them is stopped and continued, and
 * Redis is killed and fails over: nothing that starts after an acknowledgement is accepted. REVOCATIONS=10000 runs the
 * full count.
 */
import { type ChildProcess, fork } from "node:child_process";
import { createHash, randomBytes, randomUUID } from "node:crypto";
import { Agent, request } from "node:http";
import { fileURLToPath } from "node:url";
import { createClient } from "@redis/client";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { aegisMigrations, migrate } from "aegis/stores/postgres";
import { redisClient, RedisSessionStore } from "aegis/stores/redis";
import { startPostgres, type TestPostgres } from "./support/postgres.ts";
import { connectRedis, startRedis } from "./support/redis.ts";
import { type History, newHistory, violations } from "./support/revocation-history.ts";
import { startSentinel } from "./support/sentinel.ts";

const COUNT = Number(process.env["REVOCATIONS"] ?? 200);
const HOUR = 3_600_000;

let postgres: TestPostgres;
const ends: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  postgres = await startPostgres();
  const pool = new pg.Pool({ connectionString: postgres.url });
  await migrate(pool, [aegisMigrations]);
  await pool.end();
});
afterAll(async () => {
  for (const end of ends.toReversed()) await end();
  await postgres.close();
});

interface Instance {
  readonly child: ChildProcess;
  readonly origin: string;
}

async function startInstance(env: Readonly<Record<string, string>>): Promise<Instance> {
  const child = fork(fileURLToPath(new URL("./support/session-server.ts", import.meta.url)), [], {
    execArgv: ["--conditions=source"],
    env: { PATH: process.env["PATH"] ?? "", SQL_URL: postgres.url, ...env },
  });
  const origin = await new Promise<string>((resolve, reject) => {
    child.once("message", (message) => resolve(typeof message === "string" ? message : ""));
    child.once("exit", (code) => reject(new Error(`the instance ended with ${code}`)));
  });
  ends.push(async () => {
    child.kill("SIGCONT");
    child.kill("SIGKILL");
  });
  return { child, origin };
}

const agent = new Agent({ keepAlive: true, maxSockets: 40 });
ends.push(async () => agent.destroy());

/** The status of one call with this cookie; 0 when the connection broke. */
const call = (origin: string, path: string, token: string, method = "GET"): Promise<number> =>
  new Promise((resolve) => {
    const out = request(
      `${origin}${path}`,
      { agent, method, headers: { cookie: `session=${token}` } },
      (answer) => {
        answer.resume();
        answer.once("end", () => resolve(answer.statusCode ?? 0));
      },
    );
    out.once("error", () => resolve(0));
    out.end();
  });

/** Somebody with a session, as a sign-in would have left it. */
async function signedIn(store: RedisSessionStore): Promise<{ id: string; token: string }> {
  const token = randomBytes(32).toString("base64url");
  const now = Date.now();
  const id = randomUUID();
  const record = {
    id,
    tokenHash: createHash("sha256").update(token).digest("base64url"),
    previousTokenHash: null,
    graceUntil: null,
    subject: { userId: randomUUID(), username: "ada", roles: ["user"], tenantId: null },
    stage: "complete",
    aal: 1,
    methods: ["password"],
    provenAt: now,
    rememberMe: false,
    createdAt: now,
    lastSeenAt: now,
    rotatedAt: now,
    idleExpiresAt: now + HOUR,
    absoluteExpiresAt: now + HOUR,
    ip: "127.0.0.1",
    userAgent: "test",
  } as const;
  await store.create(record, 10);
  return { id, token };
}

/** Asks an instance whether it accepts the session, and writes down what it said. */
async function ask(history: History, instances: readonly Instance[], place: number, token: string) {
  const startedAt = performance.now();
  const status = await call(instances[place]?.origin ?? "", "/api/sessions", token);
  history.asked.push({ session: token, instance: place, startedAt, accepted: status === 200 });
  return status;
}

/** Warm in the memory of both, asked all the time, revoked through one of them, and asked again at once. */
async function oneLife(
  history: History,
  instances: readonly Instance[],
  store: RedisSessionStore,
  through: number,
): Promise<void> {
  const session = await signedIn(store).catch(() => undefined); // Redis is away now
  if (session === undefined) return;
  const { token } = session;
  await Promise.all([0, 1].map((place) => ask(history, instances, place, token)));
  const before = [0, 1, 0, 1].map((place) => ask(history, instances, place, token));
  const status = await call(instances[through]?.origin ?? "", "/api/logout", token, "POST");
  if (status === 200) history.acknowledgedAt.set(token, performance.now());
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
  const tokens = (await Promise.all(Array.from({ length: 20 }, () => signedIn(store)))).map(
    ({ token }) => token,
  );
  for (const place of [0, 1]) await Promise.all(tokens.map((token) => ask(history, instances, place, token)));
  instances[1]?.child.kill("SIGSTOP");
  const ended = tokens.map(async (token) => {
    const status = await call(instances[0]?.origin ?? "", "/api/logout", token, "POST");
    if (status === 200) history.acknowledgedAt.set(token, performance.now());
  });
  await Promise.all(ended);
  const asked = tokens.map((token) => ask(history, instances, 1, token));
  await new Promise((resolve) => setTimeout(resolve, 50)); // they lie in its sockets now
  instances[1]?.child.kill("SIGCONT");
  await Promise.all(asked);
}

/** Everything that was ever acknowledged is asked for once more: what a crash brought back would show. */
async function askAllAgain(history: History, instances: readonly Instance[]): Promise<void> {
  for (const token of history.acknowledgedAt.keys())
    await Promise.all([0, 1].map((place) => ask(history, instances, place, token)));
}

function expectStrict(history: History, atLeast: number): void {
  expect(violations(history)).toEqual([]);
  expect(history.acknowledgedAt.size).toBeGreaterThanOrEqual(atLeast);
  // A checker of a history in which nothing was ever accepted would be happy with anything.
  const accepted = new Set(history.asked.filter((one) => one.accepted).map(({ session }) => session));
  expect([...history.acknowledgedAt.keys()].filter((one) => accepted.has(one)).length).toBeGreaterThanOrEqual(
    atLeast,
  );
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
      const instances = await Promise.all([0, 1].map(() => startInstance({ REDIS_URL: redis.url })));
      const history = newHistory();

      await lives(history, instances, store, COUNT);
      expectStrict(history, COUNT);

      for (let round = 0; round < Math.ceil(COUNT / 100); round++)
        await whileStopped(history, instances, store);
      expectStrict(history, COUNT);

      // Redis dies in the middle, with what it had not yet on disk.
      const underLoad = lives(history, instances, store, COUNT);
      for (let round = 0; round < 2; round++) {
        await new Promise((resolve) => setTimeout(resolve, 300));
        await redis.stop();
        await new Promise((resolve) => setTimeout(resolve, 300));
        await redis.start();
      }
      await underLoad;
      await lives(history, instances, store, 20);
      await askAllAgain(history, instances);
      expectStrict(history, COUNT + 20);
    },
    60_000 + COUNT * 120,
  );

  it("is not accepted by one that was stopped and hears nothing", async () => {
    const redis = await startRedis();
    ends.push(() => redis.close());
    const client = await connectRedis(redis.url);
    ends.push(async () => client.destroy());
    const store = new RedisSessionStore(redisClient(client));
    const env = { REDIS_URL: redis.url };
    const instances = await Promise.all([startInstance(env), startInstance({ ...env, DEAF: "1" })]);
    const history = newHistory();
    await whileStopped(history, instances, store);
    expectStrict(history, 20);
  }, 30_000);

  it("is accepted by neither after a failover that lost the last writes of Redis", async () => {
    const sentinel = await startSentinel();
    ends.push(() => sentinel.close());
    const instances = await Promise.all(
      [0, 1].map(() => startInstance({ SENTINEL_PORT: String(sentinel.port) })),
    );
    const history = newHistory();
    const onMaster = async (work: (store: RedisSessionStore) => Promise<void>): Promise<void> => {
      const client = createClient({ url: `redis://127.0.0.1:${await sentinel.masterPort()}` });
      client.on("error", () => undefined);
      await client.connect();
      await work(new RedisSessionStore(redisClient(client)));
      client.destroy();
    };
    await onMaster((store) => lives(history, instances, store, 50));
    await sentinel.failOver();
    await expect
      .poll(
        async () => {
          await onMaster((store) => lives(history, instances, store, 8));
          return history.acknowledgedAt.size;
        },
        { timeout: 30_000, interval: 200 },
      )
      .toBeGreaterThan(60);
    await askAllAgain(history, instances);
    expectStrict(history, 60);
  }, 120_000);
});

describe("the check of a history", () => {
  it("finds what started after the acknowledgement and was accepted, and nothing else", () => {
    const history = newHistory();
    history.acknowledgedAt.set("a", 10);
    for (const startedAt of [9, 10, 11])
      history.asked.push({ session: "a", instance: 0, startedAt, accepted: true });
    history.asked.push({ session: "a", instance: 0, startedAt: 12, accepted: false });
    history.asked.push({ session: "b", instance: 0, startedAt: 12, accepted: true });
    expect(violations(history)).toEqual([{ session: "a", instance: 0, startedAt: 11, accepted: true }]);
  });
});
