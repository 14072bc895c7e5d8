/**
 * Gives units of busy limits out of blocks that an instance has taken, so that most requests need no trip to the store.
 * A caller starts with blocks of one; each block that is used up in time lets the next be twice as large. So whoever
 * asks now and then loses nothing, and of a busy caller's limit at most what one block holds is lost when the caller
 * goes away. A lease ends with its window, or after seconds: what it did not give out is not given out later.
 */
import type { RateDecision, RateRule } from "./rate.ts";
import type { RateKey, RateLimitStore } from "./store.ts";

interface Lease {
  readonly rule: RateRule;
  left: number;
  readonly size: number;
  readonly takenAt: number;
  readonly endsAt: number;
  readonly decision: RateDecision;
}

const MOST_UNITS = 1024;
const LEASE_MS = 10_000;
/** A limit that is lifted by hand is lifted everywhere within this time. */
const REFUSED_MS = 1000;
const MOST_SUBJECTS = 10_000;

export class Leases {
  readonly #store: RateLimitStore;
  /** By subject, then limit; one of each rule, for somebody may be trusted more in one session than in another. */
  readonly #leases = new Map<string, Map<string, readonly Lease[]>>();
  readonly #under = new Map<string, Promise<void>>();

  constructor(store: RateLimitStore) {
    this.#store = store;
  }

  async take(key: RateKey, rule: RateRule, now: number): Promise<RateDecision> {
    const name = nameOf(key, rule);
    for (;;) {
      const lease = this.#live(key, rule, now);
      if (lease !== undefined) {
        if (lease.left > 0) return use(lease);
        if (!lease.decision.allowed) return refusalOf(lease, now);
      }
      // One trip at a time and key: of parallel requests the others wait for its block, and take from that.
      const under = this.#under.get(name);
      if (under !== undefined) {
        await under;
        continue;
      }
      const trip = this.#renew(key, rule, now).finally(() => this.#under.delete(name));
      this.#under.set(name, trip);
      await trip;
    }
  }

  /** The same out of a block that is here; undefined says nothing but "take". */
  takeNow(key: RateKey, rule: RateRule, now: number): RateDecision | undefined {
    const lease = this.#live(key, rule, now);
    return lease !== undefined && lease.left > 0 ? use(lease) : undefined;
  }

  /** What is refused, for as long as it surely is: a flood beyond a limit costs the store nothing. */
  refusedNow(key: RateKey, rule: RateRule, now: number): RateDecision | undefined {
    const lease = this.#live(key, rule, now);
    return lease?.decision.allowed === false ? refusalOf(lease, now) : undefined;
  }

  /** The store has refused a limit of which no blocks are taken. */
  noteRefusal(key: RateKey, rule: RateRule, now: number, decision: RateDecision): void {
    const endsAt = now + Math.min(REFUSED_MS, decision.retryAfterMs);
    this.#keep(key, { rule, left: 0, size: 0, takenAt: now, endsAt, decision }, now);
  }

  /** What a request took that another limit refused. */
  giveBack(key: RateKey, rule: RateRule): void {
    const lease = this.#of(key, rule);
    if (lease !== undefined && lease.left < lease.size) lease.left += 1;
  }

  #of({ subject, limit }: RateKey, rule: RateRule): Lease | undefined {
    const leases = this.#leases.get(subject)?.get(limit) ?? [];
    for (const lease of leases) if (isSame(lease.rule, rule)) return lease;
    return undefined;
  }

  #live(key: RateKey, rule: RateRule, now: number): Lease | undefined {
    const lease = this.#of(key, rule);
    return lease !== undefined && now < lease.endsAt ? lease : undefined;
  }

  async #renew(key: RateKey, rule: RateRule, now: number): Promise<void> {
    const before = this.#of(key, rule);
    const usedUp = before !== undefined && before.left === 0 && before.size > 0 && now < before.endsAt;
    const most = usedUp ? Math.min(MOST_UNITS, before.size * 2) : 1;
    const { granted, ...decision } = await this.#store.leaseBlock(key, rule, now, most);
    const endsAt = decision.allowed
      ? Math.min(now + LEASE_MS, Math.max(decision.resetAtMs, now + 1))
      : now + Math.min(LEASE_MS, decision.retryAfterMs);
    this.#keep(key, { rule, left: granted, size: granted, takenAt: now, endsAt, decision }, now);
  }

  #keep(key: RateKey, lease: Lease, now: number): void {
    const ofSubject = this.#leases.get(key.subject) ?? new Map<string, readonly Lease[]>();
    const others = (ofSubject.get(key.limit) ?? []).filter(
      (one) => now < one.endsAt && !isSame(one.rule, lease.rule),
    );
    this.#leases.delete(key.subject);
    this.#leases.set(key.subject, ofSubject.set(key.limit, [lease, ...others]));
    for (const [oldest] of this.#leases) {
      if (this.#leases.size <= MOST_SUBJECTS) break;
      this.#leases.delete(oldest);
    }
  }
}

const refusalOf = ({ decision, takenAt }: Lease, now: number): RateDecision => ({
  ...decision,
  retryAfterMs: Math.max(1, decision.retryAfterMs - (now - takenAt)),
});

function use(lease: Lease): RateDecision {
  lease.left -= 1;
  const { allowed, remaining, resetAtMs, retryAfterMs } = lease.decision;
  return { allowed, remaining: remaining + lease.left, resetAtMs, retryAfterMs };
}

const isSame = (one: RateRule, other: RateRule): boolean =>
  one === other ||
  (one.limit === other.limit && one.windowMs === other.windowMs && one.algorithm === other.algorithm);

const nameOf = ({ subject, limit }: RateKey, { limit: most, algorithm, windowMs }: RateRule): string =>
  `${subject} ${limit} ${algorithm} ${most} ${windowMs}`;
