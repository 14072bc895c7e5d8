import { type Command, InvalidArgumentError } from "commander";
import type { Policy } from "aegis";
import { MemoryRateLimitStore, type RateRule, ruleOf } from "aegis/limits";
import { choosePolicy, loadConfig, type PolicyChoice } from "../config.ts";
import { type Hit, hitsOfRate, hitsOfLog } from "./traffic.ts";
import { print, tell, UsageError } from "../talk.ts";

interface Options extends PolicyChoice {
  readonly limit: string;
  readonly rate?: number;
  readonly for: number;
  readonly json?: boolean;
}

const UNIT_MS = new Map([
  ["s", 1000],
  ["sec", 1000],
  ["second", 1000],
  ["m", 60_000],
  ["min", 60_000],
  ["minute", 60_000],
  ["h", 3_600_000],
  ["hour", 3_600_000],
  ["d", 86_400_000],
  ["day", 86_400_000],
]);
const MOST_HITS = 50_000_000;

/** "20/min" as requests per millisecond. */
function perMillisecond(text: string): number {
  const [, amount = "", unit = ""] = /^(\d{1,9})\/([a-z]+)$/.exec(text) ?? [];
  const length = UNIT_MS.get(unit);
  if (length === undefined || Number(amount) < 1)
    throw new InvalidArgumentError("It must be a number in a time, e.g. 20/min (s, min, h, day).");
  return Number(amount) / length;
}

/** "10m" in milliseconds. */
function duration(text: string): number {
  const [, amount = "", unit = ""] = /^(\d{1,6})([a-z]+)$/.exec(text) ?? [];
  const length = UNIT_MS.get(unit);
  if (length === undefined || Number(amount) < 1)
    throw new InvalidArgumentError("It must be a time, e.g. 10m (s, m, h, d).");
  return Number(amount) * length;
}

/** `aegis limits simulate`: what a limit of the policy would do to a traffic, before anybody meets it. */
export function registerLimits(program: Command): void {
  program
    .command("limits")
    .description("what the rate limits of a policy do")
    .command("simulate")
    .description(
      'let a traffic meet a limit: even, by --rate, or from a log on stdin with lines "timestamp key" (ISO 8601 or Unix seconds)',
    )
    .option("--limit <name>", "the limit: login, read, ... or one of rateLimit.own", "global")
    .option(
      "--rate <n/time>",
      "an even traffic of one caller, e.g. 20/min; without it stdin is read",
      perMillisecond,
    )
    .option("--for <time>", "how long the even traffic lasts, e.g. 10m", duration, 600_000)
    .option("--preset <name>", "the limits of a preset")
    .option("--policy <file>", "the limits of a policy file")
    .option("--environment <name>", "the environment that the policy is made for")
    .option("--json", "one JSON object a line: each minute, and the sum")
    .action(async (options: Options) => {
      if (options.rate !== undefined && options.rate * options.for > MOST_HITS)
        throw new UsageError(`That is more than ${MOST_HITS} requests.`, "Simulate a shorter time.");
      if (options.rate === undefined && process.stdin.isTTY)
        throw new UsageError("There is no traffic.", "Give --rate 20/min, or a log on stdin.");
      const config = await loadConfig(process.cwd());
      const rule = ruleNamed(await choosePolicy(options, config, "production"), options.limit);
      const hits =
        options.rate === undefined ? hitsOfLog(process.stdin) : hitsOfRate(options.rate, options.for);
      await simulate(hits, options.limit, rule, options.json === true);
    });
}

function ruleNamed({ rateLimit }: Policy, name: string): RateRule {
  const rates = new Map<string, string>([
    ...Object.entries(rateLimit.limits),
    ...rateLimit.own.map((entry): [string, string] => {
      const [own = "", rate = ""] = entry.split("=");
      return [own, rate];
    }),
  ]);
  const rate = rates.get(name);
  if (rate === undefined)
    throw new UsageError(`There is no limit "${name}".`, `Known: ${[...rates.keys()].join(", ")}.`);
  return ruleOf(rate, rateLimit.algorithm);
}

interface Minute {
  readonly startMs: number;
  accepted: number;
  refused: number;
}

/** Prints each minute when it is over: a log of a year takes no more memory than one of an hour. */
async function simulate(
  hits: AsyncIterable<Hit> | Iterable<Hit>,
  limit: string,
  rule: RateRule,
  json: boolean,
): Promise<void> {
  const store = new MemoryRateLimitStore();
  const sum = { accepted: 0, refused: 0 };
  let first: { readonly atMs: number; readonly key: string; readonly retryAfterMs: number } | undefined;
  let minute: Minute | undefined;
  let previous = Number.NEGATIVE_INFINITY;
  const isLog = Symbol.asyncIterator in hits;
  const when = (atMs: number): string =>
    isLog ? new Date(atMs).toISOString() : `${(atMs / 60_000).toFixed(1)} min`;
  const end = (done: Minute): void => {
    const { startMs, accepted, refused } = done;
    if (json)
      return print(JSON.stringify({ minute: isLog ? when(startMs) : startMs / 60_000, accepted, refused }));
    const name = isLog ? when(startMs).slice(0, 16) : String(startMs / 60_000);
    print(`${name.padEnd(16)}  ${String(accepted).padStart(9)}  ${String(refused).padStart(9)}`);
  };
  if (!json) print(`${"MINUTE".padEnd(16)}  ${"ACCEPTED".padStart(9)}  ${"REFUSED".padStart(9)}`);
  for await (const { atMs, key } of hits) {
    const now = Math.max(atMs, previous); // a log that is a little out of order
    previous = now;
    const startMs = Math.floor(now / 60_000) * 60_000;
    if (minute !== undefined && minute.startMs !== startMs) end(minute);
    if (minute?.startMs !== startMs) minute = { startMs, accepted: 0, refused: 0 };
    const { allowed, retryAfterMs } = await store.take({ subject: key, limit }, rule, now, 1);
    const what = allowed ? "accepted" : "refused";
    minute[what] += 1;
    sum[what] += 1;
    if (!allowed) first ??= { atMs: now, key, retryAfterMs };
  }
  if (minute === undefined) throw new UsageError("There was no traffic.", 'Lines are "timestamp key".');
  end(minute);
  if (json)
    return print(
      JSON.stringify({
        limit,
        ...sum,
        ...(first === undefined
          ? {}
          : {
              first_refusal: {
                at: isLog ? when(first.atMs) : first.atMs / 1000,
                key: first.key,
                retry_after: Math.ceil(first.retryAfterMs / 1000),
              },
            }),
      }),
    );
  tell(
    `${limit}: ${rule.limit} in ${rule.windowMs / 1000} s (${rule.algorithm}): ${sum.accepted} accepted, ${sum.refused} refused`,
  );
  if (first !== undefined)
    tell(
      `first refused: ${first.key} at ${when(first.atMs)}, to come again after ${Math.ceil(first.retryAfterMs / 1000)} s`,
    );
}
