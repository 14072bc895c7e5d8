/**
 * The executable specification of a rate limit store: counts in this process alone.
 *
 * A stranger with many addresses can make it grow, so it has a cap. At the cap what is over is swept out first, and
 * then the keys that were asked for longest ago are forgotten. Whoever has that many addresses to push a key out has
 * the limit of each of them anyway; what is forgotten is one key's count, never the cap.
 */
import { fixedWindow, type WindowState } from "./fixed-window.ts";
import { gcra, type GcraState } from "./gcra.ts";
import type { RateDecision, RateRule } from "./rate.ts";
import {
  blockSize,
  demandPossible,
  type RateDemand,
  type RateKey,
  type RateLease,
  type RateLimitStore,
} from "./store.ts";

interface Counted {
  readonly gcra?: GcraState;
  readonly window?: WindowState;
  readonly resetAtMs: number;
}

const MOST_KEYS = 100_000;
/** A sweep looks at every key: not at each new one. */
const SWEEP_EVERY_MS = 10_000;

export class MemoryRateLimitStore implements RateLimitStore {
  readonly isShared = false;
  readonly #counted = new Map<string, Counted>();
  readonly #mostKeys: number;
  #sweptAt = 0;

  constructor({ mostKeys = MOST_KEYS }: { readonly mostKeys?: number } = {}) {
    this.#mostKeys = mostKeys;
  }

  get size(): number {
    return this.#counted.size;
  }

  async take(key: RateKey, rule: RateRule, now: number, cost: number): Promise<RateDecision> {
    demandPossible(rule, cost);
    return this.#charge(key, rule, now, cost);
  }

  async takeMany(
    subject: string,
    demands: readonly RateDemand[],
    now: number,
  ): Promise<readonly RateDecision[]> {
    for (const { rule, cost } of demands) demandPossible(rule, cost);
    const steps = demands.map(({ limit, rule, cost }) => ({
      name: nameOf({ subject, limit }, rule),
      ...this.#step({ subject, limit }, rule, now, cost),
      untouched: this.#step({ subject, limit }, rule, now, 0).decision,
    }));
    if (steps.every(({ decision }) => decision.allowed)) {
      for (const { name, counted } of steps) this.#keep(name, counted, now);
      return steps.map(({ decision }) => decision);
    }
    return steps.map(({ decision, untouched }) =>
      decision.allowed ? { ...untouched, retryAfterMs: 0 } : decision,
    );
  }

  async leaseBlock(key: RateKey, rule: RateRule, now: number, most: number): Promise<RateLease> {
    const { remaining } = this.#step(key, rule, now, 0).decision;
    const granted = blockSize(remaining, most);
    return { ...this.#charge(key, rule, now, Math.max(1, granted)), granted };
  }

  async peek(key: RateKey, rule: RateRule, now: number): Promise<RateDecision> {
    const { decision } = this.#step(key, rule, now, 1);
    return { ...this.#step(key, rule, now, 0).decision, ...pick(decision) };
  }

  async clear(subject: string, limits: readonly string[]): Promise<void> {
    for (const name of this.#counted.keys())
      if (limits.some((limit) => name.startsWith(`${subject} ${limit} `))) this.#counted.delete(name);
  }

  #charge(key: RateKey, rule: RateRule, now: number, cost: number): RateDecision {
    const { counted, decision } = this.#step(key, rule, now, cost);
    if (decision.allowed) this.#keep(nameOf(key, rule), counted, now);
    return decision;
  }

  #step(key: RateKey, rule: RateRule, now: number, cost: number) {
    const before = this.#counted.get(nameOf(key, rule));
    if (rule.algorithm === "gcra") {
      const { state, decision } = gcra(before?.gcra, now, cost, rule);
      return { counted: { gcra: state, resetAtMs: decision.resetAtMs }, decision };
    }
    const { state, decision } = fixedWindow(before?.window, now, cost, rule);
    return { counted: { window: state, resetAtMs: decision.resetAtMs }, decision };
  }

  #keep(name: string, counted: Counted, now: number): void {
    this.#counted.delete(name); // the map's order is that of the last use
    this.#counted.set(name, counted);
    if (this.#counted.size <= this.#mostKeys) return;
    if (now - this.#sweptAt > SWEEP_EVERY_MS) {
      this.#sweptAt = now;
      for (const [one, { resetAtMs }] of this.#counted) if (resetAtMs <= now) this.#counted.delete(one);
    }
    for (const oldest of this.#counted.keys()) {
      if (this.#counted.size <= this.#mostKeys) break;
      this.#counted.delete(oldest);
    }
  }
}

/** Counts of another algorithm or window mean something else: they have names of their own. */
const nameOf = ({ subject, limit }: RateKey, { algorithm, windowMs }: RateRule): string =>
  `${subject} ${limit} ${algorithm} ${windowMs}`;

const pick = ({ allowed, retryAfterMs }: RateDecision) => ({ allowed, retryAfterMs });
