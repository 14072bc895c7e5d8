/** From the call of the production server until it is ready, with PostgreSQL and Redis up and migrated. Needs a build. */
import { setTimeout as pause } from "node:timers/promises";
import { systemRandom } from "aegis";
import { call } from "../../test/support/instances.ts";
import { freePort } from "../../test/support/ports.ts";
import { startPostgres } from "../../test/support/postgres.ts";
import { run } from "../../test/support/processes.ts";
import { startRedis } from "../../test/support/redis.ts";

import type { BenchCase } from "../measure.ts";

const RUNS = 7;
const GOAL_SECONDS = 1.5;
const LOOKS_EVERY_MS = 5;
const LONGEST_MS = 60_000;
const asBehindProxy = { host: "hub.example", "x-forwarded-proto": "https" };

async function secondsToReady(env: Readonly<Record<string, string>>): Promise<number> {
  const port = await freePort();
  const start = performance.now();
  const server = run(process.execPath, ["apps/hub/dist/server/serve.js"], { ...env, PORT: String(port) });
  try {
    const ask = () => call(`http://127.0.0.1:${port}`, "/ready", { headers: asBehindProxy });
    while ((await ask()).status !== 200) {
      if (performance.now() - start > LONGEST_MS) throw new Error(`it is not ready:\n${server.output()}`);
      await pause(LOOKS_EVERY_MS);
    }
    return (performance.now() - start) / 1000;
  } finally {
    await server.stop();
  }
}

export default {
  title: "The production server, from its start until it is ready",
  run: async () => {
    const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
    try {
      const env = {
        NODE_ENV: "production",
        PUBLIC_ORIGIN: "https://hub.example",
        SMTP_URL: "smtps://hub:nothing-is-sent@127.0.0.1:9",
        SECRET_KEY: systemRandom.token(32),
        DATABASE_URL: postgres.appUrl,
        REDIS_URL: redis.url,
      };
      const first = await secondsToReady({ ...env, DATABASE_OWNER_URL: postgres.url });
      const median = async (processes: string): Promise<string> => {
        const seconds: number[] = [];
        for (let round = 0; round < RUNS; round++)
          seconds.push(await secondsToReady({ ...env, WORKERS: processes }));
        const half = seconds.toSorted((a, b) => a - b)[Math.floor(RUNS / 2)] ?? Number.NaN;
        return `${half.toFixed(2)} s (${half < GOAL_SECONDS ? "as wanted" : "TOO MUCH"}: below ${GOAL_SECONDS} s)`;
      };
      return [
        ["the first start, which migrates an empty database", `${first.toFixed(2)} s`],
        [`one process, median of ${RUNS}`, await median("1")],
        [`two processes, median of ${RUNS}`, await median("2")],
      ];
    } finally {
      await Promise.all([postgres.close(), redis.close()]);
    }
  },
} satisfies BenchCase;
