/**
 * Rate limits in Redis, counted for all instances: one script a step, so one trip, and nobody in between.
 *
 * The time is Redis's own: instances' clocks differ, and one that runs ahead would give its callers more than another.
 * What comes back is durations, laid upon the caller's clock. A test may hand its own time in (`time: "caller"`).
 * Every key expires when what it holds has drained, so the store holds no more than what was asked lately.
 */
import type { RateDecision, RateRule } from "../../rate-limit/rate.ts";
import {
  demandPossible,
  type RateDemand,
  type RateKey,
  type RateLease,
  type RateLimitStore,
} from "../../rate-limit/store.ts";
import { redisScript, type RedisCommands } from "./client.ts";

/**
 * ARGV: mode ("take", "peek" or "lease"), the caller's time in ms or "", the most units of a lease; then for each key
 * the algorithm, limit, window in ms and cost. Answers four whole numbers for each key (allowed, units left, ms until
 * all is there again, ms until this would be allowed) and last the units of a lease. Numbers are whole and below 2^53,
 * written with %.0f: Lua's own form would round them.
 */
const script = redisScript(`
local mode, now, most = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
if now == nil then
  local t = redis.call('TIME')
  now = t[1] * 1000 + math.floor(t[2] / 1000)
end
local function load(key)
  local kept = redis.call('HMGET', key, 'n', 'at')
  return tonumber(kept[1]), tonumber(kept[2])
end
local function step(key, algorithm, limit, window, cost)
  local n, at = load(key)
  if algorithm == 'gcra' then
    local time = math.max(now, at or now)
    local before = math.max(0, (n or 0) - (time - (at or time)) * limit)
    local capacity = limit * window
    local after = before + cost * window
    local allowed = after <= capacity
    local debt = allowed and after or before
    local wait = allowed and 0 or time - now + math.ceil((after - capacity) / limit)
    return allowed, debt, time, math.max(0, math.floor((capacity - debt) / window)), time - now + math.ceil(debt / limit), wait
  end
  local open = n ~= nil and now < at + window
  local start = open and at or now
  local before = open and n or 0
  local allowed = before + cost <= limit
  local used = allowed and before + cost or before
  return allowed, used, start, math.max(0, limit - used), used == 0 and 0 or start + window - now, allowed and 0 or start + window - now
end
local results, answer, all, granted = {}, {}, true, 0
for place, key in ipairs(KEYS) do
  local base = 4 + (place - 1) * 4
  local algorithm, limit, window, cost = ARGV[base], tonumber(ARGV[base + 1]), tonumber(ARGV[base + 2]), tonumber(ARGV[base + 3])
  if mode == 'lease' then
    local _, _, _, left = step(key, algorithm, limit, window, 0)
    granted = left < 1 and 0 or math.min(most, math.max(1, math.floor(left / 8)))
    cost = math.max(1, granted)
  end
  local allowed, n, at, left, reset, wait = step(key, algorithm, limit, window, cost)
  all = all and allowed
  results[place] = { key, algorithm, limit, window, allowed, n, at, left, reset, wait }
end
for place, r in ipairs(results) do
  local key, algorithm, limit, window, allowed, n, at, left, reset, wait = unpack(r)
  if all and mode ~= 'peek' then
    redis.call('HSET', key, 'n', string.format('%.0f', n), 'at', string.format('%.0f', at))
    redis.call('PEXPIRE', key, string.format('%.0f', math.max(1, reset)))
  elseif allowed then
    local _, _, _, before, resets = step(key, algorithm, limit, window, 0)
    left, reset = before, resets
  end
  for _, value in ipairs({ allowed and 1 or 0, left, reset, wait }) do answer[#answer + 1] = value end
end
answer[#answer + 1] = granted
return answer
`);

export interface RedisRateLimitOptions {
  /** Before every key. Default "aegis". */
  readonly prefix?: string;
  /** Whose clock counts. Default "redis"; "caller" is for tests that let an hour go by at once. */
  readonly time?: "redis" | "caller";
}

