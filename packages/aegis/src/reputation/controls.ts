import { setTimeout as sleep } from "node:timers/promises";
import {
  type Control,
  type Exchange,
  fail,
  pass,
  type ProbeContext,
  type RoomControls,
  unknown,
  type Verdict,
} from "../control.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import { requestOf } from "../verify/target.ts";
import { cannotWait, notDescribed } from "../verify/wire/checks.ts";
import { headerOf } from "../verify/wire/header.ts";
import { limitItems, retryAfterOf, someIpv4 } from "../verify/wire/limits.ts";
import { fieldOf } from "../verify/wire/people.ts";
import type { ReputationPolicy } from "./policy.ts";

type Policy = DeepReadonly<ReputationPolicy>;
type Context = ProbeContext<Policy>;

const advice = {
  symptom: "A machine that tries passwords and addresses all day is answered like anybody else.",
  cause: "Nothing is held against an address, or it is exempt (reputation.neverBanned).",
  fix: "Set the reputation section of the policy; take the address out of neverBanned.",
};

/** Points that a page that is not there costs, as the policy's documentation says. */
const MISS = 2;
const MOST_REQUESTS = 1000;
/** What is held against somebody is counted after the answer. */
const SETTLED_MS = 40;

/** Somebody who asks for what is not there, each time from the same address. */
function scanner(context: Context) {
  const address = someIpv4();
  let asked = 0;
  const ask = (path: string): Promise<Exchange> => context.stranger(address).send({ path });
  return {
    async miss(times: number): Promise<void> {
      for (let done = 0; done < times; done++) await ask(`/aegis-not-there-${(asked += 1)}`);
      await sleep(SETTLED_MS);
    },
    look: () =>
      context
        .stranger(address)
        .send(requestOf(context.target.limits?.["read"] ?? { path: context.target.samples?.html ?? "/" })),
  };
}

type Scanner = ReturnType<typeof scanner>;

const isBan = (exchange: Exchange): boolean =>
  exchange.response.status === 429 && fieldOf(exchange, "code") === "AEGIS_REPUTATION_BANNED";

/** Each brings an address of its own up, which only whoever stands in for the proxy has. */
function control(
  id: string,
  claim: string,
  proves: readonly string[],
  probe: (context: Context, who: Scanner) => Promise<Verdict>,
): Control<Policy> {
  return {
    id: `reputation.${id}`,
    claim,
    proves,
    references: ["req:LIM-4", "asvs:v5.0.0-2.4.1"],
    advice,
    slow: true,
    async probe(context) {
      if (!context.standsInForProxy)
        return unknown(
          "would ban the verifier's own address: shows only where it stands in for the proxy in front",
        );
      if (context.policy.banScoreLimit > MOST_REQUESTS * MISS)
        return unknown(`would take more than ${MOST_REQUESTS} requests`);
      return probe(context, scanner(context));
    },
  };
}

/** How long the ban lasts that the scanner just earned; undefined where it earned none. */
async function banned(context: Context, who: Scanner): Promise<number | undefined> {
  for (let rounds = 0; rounds < 3; rounds++) {
    await who.miss(Math.ceil(context.policy.banScoreLimit / MISS / 2) + 1);
    const answer = await who.look();
    if (isBan(answer)) return retryAfterOf(answer);
  }
  return undefined;
}

const bans = control(
  "bans",
  "Whoever does nothing but wrong is refused for a while from the declared number of points on, and not before",
  ["banScoreLimit"],
  async (context, who) => {
    const misses = Math.ceil(context.policy.banScoreLimit / MISS);
    await who.miss(misses - 2);
    if (isBan(await who.look())) return fail(`banned after ${misses - 2} misses`, `${misses}`);
    await who.miss(4);
    const answer = await who.look();
    if (!isBan(answer))
      return fail(`answered with ${answer.response.status} after ${misses + 2} misses`, "a ban");
    if (retryAfterOf(answer) === undefined)
      return fail("a ban without Retry-After", "Retry-After in seconds");
    const other = await context.stranger(someIpv4()).send({ path: context.target.samples?.html ?? "/" });
    return isBan(other)
      ? fail("another address is banned too", "this one alone")
      : pass(`banned after ${misses} misses, with Retry-After; another address is not`);
  },
);

