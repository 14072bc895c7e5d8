/**
 * The part of Redis that the stores use, over connections that the caller made and keeps. A command that cannot be
 * answered now fails with `code: "ECONNREFUSED"`-like words that `isUnavailable` knows, and never waits without end.
 */
import { createHash } from "node:crypto";

export interface RedisCommands {
  /** One command. `key`: the key (or hash tag) that says which node of a Cluster answers. */
  send(key: string, args: readonly string[]): Promise<unknown>;
}

export interface RedisOptions {
  /** How long one command may take, in milliseconds. Default 1000. */
  readonly timeoutMs?: number;
}

/** Redis cannot answer now: away, starting, without a master, read-only, full. */
export class RedisAwayError extends Error {
  override readonly name = "RedisAwayError";
  readonly code = "ECONNREFUSED";

  constructor(because: string, cause?: unknown) {
    super(`Redis cannot answer: ${because}`, cause === undefined ? undefined : { cause });
  }
}

const DEFAULT_TIMEOUT_MS = 1000;
/** Error replies of a server that is there, but cannot serve now. */
const AWAY = /^(LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|OOM|NOREPLICAS|MISCONF|TRYAGAIN|BUSY|UNBLOCKED)\b/;

/** A connected `createClient(...)` of @redis/client. */
export const redisClient = (
  client: { sendCommand(args: readonly string[]): Promise<unknown> },
  options?: RedisOptions,
): RedisCommands => ({ send: (_key, args) => inTime(client.sendCommand(args), options) });

/** A connected `createSentinel(...)`: commands go to whoever is master now. */
export const redisSentinel = (
  client: { sendCommand(isReadonly: boolean | undefined, args: string[]): Promise<unknown> },
  options?: RedisOptions,
): RedisCommands => ({ send: (_key, args) => inTime(client.sendCommand(false, [...args]), options) });

/** A connected `createCluster(...)`. */
export const redisCluster = (
  client: {
    sendCommand(
      firstKey: string | undefined,
      isReadonly: boolean | undefined,
      args: string[],
    ): Promise<unknown>;
  },
  options?: RedisOptions,
): RedisCommands => ({ send: (key, args) => inTime(client.sendCommand(key, false, [...args]), options) });

async function inTime(answer: Promise<unknown>, { timeoutMs = DEFAULT_TIMEOUT_MS }: RedisOptions = {}) {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new RedisAwayError(`no answer within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([answer, late]);
  } catch (error) {
    if (error instanceof RedisAwayError) throw error;
    const message = error instanceof Error ? error.message : "";
    // A reply in capitals is the server's word about the command: a fault of ours, unless it says that it cannot serve.
    const isReply =
      /^[A-Z]{3,}\b/.test(message) && !/^E[A-Z]+: |^(ECONN|EPIPE|EHOST|ENOTFOUND|ETIMEDOUT)/.test(message);
    if (isReply && !AWAY.test(message)) throw error;
    throw new RedisAwayError(message || "connection lost", error);
  } finally {
    clearTimeout(timer);
  }
}

/** A Lua script: one atomic step. All keys must share a hash tag, so that one node of a Cluster has them all. */
export interface RedisScript {
  run(redis: RedisCommands, keys: readonly [string, ...string[]], args: readonly string[]): Promise<unknown>;
}

export function redisScript(source: string): RedisScript {
  const sha = createHash("sha1").update(source).digest("hex"); // Redis names scripts by SHA-1
  return {
    async run(redis, keys, args) {
      const rest = [String(keys.length), ...keys, ...args];
      try {
        return await redis.send(keys[0], ["EVALSHA", sha, ...rest]);
      } catch (error) {
        if (!(error instanceof Error) || !error.message.startsWith("NOSCRIPT")) throw error;
        return redis.send(keys[0], ["EVAL", source, ...rest]);
      }
    },
  };
}
