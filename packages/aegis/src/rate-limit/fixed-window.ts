/**
 * A number per window, pure. A window starts with its first request, so that nobody can wait for an edge that all
 * share. The bound: at most `limit` in a window, and so at most twice the limit in any stretch as long as one window
 * (its end and the next one's beginning).
 */
import type { RateDecision, RateRule } from "./rate.ts";

export interface WindowState {
  readonly used: number;
  readonly startMs: number;
}

export function fixedWindow(
  state: WindowState | undefined,
  now: number,
  cost: number,
  { limit, windowMs }: RateRule,
): { readonly state: WindowState; readonly decision: RateDecision } {
  const open = state !== undefined && now < state.startMs + windowMs; // one in the future, too: a clock was set back
  const startMs = open ? state.startMs : now;
  const before = open ? state.used : 0;
  const allowed = before + cost <= limit;
  const used = allowed ? before + cost : before;
  return {
    state: { used, startMs },
    decision: {
      allowed,
      remaining: Math.max(0, limit - used),
      resetAtMs: used === 0 ? now : startMs + windowMs,
      retryAfterMs: allowed ? 0 : startMs + windowMs - now,
    },
  };
}
