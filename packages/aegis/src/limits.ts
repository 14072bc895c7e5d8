/** "aegis/limits": the rules of rate limits by themselves, for whoever wants to see what they would do. */
export { MemoryRateLimitStore } from "./rate-limit/memory-store.ts";
export { type LimitName, limitNames } from "./rate-limit/policy.ts";
export { type RateDecision, type RateRule, ruleOf } from "./rate-limit/rate.ts";
export type { RateDemand, RateKey, RateLease, RateLimitStore } from "./rate-limit/store.ts";
