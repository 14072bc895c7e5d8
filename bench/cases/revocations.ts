/**
 * How long the end of a session, or of a token family, takes until it is acknowledged: until no instance accepts it. Two
 * instances in processes of their own, both with the credential in memory, on a PostgreSQL that waits for its disk and a
 * Redis. ENDS chooses another count.
 */
import { newKeyRing } from "aegis";
import { aegisMigrations, migrate } from "aegis/stores/postgres";
import { redisClient, RedisSessionStore } from "aegis/stores/redis";
import pg from "pg";
import { PASSWORD } from "../../test/support/browser-like.ts";
import { call, type Instance, startInstance } from "../../test/support/instances.ts";
import { startPostgres } from "../../test/support/postgres.ts";
import { connectRedis, startRedis } from "../../test/support/redis.ts";
import { RemoteVisitor, textIn } from "../../test/support/remote-visitor.ts";
import { cookieOf, signedIn } from "../../test/support/sessions.ts";
import { percentile } from "../compare/statistics.ts";
import type { BenchCase } from "../measure.ts";

const COUNT = Number(process.env["ENDS"] ?? 2000);
const WARM_UP = 200;
const HUNG_ROUNDS = 5;

interface World {
  readonly instances: readonly Instance[];
  readonly store: RedisSessionStore;
}

/** Milliseconds of `work`, from before it is asked for until its answer is there. */
async function timed(work: () => Promise<{ readonly status: number }>, status: number): Promise<number> {
  const start = performance.now();
  const answer = await work();
  const took = performance.now() - start;
  if (answer.status !== status) throw new Error(`answered with ${answer.status} instead of ${status}`);
  return took;
}

const originOf = ({ instances }: World, place: number): string => instances[place % 2]?.origin ?? "";

/** A session that both have in memory is signed out at one, and must be refused by the other. */
async function endSession(world: World, place: number): Promise<number> {
  const headers = cookieOf(await signedIn(world.store));
  const ask = (at: number) => call(originOf(world, at), "/api/sessions", { headers });
  await Promise.all([timed(() => ask(place), 200), timed(() => ask(place + 1), 200)]);
  const took = await timed(
    () => call(originOf(world, place), "/api/logout", { method: "POST", headers }),
    200,
  );
  await timed(() => ask(place + 1), 401);
  return took;
}

/** A refresh token is used a second time at one; an access token of its family must be refused by the other. */
async function endFamily(world: World, owner: RemoteVisitor, place: number): Promise<number> {
  const pair = (await owner.post("/api/auth/token", { client: "Phone" })).body;
  const headers = { authorization: `Bearer ${textIn(pair, "access_token")}` };
  const ask = () => call(originOf(world, place + 1), "/api/profile", { headers });
  const json = { refresh_token: textIn(pair, "refresh_token") };
  const refresh = () => call(originOf(world, place), "/api/auth/refresh", { method: "POST", json });
  await timed(refresh, 200);
  await timed(ask, 200);
  const took = await timed(refresh, 401);
  await timed(ask, 401);
  return took;
}

async function endWhileHung(world: World): Promise<number> {
  const headers = cookieOf(await signedIn(world.store));
  const [one, other] = world.instances;
  for (const instance of [one, other])
    await timed(() => call(instance?.origin ?? "", "/api/sessions", { headers }), 200);
  other?.child.kill("SIGSTOP");
  const took = await timed(() => call(one?.origin ?? "", "/api/logout", { method: "POST", headers }), 200);
  other?.child.kill("SIGCONT");
  await timed(() => call(other?.origin ?? "", "/api/sessions", { headers }), 401);
  return took;
}

/** `atOnce` of them at any time. */
async function all(
  count: number,
  atOnce: number,
  work: (place: number) => Promise<number>,
): Promise<number[]> {
  const times: number[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) times.push(await work(next++));
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return times;
}

const inWords = (times: readonly number[]): string => {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): string => `${percentile(sorted, share).toFixed(2)} ms`;
  return `p50 ${at(0.5)}, p99 ${at(0.99)}, longest ${at(1)}`;
};

async function measure(world: World, pool: pg.Pool) {
  const owner = new RemoteVisitor(originOf(world, 0));
  await owner.send("POST", "/api/register", { username: owner.username, password: PASSWORD });
  await owner.signIn(owner.username, PASSWORD);
  const session = (place: number) => endSession(world, place);
  const family = (place: number) => endFamily(world, owner, place);
  await all(WARM_UP, 4, session);
  await all(WARM_UP / 4, 1, family);
  await pool.query("create table commits (at timestamptz)");
  const commit = () =>
    timed(
      async () => ({ status: (await pool.query("insert into commits values (now())")).rowCount ?? 0 }),
      1,
    );
  return [
    ["one row written to the disk, to compare", inWords(await all(COUNT / 4, 1, commit))],
    ["a session, one after the other", inWords(await all(COUNT, 1, session))],
    ["a session, eight at once", inWords(await all(COUNT, 8, session))],
    ["a token family, one after the other", inWords(await all(COUNT / 4, 1, family))],
    [
      "a session, the other instance stopped (lease 1 s)",
      inWords(await all(HUNG_ROUNDS, 1, () => endWhileHung(world))),
    ],
  ] as const;
}

export default {
  title: `Revocations: ${COUNT} ends over two processes, from the request until the acknowledgement`,
  async run() {
    const [postgres, redis] = await Promise.all([startPostgres(["fsync=on"]), startRedis()]);
    const pool = new pg.Pool({ connectionString: postgres.url, max: 2 });
    const client = await connectRedis(redis.url);
    const instances: Instance[] = [];
    try {
      await migrate(pool, [aegisMigrations]);
      const env = {
        SQL_URL: postgres.url,
        REDIS_URL: redis.url,
        TOKEN_KEYS: JSON.stringify(newKeyRing("EdDSA", Date.now())),
      };
      for (const one of [env, env]) instances.push(await startInstance(one));
      return await measure({ instances, store: new RedisSessionStore(redisClient(client)) }, pool);
    } finally {
      for (const instance of instances) await instance.close();
      client.destroy();
      await pool.end();
      await Promise.all([redis.close(), postgres.close()]);
    }
  },
} satisfies BenchCase;
