/**
 * One-time codes and tokens in Redis, every step one script. A used one is back when Redis loses its last writes: use
 * this with `appendfsync always` and without failover, or keep them in PostgreSQL (`redisStores` does).
 *
 *   aegis:{DIGEST}:o   what a subject has for a purpose (hash); kept a day longer, for the limits
 *   aegis:o:{DIGEST}   the subject of a token's hash; proves nothing: the record must agree
 */
import { sha256 } from "../../lib/bytes.ts";
import { isRecord } from "../../lib/freeze.ts";
import {
  type IssueLimits,
  KEPT_FOR_MS,
  type OneTimePurpose,
  type OneTimeRecord,
  type OneTimeStore,
} from "../../one-time/store.ts";
import { type RedisCommands, redisScript } from "./client.ts";

/** ARGV: secret hash, data, now, over at, attempts, not before, the day began after, per day, kept until. */
const ISSUE = redisScript(`
local key, now = KEYS[1], tonumber(ARGV[3])
local created, since, issued = unpack(redis.call('hmget', key, 'created', 'since', 'issued'))
local same_day = since and tonumber(since) > tonumber(ARGV[7])
if created and tonumber(created) > tonumber(ARGV[6]) then return 0 end
if same_day and tonumber(issued) >= tonumber(ARGV[8]) then return 0 end
redis.call('hset', key, 'hash', ARGV[1], 'data', ARGV[2], 'created', ARGV[3], 'over', ARGV[4], 'left', ARGV[5],
  'live', '1', 'since', same_day and since or ARGV[3], 'issued', same_day and tonumber(issued) + 1 or 1)
redis.call('pexpireat', key, ARGV[9])
return 1`);

const LIVE = `
local function live(key, now)
  local state, left, over = unpack(redis.call('hmget', key, 'live', 'left', 'over'))
  return state == '1' and tonumber(left) > 0 and tonumber(over) > tonumber(now)
end
`;

/** ARGV: secret hash, now. */
const CONSUME = redisScript(`${LIVE}
if not live(KEYS[1], ARGV[2]) then return false end
redis.call('hincrby', KEYS[1], 'left', -1)
if redis.call('hget', KEYS[1], 'hash') ~= ARGV[1] then return false end
redis.call('hset', KEYS[1], 'live', '0')
return redis.call('hget', KEYS[1], 'data')`);

/** ARGV: secret hash, now. */
const ATTEMPT = redisScript(`${LIVE}
if not live(KEYS[1], ARGV[2]) or redis.call('hget', KEYS[1], 'hash') ~= ARGV[1] then return 0 end
if tonumber(redis.call('hget', KEYS[1], 'left')) <= 1 then return 0 end
redis.call('hincrby', KEYS[1], 'left', -1)
return 1`);

/** ARGV: secret hash, now. */
const FIND = redisScript(`${LIVE}
return live(KEYS[1], ARGV[2]) and redis.call('hget', KEYS[1], 'hash') == ARGV[1] and 1 or 0`);

const REVOKE = redisScript(`
if redis.call('exists', KEYS[1]) == 1 then redis.call('hset', KEYS[1], 'live', '0') end
return 1`);

export class RedisOneTimeStore implements OneTimeStore {
  readonly #redis: RedisCommands;

  constructor(redis: RedisCommands) {
    this.#redis = redis;
  }

  async issue(record: OneTimeRecord, { everySeconds, perDay }: IssueLimits): Promise<boolean> {
    const { purpose, subject, secretHash, createdAt, expiresAt } = record;
    // First the pointer: without its record it leads nowhere.
    const pointer = pointerTo(purpose, secretHash);
    await this.#redis.send(pointer, ["SET", pointer, subject, "PXAT", String(expiresAt)]);
    const issued = await ISSUE.run(
      this.#redis,
      [keyOf(purpose, subject)],
      [
        secretHash,
        JSON.stringify(record.data),
        String(createdAt),
        String(expiresAt),
        String(record.attemptsLeft),
        String(createdAt - everySeconds * 1000),
        String(createdAt - KEPT_FOR_MS),
        String(perDay),
        String(Math.max(expiresAt, createdAt) + KEPT_FOR_MS),
      ],
    );
    return issued === 1;
  }

  async consume(purpose: OneTimePurpose, subject: string, secretHash: string, now: number) {
    const data = await CONSUME.run(this.#redis, [keyOf(purpose, subject)], [secretHash, String(now)]);
    return typeof data === "string" ? dataFrom(data) : undefined;
  }

  async attempt(purpose: OneTimePurpose, secretHash: string, now: number): Promise<boolean> {
    const subject = await this.#subjectOf(purpose, secretHash);
    if (subject === undefined) return false;
    return (await ATTEMPT.run(this.#redis, [keyOf(purpose, subject)], [secretHash, String(now)])) === 1;
  }

  async find(purpose: OneTimePurpose, secretHash: string, now: number) {
    const subject = await this.#subjectOf(purpose, secretHash);
    if (subject === undefined) return undefined;
    const found = await FIND.run(this.#redis, [keyOf(purpose, subject)], [secretHash, String(now)]);
    return found === 1 ? { subject } : undefined;
  }

  async spend(
    purpose: OneTimePurpose,
    secretHash: string,
    _now: number,
    expiresAt: number,
  ): Promise<boolean> {
    const key = `${keyOf(purpose, secretHash)}:spent`;
    const set = ["SET", key, "1", "NX", "PXAT", String(expiresAt + KEPT_FOR_MS)];
    return (await this.#redis.send(key, set)) === "OK";
  }

  async revoke(purpose: OneTimePurpose, subject: string): Promise<void> {
    await REVOKE.run(this.#redis, [keyOf(purpose, subject)], []);
  }

  /** Every key ends by itself. */
  async removeExpired(_now: number): Promise<number> {
    return 0;
  }

  async #subjectOf(purpose: OneTimePurpose, secretHash: string): Promise<string | undefined> {
    const key = pointerTo(purpose, secretHash);
    const subject = await this.#redis.send(key, ["GET", key]);
    return typeof subject === "string" ? subject : undefined;
  }
}

/** Subjects may be long, or hold what a key must not. */
const keyOf = (purpose: OneTimePurpose, subject: string): string =>
  `aegis:{${sha256(`${purpose} ${subject}`)}}:o`;
const pointerTo = (purpose: OneTimePurpose, secretHash: string): string =>
  `aegis:o:{${sha256(`${purpose} ${secretHash}`)}}`;

function dataFrom(json: string): Readonly<Record<string, string>> {
  const data: unknown = JSON.parse(json);
  if (!isRecord(data)) throw new TypeError("a one-time record holds no object");
  return Object.fromEntries(
    Object.entries(data).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}
