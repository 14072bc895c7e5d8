/**
 * Gives units of busy limits out of blocks that an instance has taken, so that most requests need no trip to the store.
 * A caller starts with blocks of one; each block that is used up in time lets the next be twice as large. So whoever
 * asks now and then loses nothing, and of a busy caller's limit at most what one block holds is lost when the caller
 * goes away. A lease ends with its window, or after seconds: what it did not give out is not given out later.
 */
import type { RateDecision, RateRule } from "./rate.ts";
import type { RateKey, RateLimitStore } from "./store.ts";

interface Lease {
  left: number;
  readonly size: number;
  readonly takenAt: number;
  readonly endsAt: number;
  readonly decision: RateDecision;
}

const MOST_UNITS = 64;
const LEASE_MS = 10_000;
const MOST_LEASES = 10_000;

export class Leases {
  readonly #store: RateLimitStore;
  readonly #leases = new Map<string, Lease>();
  readonly #under = new Map<string, Promise<void>>();

  constructor(store: RateLimitStore) {
    this.#store = store;
  }

  async take(key: RateKey, rule: RateRule, now: number): Promise<RateDecision> {
    const name = nameOf(key, rule);
    for (;;) {
      const lease = this.#live(name, now);
      if (lease !== undefined) {
        if (lease.left > 0) return use(lease);
        if (!lease.decision.allowed)
          return {
            ...lease.decision,
            retryAfterMs: Math.max(1, lease.decision.retryAfterMs - (now - lease.takenAt)),
          };
      }
      // One trip at a time and key: of parallel requests the others wait for its block, and take from that.
      const under = this.#under.get(name);
      if (under !== undefined) {
        await under;
        continue;
      }
      const trip = this.#renew(name, key, rule, now).finally(() => this.#under.delete(name));
      this.#under.set(name, trip);
      await trip;
    }
  }

  /** The same out of a block that is here; undefined says nothing but "take". */
  takeNow(key: RateKey, rule: RateRule, now: number): RateDecision | undefined {
    const lease = this.#live(nameOf(key, rule), now);
    return lease !== undefined && lease.left > 0 ? use(lease) : undefined;
  }

  /** What a request took that another limit refused. */
  giveBack(key: RateKey, rule: RateRule): void {
    const lease = this.#leases.get(nameOf(key, rule));
    if (lease !== undefined && lease.left < lease.size) lease.left += 1;
  }

  #live(name: string, now: number): Lease | undefined {
    const lease = this.#leases.get(name);
    return lease !== undefined && now < lease.endsAt ? lease : undefined;
  }

  async #renew(name: string, key: RateKey, rule: RateRule, now: number): Promise<void> {
    const before = this.#leases.get(name);
    const usedUp = before !== undefined && before.left === 0 && before.size > 0 && now < before.endsAt;
    const most = usedUp ? Math.min(MOST_UNITS, before.size * 2) : 1;
    const { granted, ...decision } = await this.#store.leaseBlock(key, rule, now, most);
    const endsAt = decision.allowed
      ? Math.min(now + LEASE_MS, Math.max(decision.resetAtMs, now + 1))
      : now + Math.min(LEASE_MS, decision.retryAfterMs);
    this.#leases.delete(name);
    this.#leases.set(name, { left: granted, size: granted, takenAt: now, endsAt, decision });
    for (const [oldest] of this.#leases) {
      if (this.#leases.size <= MOST_LEASES) break;
      this.#leases.delete(oldest);
    }
  }
}

function use(lease: Lease): RateDecision {
  lease.left -= 1;
  return { ...lease.decision, remaining: lease.decision.remaining + lease.left };
}

const nameOf = ({ subject, limit }: RateKey, { limit: most, algorithm, windowMs }: RateRule): string =>
  `${subject} ${limit} ${algorithm} ${most} ${windowMs}`;
