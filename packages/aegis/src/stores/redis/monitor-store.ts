/**
 * What happens, counted in Redis for all processes together. One script adds a tally, so that the cap holds for all of
 * them; all keys share a hash tag, and every key expires.
 */
import {
  type Bucket,
  keptMinutes,
  MOST_FIELDS,
  type MonitorStore,
  type Table,
  type Tally,
  tables,
  TOTALS_KEPT_MINUTES,
} from "../../monitor/store.ts";
import { fieldsOf } from "./answers.ts";
import { redisScript, type RedisCommands } from "./client.ts";

/** KEYS: a table, the totals. ARGV: the cap, the table's time to live, that of the totals, then fields and values. */
const add = redisScript(`
local key, total, most = KEYS[1], KEYS[2], tonumber(ARGV[1])
local size, dropped = redis.call('HLEN', key), 0
for place = 4, #ARGV, 2 do
  local known = redis.call('HEXISTS', key, ARGV[place]) == 1
  if known or size < most then
    redis.call('HINCRBY', key, ARGV[place], ARGV[place + 1])
    if not known then size = size + 1 end
  else
    dropped = dropped + tonumber(ARGV[place + 1])
  end
end
redis.call('PEXPIRE', key, ARGV[2])
if dropped > 0 then
  redis.call('HINCRBY', total, 'dropped', string.format('%.0f', dropped))
  redis.call('PEXPIRE', total, ARGV[3])
end
return dropped
`);

/** KEYS: the labels. ARGV: the cap, their time to live, then names and labels. */
const label = redisScript(`
local size = redis.call('HLEN', KEYS[1])
for place = 3, #ARGV, 2 do
  if size >= tonumber(ARGV[1]) then break end
  size = size + redis.call('HSETNX', KEYS[1], ARGV[place], ARGV[place + 1])
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return size
`);

/** Fields of one call: a script holds up everybody else while it runs. */
const AT_ONCE = 500;

export class RedisMonitorStore implements MonitorStore {
  readonly #redis: RedisCommands;
  readonly #prefix: string;

  constructor(redis: RedisCommands, { prefix = "aegis" }: { readonly prefix?: string } = {}) {
    this.#redis = redis;
    this.#prefix = `${prefix}:{monitor}`;
  }

  async add(minute: number, { counts, labels }: Tally): Promise<void> {
    const total = this.#name("total", minute);
    for (const [table, fields] of counts)
      for (const some of chunks([...fields]))
        await add.run(
          this.#redis,
          [this.#name(table, minute), total],
          [
            String(MOST_FIELDS),
            livesMs(table),
            livesMs("total"),
            ...some.flatMap(([field, count]) => [field, String(count)]),
          ],
        );
    for (const some of chunks([...labels]))
      await label.run(
        this.#redis,
        [this.#name("label", minute)],
        [String(MOST_FIELDS), livesMs("label"), ...some.flat()],
      );
  }

  async read(minute: number): Promise<readonly Bucket[]> {
    const minutes = Array.from(
      { length: TOTALS_KEPT_MINUTES },
      (_, place) => minute - TOTALS_KEPT_MINUTES + 1 + place,
    );
    const buckets = await Promise.all(minutes.map((at) => this.#bucket(at, minute)));
    return buckets.filter(({ counts, labels }) => counts.size > 0 || labels.size > 0);
  }

  async #bucket(at: number, minute: number): Promise<Bucket> {
    const kept = tables.filter((table) => at > minute - keptMinutes(table));
    const [labels, ...all] = await Promise.all([
      at > minute - keptMinutes("label") ? this.#fields("label", at) : new Map<string, string>(),
      ...kept.map(async (table) => [table, await this.#fields(table, at)] as const),
    ]);
    return {
      minute: at,
      labels,
      counts: new Map(
        all.flatMap(([table, fields]) =>
          fields.size === 0
            ? []
            : [[table, new Map([...fields].map(([field, count]) => [field, Number(count)]))]],
        ),
      ),
    };
  }

  async #fields(table: Table | "label", minute: number): Promise<ReadonlyMap<string, string>> {
    const key = this.#name(table, minute);
    return fieldsOf(await this.#redis.send(key, ["HGETALL", key]));
  }

  #name(table: Table | "label", minute: number): string {
    return `${this.#prefix}:${table}:${minute}`;
  }
}

/** Two minutes more than it is read: clocks of processes differ. */
const livesMs = (table: Table | "label"): string => String((keptMinutes(table) + 2) * 60_000);

function chunks<T>(all: readonly T[]): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(all.length / AT_ONCE) }, (_, place) =>
    all.slice(place * AT_ONCE, (place + 1) * AT_ONCE),
  );
}
