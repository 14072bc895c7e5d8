/** What a million sessions cost: memory of Redis, and of a process that has seen them all. SESSIONS chooses another count. */
import { createHash, randomBytes, randomUUID } from "node:crypto";
import Fastify from "fastify";
import pg from "pg";
import { definePolicy } from "aegis";
import { aegis, serverOptions, type SessionRecord } from "aegis/fastify";
import { aegisMigrations, migrate, PostgresRevocationLedger, postgresStores } from "aegis/stores/postgres";
import { redisClient, RedisSessionStore, redisStores } from "aegis/stores/redis";
import { startPostgres } from "../../test/support/postgres.ts";
import { connectRedis, startRedis } from "../../test/support/redis.ts";
import type { BenchCase } from "../measure.ts";

const COUNT = Number(process.env["SESSIONS"] ?? 1_000_000);
const AT_ONCE = 64;
const HOUR = 3_600_000;
/** Every so many a session is asked for, so that the process has had them in its memory. */
const ASKED_EVERY = 20;
const LOOKED_AT = 20_000;

const hashOf = (token: string): string => createHash("sha256").update(token).digest("base64url");

function sessionOf(token: string): SessionRecord {
  const now = Date.now();
  return {
    id: randomUUID(),
    tokenHash: hashOf(token),
    previousTokenHash: null,
    graceUntil: null,
    subject: { userId: randomUUID(), username: "ada.lovelace", roles: ["user"], tenantId: null },
    stage: "complete",
    aal: 1,
    methods: ["password"],
    provenAt: now,
    rememberMe: false,
    createdAt: now,
    lastSeenAt: now,
    rotatedAt: now,
    idleExpiresAt: now + 8 * HOUR,
    absoluteExpiresAt: now + 8 * HOUR,
    ip: "203.0.113.9",
    userAgent:
      "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36",
  };
}

async function atOnce(count: number, work: (place: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

const megabytes = (bytes: number): string => `${(bytes / 1_048_576).toFixed(0)} MB`;

export default {
  title: `Sessions: ${COUNT} in Redis, one of ${ASKED_EVERY} asked for through a process`,
  async run() {
    const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
    const pool = new pg.Pool({ connectionString: postgres.url });
    const [client, subscriber] = await Promise.all([connectRedis(redis.url), connectRedis(redis.url)]);
    const commands = redisClient(client, { timeoutMs: 10_000 });
    await migrate(pool, [aegisMigrations]);
    const policy = definePolicy({
      environment: "test",
      rateLimit: { limits: { read: "999999/hour", user: "999999/hour" } },
    });
    const app = Fastify(serverOptions(policy));
    const stores = redisStores({
      stores: postgresStores(pool),
      ledger: new PostgresRevocationLedger(pool),
      redis: commands,
      subscriber,
    });
    await app.register(aegis, { policy, secretKey: new Uint8Array(32), ...stores });
    await app.ready();
    const used = async (): Promise<number> =>
      Number(/used_memory:(\d+)/.exec(await client.info("memory"))?.[1]);
    const store = new RedisSessionStore(commands);
    const [redisBefore, processBefore] = [await used(), process.memoryUsage().rss];
    let refused = 0;
    const started = performance.now();
    await atOnce(COUNT, async (place) => {
      const token = randomBytes(32).toString("base64url");
      await store.create(sessionOf(token), 10);
      if (place % ASKED_EVERY !== 0) return;
      const { statusCode } = await app.inject({
        url: "/api/sessions",
        headers: { cookie: `session=${token}` },
      });
      if (statusCode !== 200) refused += 1;
    });
    const seconds = (performance.now() - started) / 1000;
    const perSession = ((await used()) - redisBefore) / COUNT;
    const processAfter = process.memoryUsage().rss;
    let [looked, forEver] = [0, 0];
    for await (const keys of client.scanIterator({ COUNT: 1000 })) {
      for (const left of await Promise.all(keys.map((key) => client.pTTL(key))))
        if (left === -1) forEver += 1;
      looked += keys.length;
      if (looked >= LOOKED_AT) break;
    }
    const keys = await client.dbSize();
    await app.close();
    for (const one of [client, subscriber]) one.destroy();
    await pool.end();
    await Promise.all([redis.close(), postgres.close()]);
    return [
      ["sessions made", `${COUNT} in ${seconds.toFixed(0)} s, ${refused} refused of those asked for`],
      ["memory of Redis, per session", `${perSession.toFixed(0)} bytes, ${(keys / COUNT).toFixed(2)} keys`],
      ["keys without expiry", `${forEver} of ${looked} looked at`],
      ["memory of the process, before", megabytes(processBefore)],
      ["memory of the process, after", megabytes(processAfter)],
      ["memory of the process, per session", `${((processAfter - processBefore) / COUNT).toFixed(0)} bytes`],
    ];
  },
} satisfies BenchCase;
