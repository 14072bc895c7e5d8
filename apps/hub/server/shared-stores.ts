/**
 * What all processes share beside the database: limits are counted in Redis for all together, and whoever ends a session
 * tells the others over it, so that each may keep sessions in memory. Without Redis each counts for itself, and asks the
 * database. Sessions themselves stay in PostgreSQL: while Redis is away, everybody stays signed in.
 */
import { createClient } from "@redis/client";
import type { Environment } from "aegis";
import type { AegisStores, RevocationBus } from "aegis/fastify";
import { redisClient, redisLimits, redisProblems, redisRevocationBus } from "aegis/stores/redis";
import { ConfigError } from "./config-error.ts";

export interface SharedStores {
  readonly stores: Partial<AegisStores>;
  /** Undefined where there is one process alone to tell. */
  readonly bus: RevocationBus | undefined;
  /** Rejects while Redis does not answer; undefined where there is none. */
  readonly ping: (() => Promise<unknown>) | undefined;
  close(): Promise<void>;
}

const CONNECT_WITHIN_MS = 1_000;
/** A request must not wait longer for a limit: without an answer it is counted here, or refused. */
const ANSWER_WITHIN_MS = 500;
const LONGEST_PAUSE_MS = 2_000;
/** Commands that a Redis which hangs may be owed; more are refused at once. */
const MOST_WAITING = 20_000;

export interface SharedStoresOptions {
  readonly redisUrl: string | undefined;
  readonly environment: Environment;
  readonly warn: (text: string) => void;
}

/** @throws ConfigError when production's Redis is away at the start, or would lose what it is given. */
export async function openSharedStores(options: SharedStoresOptions): Promise<SharedStores> {
  const { redisUrl, environment, warn } = options;
  if (redisUrl === undefined)
    return { stores: {}, bus: undefined, ping: undefined, close: async () => undefined };
  const client = createClient({
    url: redisUrl,
    RESP: 3,
    // What cannot be asked now fails now: a queue would hold every request until Redis is back.
    disableOfflineQueue: true,
    commandsQueueMaxLength: MOST_WAITING,
    commandOptions: { timeout: 0 }, // every command has its time below; the client's own would cost an object and an event each
    socket: {
      connectTimeout: CONNECT_WITHIN_MS,
      // Spread, so that a Redis that comes back is not met by all processes at one moment.
      reconnectStrategy: (tries) =>
        Math.min(LONGEST_PAUSE_MS, 50 * 2 ** Math.min(tries, 6)) + (process.pid % 100),
    },
  });
  const subscriber = client.duplicate(); // a connection that listens can do nothing else
  for (const one of [client, subscriber]) one.on("error", () => undefined); // each command tells; once per outage it is logged
  const destroy = (): void => {
    for (const one of [client, subscriber]) if (one.isOpen) one.destroy();
  };
  const redis = redisClient(client, { timeoutMs: ANSWER_WITHIN_MS });
  try {
    await withinTime(Promise.all([client.connect(), subscriber.connect()]), CONNECT_WITHIN_MS * 2);
    const problems = await redisProblems(redis);
    if (problems.length > 0 && environment === "production") throw new ConfigError(problems.join("\n"));
    for (const problem of problems) warn(problem);
  } catch (error) {
    destroy();
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(
      `Redis does not answer (REDIS_URL): ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  return {
    stores: redisLimits(redis),
    bus: redisRevocationBus(redis, subscriber),
    ping: () => client.ping(),
    close: async () => destroy(),
  };
}

async function withinTime(work: Promise<unknown>, milliseconds: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no connection within ${milliseconds} ms`)), milliseconds);
  });
  try {
    await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
