/**
 * A bounded number of hashes at a time and a bounded number waiting: each costs tens of milliseconds and megabytes,
 * so a flood of sign-ins would otherwise take the process down. Beyond the bounds: 503 with Retry-After.
 */
import type { DeepReadonly } from "../lib/freeze.ts";
import { passwordError } from "./errors.ts";
import type { PasswordPolicy } from "./policy.ts";

const RETRY_AFTER_SECONDS = 2; // a full queue of 64 is worked off in about that

export function hashingQueue(policy: DeepReadonly<PasswordPolicy["hashing"]>) {
  const waiting: (() => void)[] = [];
  let running = 0;

  /** @throws AEGIS_PASSWORD_BUSY when the queue is full. */
  return async function run<T>(work: () => Promise<T>): Promise<T> {
    if (running >= policy.concurrency) {
      if (waiting.length >= policy.queueLimit)
        throw passwordError("AEGIS_PASSWORD_BUSY", { retryAfterSeconds: RETRY_AFTER_SECONDS });
      await new Promise<void>((resolve) => waiting.push(resolve)); // the one before hands its place on
    } else {
      running += 1;
    }
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
