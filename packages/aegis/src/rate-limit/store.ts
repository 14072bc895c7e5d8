import type { RateDecision, RateRule } from "./rate.ts";

/** Whose requests are counted under which name. Neither part holds personal data in clear (see lib/subjects.ts). */
export interface RateKey {
  readonly subject: string;
  readonly limit: string;
}

export interface RateDemand {
  readonly limit: string;
  readonly rule: RateRule;
  readonly cost: number;
}

export interface RateLease extends RateDecision {
  /** Units taken for the caller to give out; 0 where nothing is left. */
  readonly granted: number;
}

/**
 * Where requests are counted, for all instances together. Every step is atomic: of any number of parallel requests no
 * more are allowed than the rule says. A cost above the limit is a mistake of the caller's, and throws RangeError.
 */
export interface RateLimitStore {
  /** Counts for several processes: a step is a trip, and busy limits are worth leases. */
  readonly isShared: boolean;
  take(key: RateKey, rule: RateRule, now: number, cost: number): Promise<RateDecision>;
  /**
   * Several limits of one subject in one trip. Where one of them refuses, none of them is charged: what was not served
   * costs nothing, and a limit that is used up cannot be used to use up another. The decision of each says what it
   * would have been by itself.
   */
  takeMany(subject: string, demands: readonly RateDemand[], now: number): Promise<readonly RateDecision[]>;
  /**
   * Takes a block of units, for an instance that gives them out by itself: at most `most`, at most an eighth of what
   * is left, at least one while there is one. Blocks shrink to one near the limit, so over all instances no more are
   * ever given out than the limit, and as a rule exactly that many; what an instance takes and does not use is lost.
   */
  leaseBlock(key: RateKey, rule: RateRule, now: number, most: number): Promise<RateLease>;
  /** What a request of cost 1 would be told; charges nothing. */
  peek(key: RateKey, rule: RateRule, now: number): Promise<RateDecision>;
  /** Forgets what was counted. */
  clear(subject: string, limits: readonly string[]): Promise<void>;
}

/** How large a block may be where so much is left. */
export const blockSize = (remaining: number, most: number): number =>
  remaining < 1 ? 0 : Math.min(most, Math.max(1, Math.floor(remaining / 8)));

export function demandPossible({ limit }: RateRule, cost: number): void {
  if (!Number.isInteger(cost) || cost < 1 || cost > limit)
    throw new RangeError(`a cost of ${cost} can never be met under a limit of ${limit}`);
}
