/** Counts the limits of a request in the store, and knows what to do while there is none. */
import type { Clock } from "../lib/clock.ts";
import { isUnavailable } from "../lib/unavailable.ts";
import { rateLimitError } from "./errors.ts";
import type { Counted } from "./fields.ts";
import { Leases } from "./leases.ts";
import { MemoryRateLimitStore } from "./memory-store.ts";
import type { RateDecision, RateRule } from "./rate.ts";
import type { RateLimitStore } from "./store.ts";

export interface Demand {
  readonly subject: string;
  readonly limit: string;
  readonly rule: RateRule;
}

export interface CounterWiring {
  readonly store: RateLimitStore;
  readonly clock: Clock;
  /** Limits that nobody may pass uncounted. */
  readonly closed: ReadonlySet<string>;
  /** Once per outage. */
  readonly onAway: (error: unknown) => void;
  readonly onBack: () => void;
}

/** Below it every request is worth its trip: the answer is exact to the unit. */
const LEASED_FROM = 100;
/** While the store is away it is asked so often, and not by every request: each would wait for its time limit. */
const ASK_AGAIN_MS = 1000;
const RETRY_AFTER_SECONDS = 5;
const MOST_LOCAL_KEYS = 20_000;

export function rateCounter({ store, clock, closed, onAway, onBack }: CounterWiring) {
  const leases = new Leases(store);
  const local = new MemoryRateLimitStore({ mostKeys: MOST_LOCAL_KEYS });
  let awayUntil: number | undefined;

  const isLeased = ({ rule }: Demand): boolean => store.isShared && rule.limit >= LEASED_FROM;
  const countShared = async (demands: readonly Demand[], now: number): Promise<readonly Counted[]> => {
    const leased: Counted[] = [];
    const taken: Demand[] = [];
    let refused = false;
    for (const demand of demands.filter(isLeased)) {
      const decision = await leases.take(demand, demand.rule, now);
      leased.push({ ...demand, decision });
      if (decision.allowed) taken.push(demand);
      else refused = true;
    }
    const counted = refused
      ? []
      : await takeBySubject(
          store,
          demands.filter((one) => !isLeased(one)),
          now,
        );
    for (const { limit, rule, decision } of counted) {
      const demand = decision.allowed ? undefined : demands.find((one) => one.limit === limit);
      if (demand !== undefined) leases.noteRefusal(demand, rule, now, decision);
      refused ||= !decision.allowed;
    }
    if (refused) for (const demand of taken) leases.giveBack(demand, demand.rule);
    return [...leased, ...counted];
  };

  return {
    /** All of them out of blocks that are here, or the one that is known to refuse; undefined: "count". */
    countNow(demands: readonly Demand[], now: number): readonly Counted[] | undefined {
      if (awayUntil !== undefined || !store.isShared) return undefined;
      const counted: Counted[] = [];
      for (const demand of demands) {
        const { limit, rule } = demand;
        const decision = isLeased(demand) ? leases.takeNow(demand, rule, now) : undefined;
        if (decision !== undefined) {
          counted.push({ limit, rule, decision });
          continue;
        }
        for (const taken of demands.slice(0, counted.length)) leases.giveBack(taken, taken.rule);
        const refusal = leases.refusedNow(demand, rule, now);
        return refusal === undefined ? undefined : [{ limit, rule, decision: refusal }];
      }
      return counted;
    },

    /** @throws AEGIS_RATE_UNCOUNTED where a limit is closed that cannot be counted */
    async count(demands: readonly Demand[], now: number): Promise<readonly Counted[]> {
      if (demands.length === 0) return [];
      if (awayUntil === undefined || now >= awayUntil) {
        if (awayUntil !== undefined) awayUntil = now + ASK_AGAIN_MS; // one request asks for all
        try {
          const counted = await countShared(demands, now);
          if (awayUntil !== undefined) onBack();
          awayUntil = undefined;
          return counted;
        } catch (error) {
          if (!isUnavailable(error)) throw error;
          if (awayUntil === undefined) onAway(error);
          awayUntil = clock.now() + ASK_AGAIN_MS; // from its failure on: a store that hangs has used up the time until then
        }
      }
      if (demands.some(({ limit }) => closed.has(limit)))
        throw rateLimitError("AEGIS_RATE_UNCOUNTED", { retryAfterSeconds: RETRY_AFTER_SECONDS });
      return takeBySubject(local, demands, now);
    },
  };
}

/** One trip per subject; a later subject is not charged for what an earlier one refused. */
async function takeBySubject(
  store: RateLimitStore,
  demands: readonly Demand[],
  now: number,
): Promise<readonly Counted[]> {
  const counted: Counted[] = [];
  for (const [subject, ofSubject] of Map.groupBy(demands, (one) => one.subject)) {
    const decisions = await store.takeMany(
      subject,
      ofSubject.map(({ limit, rule }) => ({ limit, rule, cost: 1 })),
      now,
    );
    for (const [place, { limit, rule }] of ofSubject.entries()) {
      const decision: RateDecision | undefined = decisions[place];
      if (decision === undefined) throw new TypeError("the store of rate limits decided too little");
      counted.push({ limit, rule, decision });
    }
    if (counted.some(({ decision }) => !decision.allowed)) break;
  }
  return counted;
}
