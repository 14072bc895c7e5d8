/** The header fields that say how much is left, pure. */
import type { RateDecision, RateRule } from "./rate.ts";

export interface Counted {
  readonly limit: string;
  readonly rule: RateRule;
  readonly decision: RateDecision;
}

export type FieldStyle = "rateLimit" | "legacy";

const seconds = (milliseconds: number): number => Math.max(0, Math.ceil(milliseconds / 1000));

/**
 * `RateLimit-Policy: "login";q=10;w=60` and `RateLimit: "login";r=3;t=20` (draft-ietf-httpapi-ratelimit-headers,
 * structured fields: RFC 9651), and the older X-RateLimit fields of the one limit that is nearest to its end. `t` is
 * the time until the whole limit is there again, or, where nothing is left, until the next request would be allowed.
 */
export function rateLimitFields(
  counted: readonly Counted[],
  now: number,
  styles: readonly FieldStyle[],
): Record<string, string> {
  const fields: Record<string, string> = {};
  const [tightest] = counted.toSorted((a, b) => share(a) - share(b));
  if (tightest === undefined) return fields;
  if (styles.includes("rateLimit")) {
    fields["ratelimit-policy"] = counted
      .map(({ limit, rule }) => `"${limit}";q=${rule.limit};w=${rule.windowMs / 1000}`)
      .join(", ");
    fields["ratelimit"] = counted
      .map(({ limit, decision }) => `"${limit}";r=${decision.remaining};t=${waitSeconds(decision, now)}`)
      .join(", ");
  }
  if (styles.includes("legacy")) {
    fields["x-ratelimit-limit"] = String(tightest.rule.limit);
    fields["x-ratelimit-remaining"] = String(tightest.decision.remaining);
    fields["x-ratelimit-reset"] = String(Math.ceil(tightest.decision.resetAtMs / 1000));
  }
  return fields;
}

const share = ({ rule, decision }: Counted): number =>
  decision.allowed ? decision.remaining / rule.limit : -1;

const waitSeconds = ({ allowed, retryAfterMs, resetAtMs }: RateDecision, now: number): number =>
  allowed ? seconds(resetAtMs - now) : Math.max(1, seconds(retryAfterMs));

/** Never 0: a client that obeys would ask again at once. */
export const retryAfterSeconds = (decisions: readonly RateDecision[]): number =>
  Math.max(1, ...decisions.map(({ retryAfterMs }) => seconds(retryAfterMs)));
