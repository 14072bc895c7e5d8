/**
 * Reputations in Redis: what goes wrong is held in one script, so that parallel causes make one ban. All keys share a
 * hash tag, so that a ban and its place in the list of bans are one step also in a Cluster; requests look here once in
 * seconds, not each time. The caller's time counts: minutes are meant, and clocks differ by less. Every key expires.
 */
import {
  type Cause,
  causes,
  POINTS,
  REMEMBERED_MS,
  type ScoreRule,
  type Standing,
} from "../../reputation/score.ts";
import type { Ban, ReputationStore } from "../../reputation/store.ts";
import { fieldsOf } from "./answers.ts";
import { redisScript, type RedisCommands } from "./client.ts";

/**
 * KEYS: the subject's standing, the list of bans. ARGV: now, cause, times, points of one, label, subject, suspicious
 * score, ban score or "", half-life, first ban, longest ban, how long bans are remembered.
 */
const hold = redisScript(`
local key, list = KEYS[1], KEYS[2]
local now, cause, times, points = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local label, subject = ARGV[5], ARGV[6]
local suspicious, ban, half = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
local first, longest, remembered = tonumber(ARGV[10]), tonumber(ARGV[11]), tonumber(ARGV[12])
local function whole(n) return string.format('%.0f', n) end
local kept = redis.call('HMGET', key, 'score', 'at', 'bans', 'bannedAt', 'until')
local score, at, bans = tonumber(kept[1]) or 0, tonumber(kept[2]) or now, tonumber(kept[3]) or 0
local bannedAt, over = tonumber(kept[4]) or 0, tonumber(kept[5]) or 0
score = score * 2 ^ (-math.max(0, now - at) / half)
at = math.max(now, at)
local new = 0
if over <= now then
  if now - over >= remembered then bans = 0 end
  score = score + points * times
  if ban ~= nil and score >= ban then
    score = math.min(suspicious, ban / 2)
    bannedAt = now
    over = now + math.min(longest, first * 2 ^ math.min(bans, 20))
    bans = bans + 1
    new = 1
  end
end
redis.call('HSET', key, 'score', string.format('%.9f', score), 'at', whole(at), 'bans', whole(bans),
  'bannedAt', whole(bannedAt), 'until', whole(over), 'label', label, cause .. ':at', whole(now))
redis.call('HINCRBY', key, cause .. ':n', whole(times))
local forgotten = at + 10 * half
if bans > 0 then forgotten = math.max(forgotten, over + remembered) end
redis.call('PEXPIRE', key, whole(math.max(1, forgotten - now)))
redis.call('ZREMRANGEBYSCORE', list, '-inf', whole(now))
if new == 1 then
  redis.call('ZADD', list, whole(over), subject)
  local ends = redis.call('ZREVRANGE', list, 0, 0, 'WITHSCORES')
  local last = ends[2]
  redis.call('PEXPIRE', list, whole(math.max(1, tonumber(last) - now)))
end
return { new, redis.call('HGETALL', key) }
`);

const lift = redisScript(`
redis.call('ZREM', KEYS[2], ARGV[1])
return redis.call('DEL', KEYS[1])
`);

export class RedisReputationStore implements ReputationStore {
  readonly isShared = true;
  readonly #redis: RedisCommands;
  readonly #prefix: string;
  readonly #list: string;

  constructor(redis: RedisCommands, { prefix = "aegis" }: { readonly prefix?: string } = {}) {
    this.#redis = redis;
    this.#prefix = `${prefix}:{reputation}`;
    this.#list = `${this.#prefix}:bans`;
  }

  async hold(
    subject: string,
    label: string,
    { cause, times }: { readonly cause: Cause; readonly times: number },
    now: number,
    rule: ScoreRule,
  ): Promise<{ readonly standing: Standing; readonly isNewBan: boolean }> {
    const answer = await hold.run(
      this.#redis,
      [this.#name(subject), this.#list],
      [
        String(now),
        cause,
        String(times),
        String(POINTS[cause]),
        label,
        subject,
        String(rule.suspiciousScore),
        rule.banScore === undefined ? "" : String(rule.banScore),
        String(rule.halfLifeMs),
        String(rule.firstBanMs),
        String(rule.longestBanMs),
        String(REMEMBERED_MS),
      ],
    );
    const [isNew, fields]: readonly unknown[] = Array.isArray(answer) ? answer : [];
    const standing = standingOf(fieldsOf(fields));
    if (standing === undefined) throw new TypeError("Redis answered a reputation with something else");
    return { standing, isNewBan: isNew === 1 };
  }

  async find(subject: string, _now: number): Promise<Standing | undefined> {
    const key = this.#name(subject);
    return standingOf(fieldsOf(await this.#redis.send(key, ["HGETALL", key])));
  }

  async listBans(now: number, limit: number): Promise<readonly Ban[]> {
    const subjects = await this.#redis.send(this.#list, [
      "ZREVRANGEBYSCORE",
      this.#list,
      "+inf",
      `(${now}`,
      "LIMIT",
      "0",
      String(limit),
    ]);
    if (!Array.isArray(subjects)) return [];
    const bans = await Promise.all(
      subjects.map(async (subject: unknown): Promise<Ban | undefined> => {
        const key = this.#name(String(subject));
        const fields = fieldsOf(await this.#redis.send(key, ["HGETALL", key]));
        const standing = standingOf(fields);
        return standing === undefined
          ? undefined
          : { subject: String(subject), label: fields.get("label") ?? "", standing };
      }),
    );
    return bans
      .filter((ban) => ban !== undefined)
      .toSorted((a, b) => b.standing.bannedAt - a.standing.bannedAt);
  }

  async lift(subject: string): Promise<boolean> {
    return (await lift.run(this.#redis, [this.#name(subject), this.#list], [subject])) === 1;
  }

  #name(subject: string): string {
    return `${this.#prefix}:${subject}`;
  }
}

function standingOf(fields: ReadonlyMap<string, string>): Standing | undefined {
  if (!fields.has("score")) return undefined;
  const number = (name: string): number => Number(fields.get(name) ?? 0);
  return {
    score: number("score"),
    at: number("at"),
    bans: number("bans"),
    bannedAt: number("bannedAt"),
    bannedUntil: number("until"),
    causes: Object.fromEntries(
      causes
        .filter((cause) => fields.has(`${cause}:n`))
        .map((cause) => [cause, { count: number(`${cause}:n`), lastAt: number(`${cause}:at`) }]),
    ),
  };
}
