/** Rate limits on a real Redis: the contract, what is left behind, whose time counts, and what leases let through. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Leases } from "../packages/aegis/src/rate-limit/leases.ts";
import { describeRateLimitStore } from "../packages/aegis/src/rate-limit/store.contract.ts";
import { describeReputationStore } from "../packages/aegis/src/reputation/store.contract.ts";
import { RedisReputationStore } from "../packages/aegis/src/stores/redis/reputation-store.ts";
import { redisClient } from "../packages/aegis/src/stores/redis/client.ts";
import { RedisRateLimitStore } from "../packages/aegis/src/stores/redis/rate-limit-store.ts";
import { connectRedis, startRedis, type TestRedis } from "./support/redis.ts";

let server: TestRedis;
let clients: Awaited<ReturnType<typeof connectRedis>>[] = [];
beforeAll(async () => {
  server = await startRedis();
  clients = [await connectRedis(server.url), await connectRedis(server.url)];
});
afterAll(async () => {
  for (const client of clients) client.destroy();
  await server?.close();
});
const redis = (place = 0) => {
  const client = clients[place];
  if (client === undefined) throw new Error("not connected");
  return redisClient(client, { timeoutMs: 5000 });
};

describeRateLimitStore("Redis", async () => ({
  store: new RedisRateLimitStore(redis(), { time: "caller" }),
  close: async () => undefined,
}));

const gcra = (limit: number, windowMs = 3_600_000) => ({ algorithm: "gcra", limit, windowMs }) as const;

describe("Redis", () => {
  it("keeps no key without an end, and none of them says whose it is", async () => {
    const store = new RedisRateLimitStore(redis());
    await store.take({ subject: "a-hash", limit: "login" }, gcra(10), Date.now(), 1);
    await store.takeMany(
      "a-hash",
      [{ limit: "read", rule: { ...gcra(10), algorithm: "fixed-window" }, cost: 1 }],
      Date.now(),
    );
    await store.leaseBlock({ subject: "a-hash", limit: "user" }, gcra(1000), Date.now(), 8);
    const keys = await redis().send("x", ["KEYS", "*"]);
    if (!Array.isArray(keys)) throw new Error("no list of keys");
    expect(keys.length).toBeGreaterThanOrEqual(3);
    for (const key of keys) {
      expect(Number(await redis().send(String(key), ["PTTL", String(key)]))).toBeGreaterThan(0);
      expect(String(key)).toMatch(/^aegis:rate:\{[^}]+\}?/);
    }
  });

  it("goes by its own time, whatever the clock of an instance says", async () => {
    const store = new RedisRateLimitStore(redis());
    const key = { subject: "skewed", limit: "login" };
    for (const skew of [0, 7_200_000, -7_200_000]) await store.take(key, gcra(3), Date.now() + skew, 1);
    const ahead = Date.now() + 86_400_000;
    const decision = await store.take(key, gcra(3), ahead, 1);
    expect(decision.allowed).toBe(false);
    expect(decision.resetAtMs - ahead).toBeGreaterThan(3_500_000); // durations, laid upon the caller's clock
    expect(decision.resetAtMs - ahead).toBeLessThanOrEqual(3_600_000);
  });
});

describe("leases of two instances", () => {
  it("let exactly the limit through where both go on asking, in far fewer trips", async () => {
    let trips = 0;
    const instances = [0, 1].map((place) => {
      const commands = redis(place);
      return new Leases(
        new RedisRateLimitStore(
          {
            send: (key, args) => {
              trips += 1;
              return commands.send(key, args);
            },
          },
          { time: "caller" },
        ),
      );
    });
    const key = { subject: "busy", limit: "user" };
    const instanceOf = (place: number): Leases => {
      const instance = instances[place % 2];
      if (instance === undefined) throw new Error("no such instance");
      return instance;
    };
    const decisions = await Promise.all(
      Array.from({ length: 4000 }, (_, place) => instanceOf(place).take(key, gcra(1000), 1_800_000_000_000)),
    );
    expect(decisions.filter((one) => one.allowed).length).toBe(1000);
    expect(decisions.length - decisions.filter((one) => !one.allowed).length).toBe(1000);
    expect(trips).toBeLessThan(120);
  });

  it("lose nothing of a caller who asks now and then, and give out nothing of a window that is over", async () => {
    const store = new RedisRateLimitStore(redis(), { time: "caller" });
    const leases = new Leases(store);
    const window = { algorithm: "fixed-window", limit: 100, windowMs: 60_000 } as const;
    const key = { subject: "slow", limit: "read" };
    let now = 1_800_000_000_000;
    for (let asked = 0; asked < 5; asked++) {
      await leases.take(key, window, now);
      now += 11_000;
    }
    expect((await store.peek(key, window, now)).remaining).toBe(95);
    for (let asked = 0; asked < 40; asked++) await leases.take(key, window, now);
    now += 60_000;
    const next = [];
    for (let asked = 0; asked < 150; asked++) next.push(await leases.take(key, window, now));
    expect(next.filter(({ allowed }) => allowed).length).toBe(100);
  });

  it("give back what another limit refused", async () => {
    const store = new RedisRateLimitStore(redis(), { time: "caller" });
    const leases = new Leases(store);
    const key = { subject: "back", limit: "user" };
    const now = 1_800_000_000_000;
    for (let tries = 0; tries < 500; tries++) {
      expect((await leases.take(key, gcra(100), now)).allowed).toBe(true);
      leases.giveBack(key, gcra(100));
    }
  });
});

describeReputationStore("Redis", async () => ({
  store: new RedisReputationStore(redis()),
  close: async () => undefined,
}));

describe("reputations in Redis", () => {
  it("leave no key without an end", async () => {
    const store = new RedisReputationStore(redis(), { prefix: "ended" });
    const rule = {
      suspiciousScore: 10,
      banScore: 30,
      halfLifeMs: 60_000,
      firstBanMs: 60_000,
      longestBanMs: 60_000,
    };
    await store.hold("one", "label", { cause: "forged", times: 10 }, Date.now(), rule);
    await store.hold("two", "label", { cause: "forged", times: 1 }, Date.now(), rule);
    const keys = await redis().send("x", ["KEYS", "ended:*"]);
    if (!Array.isArray(keys)) throw new Error("no list of keys");
    expect(keys.length).toBe(3);
    for (const key of keys)
      expect(Number(await redis().send(String(key), ["PTTL", String(key)]))).toBeGreaterThan(0);
  });
});
