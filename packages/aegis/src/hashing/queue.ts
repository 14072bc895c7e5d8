/**
 * A bounded number of hashes at a time and a bounded number waiting: each costs tens of milliseconds and megabytes,
 * so a flood of sign-ins would otherwise take the process down. Beyond the bounds: 503 with Retry-After.
 */
import type { DeepReadonly } from "../lib/freeze.ts";
import { boundedQueue } from "../lib/queue.ts";
import { passwordError } from "../password/errors.ts";
import type { PasswordPolicy } from "../password/policy.ts";

const RETRY_AFTER_SECONDS = 2; // a full queue of 64 is worked off in about that

/** @throws AEGIS_PASSWORD_BUSY when the queue is full. */
export const hashingQueue = (policy: DeepReadonly<PasswordPolicy["hashing"]>) =>
  boundedQueue(policy, () =>
    passwordError("AEGIS_PASSWORD_BUSY", { retryAfterSeconds: RETRY_AFTER_SECONDS }),
  );
