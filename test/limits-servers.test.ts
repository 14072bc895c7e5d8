/** Limits over two hub processes that share a Redis: exact under load, not evaded, and kind while Redis is away. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { startPostgres, type TestPostgres } from "./support/postgres.ts";
import { type Running, run } from "./support/processes.ts";
import { startRedis, type TestRedis } from "./support/redis.ts";

const MAIN = "apps/hub/dist/server/main.js";
const CONNECTIONS = 50;

let folder: string;
let postgres: TestPostgres;
let redis: TestRedis;
const running: Running[] = [];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "aegis-limits-"));
  [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
});
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop();
});
afterAll(async () => {
  await postgres?.close();
  await redis?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Two hubs with a policy of their own, as processes. */
async function startHubs(name: string, limits: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const policy = join(folder, `${name}.json`);
  writeFileSync(policy, JSON.stringify({ rateLimit: { limits } }));
  const origins: string[] = [];
  for (let place = 0; place < 2; place++) {
    const hub = run(process.execPath, [MAIN, "--port", "0", "--policy", policy], {
      NODE_ENV: "development",
      DATABASE_URL: postgres.url,
      REDIS_URL: redis.url,
      AEGIS_DIRECTORY: join(folder, name),
    });
    running.push(hub);
    const [, origin = ""] = await hub.until(/(http:\/\/127\.0\.0\.1:\d+)/);
    origins.push(origin);
  }
  return origins;
}

interface Asked {
  readonly status: number;
  readonly retryAfter: string | null;
}

const login = async (origin: string, headers: Readonly<Record<string, string>> = {}): Promise<Asked> => {
  const response = await fetch(`${origin}/api/login`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: "{}",
  });
  await response.arrayBuffer();
  return { status: response.status, retryAfter: response.headers.get("retry-after") };
};
const read = async (origin: string): Promise<Asked> => {
  const response = await fetch(`${origin}/health`);
  await response.arrayBuffer();
  return { status: response.status, retryAfter: response.headers.get("retry-after") };
};

/** So many requests over so many connections, the hubs in turn. */
async function flood(count: number, ask: (place: number) => Promise<Asked>): Promise<readonly Asked[]> {
  const answers: Asked[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) answers.push(await ask(next++));
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
  return answers;
}

const countOf = (answers: readonly Asked[], status: number): number =>
  answers.filter((one) => one.status === status).length;

describe("two hubs on one Redis", () => {
  it("let exactly the limit through of ten times as many, whatever headers they come with", async () => {
    const hubs = await startHubs("exact", { login: "60/day", read: "300/day" });
    const origin = (place: number): string => hubs[place % hubs.length] ?? "";
    const logins = await flood(600, (place) =>
      login(origin(place), {
        "x-forwarded-for": `203.0.113.${place % 250}, 198.51.100.${place % 250}`,
        "x-real-ip": `203.0.113.${place % 250}`,
        forwarded: `for=203.0.113.${place % 250}`,
      }),
    );
    expect([countOf(logins, 400), countOf(logins, 429)]).toEqual([60, 540]);
    expect(
      logins.filter(({ status, retryAfter }) => status === 429 && !/^[1-9]\d*$/.test(retryAfter ?? "")),
    ).toEqual([]);
    const reads = await flood(3000, (place) => read(origin(place)));
    expect([countOf(reads, 200), countOf(reads, 429)]).toEqual([300, 2700]);
  });

  it("go on while Redis is away, close what is critical with a word when to come again, and are back by themselves", async () => {
    const hubs = await startHubs("away", { login: "100000/minute", read: "100000/minute" });
    const origin = (place: number): string => hubs[place % hubs.length] ?? "";
    const seen = new Map<string, number>();
    const state = { on: true };
    const load = Promise.all(
      Array.from({ length: 10 }, async (_, place) => {
        for (let turn = place; state.on; turn++) {
          const [name, { status, retryAfter }] =
            turn % 2 === 0 ? ["login", await login(origin(turn))] : ["read", await read(origin(turn))];
          const key = `${name} ${status}${status === 503 ? ` ${retryAfter}` : ""}`;
          seen.set(key, (seen.get(key) ?? 0) + 1);
        }
      }),
    );
    const until = async (key: string): Promise<void> => {
      const before = seen.get(key) ?? 0;
      await expect.poll(() => (seen.get(key) ?? 0) > before, { timeout: 20_000 }).toBe(true);
    };
    await until("login 400");
    await redis.stop();
    await until("login 503 5");
    await until("read 200");
    await redis.start();
    await until("login 400");
    // A Redis that hangs is as good as none.
    process.kill(redis.pid(), "SIGSTOP");
    const before = seen.get("login 503 5") ?? 0;
    await expect.poll(() => (seen.get("login 503 5") ?? 0) > before, { timeout: 20_000 }).toBe(true);
    process.kill(redis.pid(), "SIGCONT");
    await until("login 400");
    state.on = false;
    await load;
    expect([...seen.keys()].toSorted()).toEqual(["login 400", "login 503 5", "read 200"]);
    for (const hub of running) {
      const told = hub.output().match(/store of rate limits is away/g) ?? [];
      expect(told.length).toBeGreaterThan(0);
      expect(told.length).toBeLessThanOrEqual(4); // per outage, not per request
    }
  });
});

describe("a hub", () => {
  it("tells in development, and does not start in production, when its Redis would lose what it is given", async () => {
    const careless = await startRedis(["--appendonly", "no", "--maxmemory-policy", "allkeys-lru"]);
    try {
      const env = {
        DATABASE_URL: postgres.url,
        REDIS_URL: careless.url,
        AEGIS_DIRECTORY: join(folder, "careless"),
      };
      const development = run(process.execPath, [MAIN, "--port", "0"], { NODE_ENV: "development", ...env });
      running.push(development);
      await development.until(/http:\/\/127/);
      expect(development.output()).toMatch(
        /maxmemory-policy allkeys-lru[\s\S]*Set maxmemory-policy noeviction/,
      );
      const production = run(process.execPath, ["apps/hub/dist/server/serve.js"], {
        NODE_ENV: "production",
        ...env,
        SECRET_KEY: "q3JxTnP8Zk2vLw9sRb4YdHc7MgXe1UaF5oNiV6tKj0Q",
        PUBLIC_ORIGIN: "https://hub.example",
        SMTP_URL: "smtps://hub:nothing-is-sent@127.0.0.1:9",
        PORT: "0",
      });
      running.push(production);
      expect(await production.ended()).toBe(1);
      expect(production.output()).toMatch(/maxmemory-policy allkeys-lru[\s\S]*no appendonly/);
    } finally {
      await careless.close();
    }
  });

  it("of several processes does not start in production without a Redis", async () => {
    const production = run(process.execPath, ["apps/hub/dist/server/serve.js"], { NODE_ENV: "production" });
    expect(await production.ended()).toBe(1);
    expect(production.output()).toMatch(/REDIS_URL is missing: 2 processes/);
  });
});
