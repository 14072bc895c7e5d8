/**
 * The generic cell rate algorithm, pure, as the bucket that it is: what was spent drains at `limit` per window.
 * The bound: in any stretch of time t no more than `limit + limit * t / window` are allowed; so at most `limit` at
 * once, and at most twice the limit in any one window.
 *
 * All numbers are whole: spent units are kept times the window's milliseconds (`debt`), and each millisecond takes
 * `limit` off. Largest: 999 999 * 86 400 000 < 2^53, so that no rounding ever lets one more through.
 */
import type { RateDecision, RateRule } from "./rate.ts";

export interface GcraState {
  /** Units spent and not yet drained, times the window in milliseconds. */
  readonly debt: number;
  readonly atMs: number;
}

export function gcra(
  state: GcraState | undefined,
  now: number,
  cost: number,
  { limit, windowMs }: RateRule,
): { readonly state: GcraState; readonly decision: RateDecision } {
  const at = Math.max(now, state?.atMs ?? now); // a clock that was set back gives nothing back
  const drained = (at - (state?.atMs ?? at)) * limit;
  const before = Math.max(0, (state?.debt ?? 0) - drained);
  const capacity = limit * windowMs;
  const after = before + cost * windowMs;
  const allowed = after <= capacity;
  const debt = allowed ? after : before;
  return {
    state: { debt, atMs: at },
    decision: {
      allowed,
      remaining: Math.max(0, Math.floor((capacity - debt) / windowMs)), // less than nothing after a smaller rule
      resetAtMs: at + Math.ceil(debt / limit),
      retryAfterMs: allowed ? 0 : at - now + Math.ceil((after - capacity) / limit),
    },
  };
}
