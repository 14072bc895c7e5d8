/** Tokens over two instances in processes of their own, on one PostgreSQL and one Redis. */
import { newKeyRing } from "aegis";
import { aegisMigrations, migrate } from "aegis/stores/postgres";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PASSWORD } from "./support/browser-like.ts";
import { ask as askWith, call, type Instance, startInstance } from "./support/instances.ts";
import { startPostgres, type TestPostgres } from "./support/postgres.ts";
import { startRedis, type TestRedis } from "./support/redis.ts";
import { RemoteVisitor, textIn } from "./support/remote-visitor.ts";
import { expectStrict, type History, newHistory } from "./support/revocation-history.ts";

const ROUNDS = 100;
const CLIENTS = 20;

let postgres: TestPostgres;
let redis: TestRedis;
let instances: readonly Instance[] = [];
let env: Readonly<Record<string, string>> = {};
beforeAll(async () => {
  [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  const pool = new pg.Pool({ connectionString: postgres.url });
  await migrate(pool, [aegisMigrations]);
  await pool.end();
  env = {
    SQL_URL: postgres.url,
    REDIS_URL: redis.url,
    TOKEN_KEYS: JSON.stringify(newKeyRing("EdDSA", Date.now())),
  };
  instances = await Promise.all([startInstance(env), startInstance(env)]);
}, 60_000);
afterAll(async () => {
  for (const instance of instances) await instance.close();
  await Promise.all([redis?.close(), postgres?.close()]);
});

const originOf = (place: number): string => instances[place % 2]?.origin ?? "";

/** A person who is signed in, and gets tokens for programs. */
async function owner() {
  const visitor = new RemoteVisitor(originOf(0));
  await visitor.send("POST", "/api/register", { username: visitor.username, password: PASSWORD });
  await visitor.signIn(visitor.username, PASSWORD);
  return async () => pairIn((await visitor.post("/api/auth/token", { client: "Phone" })).body);
}

const pairIn = (body: Readonly<Record<string, unknown>>) => ({
  id: textIn(body, "id"),
  access: textIn(body, "access_token"),
  refresh: textIn(body, "refresh_token"),
});

async function refresh(token: string, place: number) {
  const json = { refresh_token: token };
  const { status, text } = await call(originOf(place), "/api/auth/refresh", { method: "POST", json });
  const answeredAt = performance.now();
  return { status, answeredAt, body: (): Readonly<Record<string, unknown>> => JSON.parse(text) };
}

const ask = (history: History, place: number, access: string, all = instances) =>
  askWith(history, all, place, access, "/api/profile", { authorization: `Bearer ${access}` });
const everywhere = (history: History, tokens: readonly string[], all = instances) =>
  Promise.all(tokens.flatMap((token) => [0, 1].map((place) => ask(history, place, token, all))));

/** A family that both instances have served, of which a token is used again through one of them. */
async function oneFamily(history: History, issue: Awaited<ReturnType<typeof owner>>, through: number) {
  const given = await issue();
  const newest = pairIn((await refresh(given.refresh, through + 1)).body());
  const tokens = [given.access, newest.access];
  await everywhere(history, tokens);
  const before = everywhere(history, tokens);
  const reuse = await refresh(given.refresh, through);
  expect(reuse.status).toBe(401);
  for (const token of tokens) history.acknowledgedAt.set(token, reuse.answeredAt);
  await Promise.all([before, everywhere(history, tokens)]);
  expect((await refresh(newest.refresh, through + 1)).status).toBe(401);
  return given.id;
}

describe("tokens of two instances", () => {
  it("are accepted by neither once a second use of their refresh token was refused by one", async () => {
    const history = newHistory();
    const ended: string[] = [];
    const worker = async (first: number): Promise<void> => {
      const issue = await owner();
      for (let round = first; round < ROUNDS; round += 4)
        ended.push(await oneFamily(history, issue, round % 2));
    };
    await Promise.all([0, 1, 2, 3].map(worker));
    expectStrict(history, 2 * ROUNDS);
    await everywhere(history, [...history.acknowledgedAt.keys()]);
    expectStrict(history, 2 * ROUNDS);
    const reported = instances.flatMap((instance) => instance.reported);
    expect(reported.toSorted()).toEqual(ended.toSorted());
  }, 120_000);

  /** Families that both serve, of which a token is used again through the first. */
  async function tenFamilies(history: History, all: readonly Instance[]) {
    const issue = await owner();
    const families = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const given = await issue();
        return { given, newest: pairIn((await refresh(given.refresh, 0)).body()) };
      }),
    );
    const tokens = families.flatMap(({ given, newest }) => [given.access, newest.access]);
    await everywhere(history, tokens, all);
    const reuse = () =>
      Promise.all(
        families.map(async ({ given, newest }) => {
          const { status, answeredAt } = await refresh(given.refresh, 0);
          expect(status).toBe(401);
          for (const { access } of [given, newest]) history.acknowledgedAt.set(access, answeredAt);
        }),
      );
    return { tokens, reuse };
  }

  it("are not accepted by one that hears nothing, whose lease is waited for", async () => {
    const deaf = await startInstance({ ...env, DEAF: "1" });
    try {
      const [history, both] = [newHistory(), [...instances.slice(0, 1), deaf]];
      const { tokens, reuse } = await tenFamilies(history, both);
      await reuse();
      await everywhere(history, tokens, both);
      expectStrict(history, tokens.length);
    } finally {
      await deaf.close();
    }
  }, 60_000);

  it("are not accepted by one that was stopped meanwhile, from the moment that it goes on", async () => {
    const history = newHistory();
    const { tokens, reuse } = await tenFamilies(history, instances);
    instances[1]?.child.kill("SIGSTOP");
    await reuse();
    const asked = tokens.map((token) => ask(history, 1, token));
    await new Promise((resolve) => setTimeout(resolve, 50)); // they lie in its sockets now
    instances[1]?.child.kill("SIGCONT");
    await Promise.all(asked);
    expectStrict(history, tokens.length);
  }, 60_000);

  it("have one winner among twenty parallel uses, a hundred times, and none that lives on", async () => {
    const history = newHistory();
    const issue = await owner();
    for (let round = 0; round < ROUNDS; round++) {
      const given = await issue();
      await everywhere(history, [given.access]);
      const answers = await Promise.all(
        Array.from({ length: CLIENTS }, (_, place) => refresh(given.refresh, place)),
      );
      const [winner, ...others] = answers.filter(({ status }) => status === 200);
      expect(others).toEqual([]);
      expect(answers.filter(({ status }) => status === 401)).toHaveLength(CLIENTS - 1);
      const newest = pairIn(winner?.body() ?? {});
      const refused = answers.filter(({ status }) => status === 401).map(({ answeredAt }) => answeredAt);
      history.acknowledgedAt.set(given.access, Math.min(...refused));
      history.acknowledgedAt.set(newest.access, Math.min(...refused));
      await everywhere(history, [given.access, newest.access]);
      expect((await refresh(newest.refresh, round)).status).toBe(401);
    }
    expectStrict(history, ROUNDS);
    expect(history.asked.filter(({ accepted }) => accepted)).toHaveLength(2 * ROUNDS);
  }, 120_000);
});
