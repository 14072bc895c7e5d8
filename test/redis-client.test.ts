/** Redis as the stores see it: scripts, time limits, and what counts as being away. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isUnavailable } from "../packages/aegis/src/lib/unavailable.ts";
import { redisClient, redisScript } from "../packages/aegis/src/stores/redis/client.ts";
import { connectRedis, startRedis, type TestRedis } from "./support/redis.ts";

let server: TestRedis;
let client: Awaited<ReturnType<typeof connectRedis>>;
beforeAll(async () => {
  server = await startRedis();
  client = await connectRedis(server.url);
});
afterAll(async () => {
  client.destroy();
  await server.close();
});

const failure = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

describe("Redis", () => {
  it("runs a script by its digest, also one that it has never seen", async () => {
    const redis = redisClient(client);
    const add = redisScript("return redis.call('incrby', KEYS[1], ARGV[1])");
    expect(await add.run(redis, ["n"], ["2"])).toBe(2);
    await redis.send("n", ["SCRIPT", "FLUSH"]);
    expect(await add.run(redis, ["n"], ["3"])).toBe(5);
  });

  it("that answers with an error is not away: the fault is ours", async () => {
    const error = await failure(redisClient(client).send("n", ["LPUSH", "n", "1"]));
    expect(error).toBeInstanceOf(Error);
    expect(isUnavailable(error)).toBe(false);
  });

  it("that hangs, has died, or starts again counts as away, and serves again by itself", async () => {
    const redis = redisClient(client, { timeoutMs: 200 });
    process.kill(server.pid(), "SIGSTOP");
    expect(isUnavailable(await failure(redis.send("n", ["GET", "n"])))).toBe(true);
    process.kill(server.pid(), "SIGCONT");
    expect(await redis.send("n", ["GET", "n"])).toBe("5");

    await server.stop();
    expect(isUnavailable(await failure(redis.send("n", ["GET", "n"])))).toBe(true);
    await server.start();
    await expect.poll(() => redis.send("n", ["PING"]).catch(() => "away"), { timeout: 5000 }).toBe("PONG");
  });

  it.each([
    "LOADING Redis is loading",
    "READONLY You can't write",
    "OOM command not allowed",
    "Socket closed",
  ])("that says %s is away", async (words) => {
    const redis = redisClient({ sendCommand: () => Promise.reject(new Error(words)) });
    expect(isUnavailable(await failure(redis.send("n", ["GET", "n"])))).toBe(true);
  });
});