interface Step {
  readonly mode: "take" | "peek" | "lease";
  readonly subject: string;
  readonly demands: readonly RateDemand[];
  readonly now: number;
  readonly most?: number;
}

export class RedisRateLimitStore implements RateLimitStore {
  readonly isShared = true;
  readonly #redis: RedisCommands;
  readonly #prefix: string;
  readonly #callersTime: boolean;

  constructor(redis: RedisCommands, { prefix = "aegis", time = "redis" }: RedisRateLimitOptions = {}) {
    this.#redis = redis;
    this.#prefix = prefix;
    this.#callersTime = time === "caller";
  }

  async take(key: RateKey, rule: RateRule, now: number, cost: number): Promise<RateDecision> {
    const [decision] = await this.takeMany(key.subject, [{ limit: key.limit, rule, cost }], now);
    return decided(decision);
  }

  async takeMany(
    subject: string,
    demands: readonly RateDemand[],
    now: number,
  ): Promise<readonly RateDecision[]> {
    for (const { rule, cost } of demands) demandPossible(rule, cost);
    return (await this.#run({ mode: "take", subject, demands, now })).decisions;
  }

  async leaseBlock(key: RateKey, rule: RateRule, now: number, most: number): Promise<RateLease> {
    const demands = [{ limit: key.limit, rule, cost: 1 }];
    const { decisions, granted } = await this.#run({
      mode: "lease",
      subject: key.subject,
      demands,
      now,
      most,
    });
    return { ...decided(decisions[0]), granted };
  }

  async peek(key: RateKey, rule: RateRule, now: number): Promise<RateDecision> {
    const demands = [{ limit: key.limit, rule, cost: 1 }];
    return decided((await this.#run({ mode: "peek", subject: key.subject, demands, now })).decisions[0]);
  }

  async clear(subject: string, limits: readonly string[]): Promise<void> {
    // The window is part of the name, and one limit may have been counted under several.
    const [first, ...rest] = limits.flatMap((limit) =>
      (["gcra", "fixed-window"] as const).flatMap((algorithm) =>
        WINDOWS_MS.map((windowMs) => this.#name(subject, limit, { algorithm, limit: 1, windowMs })),
      ),
    );
    if (first !== undefined) await this.#redis.send(first, ["DEL", first, ...rest]);
  }

  async #run({ mode, subject, demands, now, most = 0 }: Step) {
    const [first, ...rest] = demands.map(({ limit, rule }) => this.#name(subject, limit, rule));
    if (first === undefined) return { decisions: [], granted: 0 };
    const answer = await script.run(
      this.#redis,
      [first, ...rest],
      [
        mode,
        this.#callersTime ? String(now) : "",
        String(most),
        ...demands.flatMap(({ rule, cost }) => [
          rule.algorithm,
          String(rule.limit),
          String(rule.windowMs),
          String(cost),
        ]),
      ],
    );
    const numbers = numbersOf(answer, demands.length * 4 + 1);
    const at = (place: number): number => numbers[place] ?? 0;
    return {
      decisions: demands.map((_demand, place) => ({
        allowed: at(place * 4) === 1,
        remaining: at(place * 4 + 1),
        resetAtMs: now + at(place * 4 + 2),
        retryAfterMs: at(place * 4 + 3),
      })),
      granted: at(demands.length * 4),
    };
  }

  /** One subject's keys share a hash tag: one node of a Cluster has them all. */
  #name(subject: string, limit: string, { algorithm, windowMs }: RateRule): string {
    return `${this.#prefix}:rate:{${subject}}:${limit}:${algorithm}:${windowMs}`;
  }
}

/** The windows that a policy can have (second, minute, hour, day). */
const WINDOWS_MS = [1000, 60_000, 3_600_000, 86_400_000];

function numbersOf(answer: unknown, count: number): readonly number[] {
  if (!Array.isArray(answer) || answer.length !== count || !answer.every((one) => typeof one === "number"))
    throw new TypeError("Redis answered a rate limit with something else");
  return answer;
}

function decided(decision: RateDecision | undefined): RateDecision {
  if (decision === undefined) throw new TypeError("Redis decided nothing");
  return decision;
}
