/** How old a password may grow, pure. NIST SP 800-63B-4 3.1.1.2 asks for no expiry; presets of older rules do. */
import type { DeepReadonly } from "../lib/freeze.ts";
import type { PasswordPolicy } from "./policy.ts";

const DAY_MS = 86_400_000;

/** When it expires, in milliseconds since the epoch; undefined: never. */
export function passwordExpiry(policy: DeepReadonly<PasswordPolicy>, changedAt: number): number | undefined {
  return policy.expireAfterSeconds === 0 ? undefined : changedAt + policy.expireAfterSeconds * 1000;
}

/** Whole days that are left, never below 0; undefined where it never expires. */
export function daysUntilExpiry(
  policy: DeepReadonly<PasswordPolicy>,
  changedAt: number,
  now: number,
): number | undefined {
  const expiry = passwordExpiry(policy, changedAt);
  return expiry === undefined ? undefined : Math.max(0, Math.floor((expiry - now) / DAY_MS));
}

export function isExpired(policy: DeepReadonly<PasswordPolicy>, changedAt: number, now: number): boolean {
  const expiry = passwordExpiry(policy, changedAt);
  return expiry !== undefined && expiry <= now;
}

/** Where a second factor stands beside it a shorter one will do, if the policy says so. */
export const minLengthFor = (policy: DeepReadonly<PasswordPolicy>, hasSecondFactor: boolean): number =>
  hasSecondFactor ? policy.minLengthWithMfa : policy.minLength;
