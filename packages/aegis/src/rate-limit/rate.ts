/** A rate as the policy writes it ("10/minute"), pure. */
import type { RateEdge } from "../edge.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import type { RateLimitPolicy } from "./policy.ts";

export type Algorithm = "gcra" | "fixed-window";

export interface RateRule {
  readonly algorithm: Algorithm;
  /** Units in a window. */
  readonly limit: number;
  readonly windowMs: number;
}

/** What was decided about one request. Times are milliseconds since the Unix epoch. */
export interface RateDecision {
  readonly allowed: boolean;
  /** Whole units that would be allowed right now. */
  readonly remaining: number;
  /** When the whole limit is there again. */
  readonly resetAtMs: number;
  /** How long to wait until this very request would be allowed; 0 where it was. */
  readonly retryAfterMs: number;
}

const UNIT_MS = { second: 1000, minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;

/** @throws TypeError for what the policy's schema would not let through */
export function ruleOf(text: string, algorithm: Algorithm): RateRule {
  const [, amount, unit] = /^([1-9][0-9]{0,5})\/(second|minute|hour|day)$/.exec(text) ?? [];
  if (unit !== "second" && unit !== "minute" && unit !== "hour" && unit !== "day")
    throw new TypeError(`not a rate: ${text}`);
  return { algorithm, limit: Number(amount), windowMs: UNIT_MS[unit] };
}

/** The same rate for somebody who is trusted more or less; never none at all. */
export const scaled = (rule: RateRule, factor: number): RateRule => ({
  ...rule,
  limit: Math.max(1, Math.floor(rule.limit * factor)),
});

/** A proxy counts for itself, per address, and knows neither routes nor people: it must refuse nobody whom we would serve. */
const PROXY_MARGIN = 2;

/** What one address may ask of the proxy: all limits together, with a margin. It keeps a flood off; we count exactly. */
export function rateEdge({ limits, own }: DeepReadonly<RateLimitPolicy>): RateEdge {
  const { user: _perPerson, tenant: _perTenant, ...perAddress } = limits;
  const rates = [...Object.values(perAddress), ...own.map((entry) => entry.slice(entry.indexOf("=") + 1))];
  const rules = rates.map((text) => ruleOf(text, "gcra"));
  const sum = (of: (rule: RateRule) => number): number =>
    Math.ceil(PROXY_MARGIN * rules.reduce((all, rule) => all + of(rule), 0));
  return {
    requestsPerMinute: sum(({ limit, windowMs }) => (limit * 60_000) / windowMs),
    burst: sum(({ limit }) => limit),
  };
}
