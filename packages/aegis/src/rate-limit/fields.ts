/** The header fields that say how much is left, pure. */
import type { Lines } from "../lib/lines.ts";
import type { RateDecision, RateRule } from "./rate.ts";

export interface Counted {
  readonly limit: string;
  readonly rule: RateRule;
  readonly decision: RateDecision;
}

export type FieldStyle = "rateLimit" | "legacy";

const seconds = (milliseconds: number): number => Math.max(0, Math.ceil(milliseconds / 1000));

const NAMES: ReadonlySet<string> = new Set([
  "ratelimit-policy",
  "ratelimit",
  "x-ratelimit-limit",
  "x-ratelimit-remaining",
  "x-ratelimit-reset",
]);

/**
 * `RateLimit-Policy: "login";q=10;w=60` and `RateLimit: "login";r=3;t=20` (draft-ietf-httpapi-ratelimit-headers,
 * structured fields: RFC 9651), and the older X-RateLimit fields of the one limit that is nearest to its end. `t` is
 * the time until the whole limit is there again, or, where nothing is left, until the next request would be allowed.
 * Undefined where nothing was counted.
 */
export function rateLimitLines(
  counted: readonly Counted[],
  now: number,
  styles: readonly FieldStyle[],
): Lines | undefined {
  let [tightest] = counted;
  if (tightest === undefined || styles.length === 0) return undefined;
  let quotas = "";
  let left = "";
  for (const one of counted) {
    const { limit, rule, decision } = one;
    const comma = quotas === "" ? "" : ", ";
    quotas += `${comma}"${limit}";q=${rule.limit};w=${rule.windowMs / 1000}`;
    left += `${comma}"${limit}";r=${decision.remaining};t=${waitSeconds(decision, now)}`;
    if (share(one) < share(tightest)) tightest = one;
  }
  const { rule, decision } = tightest;
  let text = "";
  if (styles.includes("rateLimit")) text += `ratelimit-policy: ${quotas}\r\nratelimit: ${left}\r\n`;
  if (styles.includes("legacy"))
    text += `x-ratelimit-limit: ${rule.limit}\r\nx-ratelimit-remaining: ${decision.remaining}\r\nx-ratelimit-reset: ${Math.ceil(decision.resetAtMs / 1000)}\r\n`;
  return { text, names: NAMES };
}

const share = ({ rule, decision }: Counted): number =>
  decision.allowed ? decision.remaining / rule.limit : -1;

const waitSeconds = ({ allowed, retryAfterMs, resetAtMs }: RateDecision, now: number): number =>
  allowed ? seconds(resetAtMs - now) : Math.max(1, seconds(retryAfterMs));

/** Never 0: a client that obeys would ask again at once. */
export const retryAfterSeconds = (decisions: readonly RateDecision[]): number =>
  Math.max(1, ...decisions.map(({ retryAfterMs }) => seconds(retryAfterMs)));
