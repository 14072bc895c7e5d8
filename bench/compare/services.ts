/** A PostgreSQL and a Redis for one run, with a database each per server. */
import pg from "pg";
import { startPostgres } from "../../test/support/postgres.ts";
import { connectRedis, startRedis } from "../../test/support/redis.ts";

export interface Services {
  /** What a server is told in its environment. */
  settingsFor(key: string): Promise<Readonly<Record<string, string>>>;
  /** How often Redis has read something from anybody so far: commands that are sent together are one trip. */
  redisTrips(): Promise<number>;
  close(): Promise<void>;
}

export async function startServices(): Promise<Services> {
  const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  const client = await connectRedis(redis.url);
  let servers = 0;
  return {
    async settingsFor(key) {
      const name = `bench_${key.replaceAll("-", "_")}`;
      const admin = new pg.Client({ connectionString: postgres.url });
      await admin.connect();
      await admin.query(`CREATE DATABASE ${admin.escapeIdentifier(name)}`);
      await admin.end();
      servers += 1;
      const database = new URL(postgres.url);
      database.pathname = `/${name}`;
      return { DATABASE_URL: database.href, REDIS_URL: `${redis.url}/${servers}` };
    },
    async redisTrips() {
      return Number(/total_reads_processed:(\d+)/.exec(await client.info("stats"))?.[1]);
    },
    async close() {
      client.destroy();
      await Promise.all([postgres.close(), redis.close()]);
    },
  };
}