const slows = control(
  "slows",
  "A suspicious address may ask half as much",
  ["suspiciousScoreLimit"],
  async (context, who) => {
    if (context.target.limits?.["read"] === undefined)
      return notDescribed('which call takes from the limit "read" (limits)');
    const allowed = async (): Promise<number | undefined> => {
      const { response } = await who.look();
      const text =
        headerOf(response, "ratelimit-policy") ?? `"read";q=${headerOf(response, "x-ratelimit-limit") ?? ""}`;
      return limitItems(text)?.get("read")?.get("q");
    };
    const whole = await allowed();
    if (whole === undefined) return unknown("the answers do not say what the limit is");
    const misses = Math.ceil(context.policy.suspiciousScoreLimit / MISS);
    await who.miss(misses - 2);
    if ((await allowed()) !== whole) return fail(`less after ${misses - 2} misses`, `after ${misses}`);
    await who.miss(4);
    const less = await allowed();
    return less !== undefined && less <= Math.max(1, Math.floor(whole / 2))
      ? pass(`${whole}, and ${less} after ${misses} misses`)
      : fail(`${String(less)} after ${misses + 2} misses`, `half of ${whole}`);
  },
);

const firstBan = control(
  "first-ban",
  "A first ban ends when it says",
  ["firstBanSeconds"],
  async (context, who) => {
    const { firstBanSeconds: first } = context.policy;
    const wait = await banned(context, who);
    if (wait === undefined) return unknown("no ban came");
    if (wait > first || wait < first - 5) return fail(`Retry-After: ${wait}`, `${first}`);
    if (!(await context.time.pass(wait - 2))) return cannotWait(wait + 2);
    if (!isBan(await who.look())) return fail(`over after ${wait - 2} s`, `${first} s`);
    await context.time.pass(4);
    return isBan(await who.look())
      ? fail(`still banned after ${wait + 2} s`, `${first} s`)
      : pass(`${first} s, then open`);
  },
);

const longestBan = control(
  "longest-ban",
  "Bans grow, up to the longest one declared",
  ["longestBanSeconds"],
  async (context, who) => {
    const { firstBanSeconds: first, longestBanSeconds: longest } = context.policy;
    const rounds = Math.ceil(Math.log2(longest / first)) + 2;
    const lengths: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const wait = await banned(context, who);
      if (wait === undefined) return unknown(`no ban came in round ${round + 1}`);
      lengths.push(wait);
      if (!(await context.time.pass(wait + 1))) return cannotWait(longest * rounds);
    }
    const last = lengths.at(-1) ?? 0;
    return last <= longest && last >= longest - 5
      ? pass(`bans of ${lengths.join(", ")} s`)
      : fail(`bans of ${lengths.join(", ")} s`, `none above ${longest}`);
  },
);

const halfLife = control(
  "half-life",
  "Half of what is held against an address is forgotten in the declared time, and no sooner",
  ["halfLifeSeconds"],
  async (context, who) => {
    const { banScoreLimit, halfLifeSeconds } = context.policy;
    const misses = banScoreLimit / MISS;
    await who.miss(Math.floor(misses * 0.9));
    if (isBan(await who.look())) return fail("banned below the limit", "not yet");
    if (!(await context.time.pass(halfLifeSeconds))) return cannotWait(halfLifeSeconds);
    // 0.45 are left of the limit: together with 0.65 more that is a ban, and was none had more been forgotten.
    await who.miss(Math.floor(misses * 0.4));
    if (isBan(await who.look())) return fail("nothing was forgotten", `half in ${halfLifeSeconds} s`);
    await who.miss(Math.ceil(misses * 0.25));
    return isBan(await who.look())
      ? pass(`half was forgotten in ${halfLifeSeconds} s, and no more`)
      : fail(`more than half was forgotten in ${halfLifeSeconds} s`, "half");
  },
);

export const reputationControls: RoomControls<Policy> = {
  controls: [bans, slows, firstBan, longestBan, halfLife],
  unprovable: [
    {
      leaf: "neverBanned",
      reason:
        "Which networks are exempt shows only to whoever sends from one of them, and from one that is not.",
    },
  ],
};
