/** How long to wait after the n-th failure in a row, pure. */
import type { DeepReadonly } from "../lib/freeze.ts";
import type { ThrottlePolicy } from "./policy.ts";

/** Beyond any clock: only a reset or an administrator ends it. */
export const FOREVER_SECONDS = 100 * 366 * 86_400;

/** Seconds to wait after 1, 2, 3 … failures; the last entry is the hard cap. */
export function delaysOf(policy: DeepReadonly<ThrottlePolicy>): readonly number[] {
  return Array.from({ length: policy.attemptLimit }, (_, place) => delayAfter(policy, place + 1));
}

function delayAfter(policy: DeepReadonly<ThrottlePolicy>, failures: number): number {
  const { mode, freeAttemptCount, attemptLimit } = policy;
  if (failures >= attemptLimit) return FOREVER_SECONDS;
  if (mode === "lockout") return failures % (freeAttemptCount + 1) === 0 ? policy.lockoutSeconds : 0;
  const beyond = failures - freeAttemptCount;
  return beyond < 1 ? 0 : Math.min(policy.longestDelaySeconds, policy.firstDelaySeconds * 2 ** (beyond - 1));
}
