/** How many requests a key has left, and until when: pure. Windows are those of the calendar in UTC, for all alike. */
import type { DeepReadonly } from "../lib/freeze.ts";
import type { ApiKeyPolicy, Resets, Tier } from "./policy.ts";

/** Milliseconds since the Unix epoch; `end` is the first moment of the next window. */
export interface QuotaWindow {
  readonly start: number;
  readonly end: number;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export function quotaWindow(resets: Resets, now: number): QuotaWindow {
  if (resets === "monthly") {
    const date = new Date(now);
    const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
    return { start: Date.UTC(year, month, 1), end: Date.UTC(year, month + 1, 1) };
  }
  const length = resets === "daily" ? DAY_MS : HOUR_MS;
  const start = Math.floor(now / length) * length; // no day of UTC is longer or shorter to the Unix clock
  return { start, end: start + length };
}

/** The UTC day as "2026-02-28". */
export const dayOf = (now: number): string => new Date(now).toISOString().slice(0, 10);

export const daysBefore = (now: number, days: number): string => dayOf(now - days * DAY_MS);

/** What was used of a window that is still the present one. */
export const usedIn = (
  { start }: QuotaWindow,
  counted: { readonly quotaStart: number; readonly quotaUsed: number },
): number => (counted.quotaStart >= start ? counted.quotaUsed : 0);

/** By name; a tier that the policy no longer has is the default one, and where there is none nothing is left. */
export function tierOf({ tiers, defaultTier }: DeepReadonly<ApiKeyPolicy>, name: string): Readonly<Tier> {
  return (
    tiers.find((one) => one.name === name) ??
    tiers.find((one) => one.name === defaultTier) ?? { name: defaultTier, requestsLimit: 0, resets: "daily" }
  );
}
