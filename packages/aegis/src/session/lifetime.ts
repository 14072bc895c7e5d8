/** The rule of time, pure: (policy, record, now) -> what is due. Times in milliseconds. */
import type { DeepReadonly } from "../lib/freeze.ts";
import type { SessionPolicy } from "./policy.ts";
import type { SessionRecord } from "./record.ts";

type Lifetimes = DeepReadonly<SessionPolicy>;

export function absoluteExpiry(policy: Lifetimes, rememberMe: boolean, createdAt: number): number {
  return createdAt + limits(policy, rememberMe).absoluteTimeoutSeconds * 1000;
}

/** Idle expiry after activity at `now`; never later than the absolute end. */
export function idleExpiry(
  policy: Lifetimes,
  rememberMe: boolean,
  now: number,
  absoluteExpiresAt: number,
): number {
  return Math.min(now + limits(policy, rememberMe).idleTimeoutSeconds * 1000, absoluteExpiresAt);
}

/**
 * Activity is written down when a twentieth of the idle time has gone by (at most a minute): a write a request
 * would cost more than it tells, and the error is always towards ending early.
 */
export function isTouchDue(policy: Lifetimes, record: SessionRecord, now: number): boolean {
  const idle = limits(policy, record.rememberMe).idleTimeoutSeconds * 1000;
  return now - record.lastSeenAt >= Math.min(60_000, idle / 20);
}

export function isRotationDue(policy: Lifetimes, record: SessionRecord, now: number): boolean {
  return policy.rotateEverySeconds > 0 && now - record.rotatedAt >= policy.rotateEverySeconds * 1000;
}

function limits(policy: Lifetimes, rememberMe: boolean) {
  return rememberMe && policy.rememberMe.enabled ? policy.rememberMe : policy;
}
