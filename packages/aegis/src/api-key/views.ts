/** How keys look from outside: to their owner, and to an administrator. Never a secret, never a hash. */
import type { DeepReadonly } from "../lib/freeze.ts";
import { type KeyMode, shownPrefix } from "./format.ts";
import type { ApiKeyPolicy, Tier } from "./policy.ts";
import { quotaWindow, tierOf, usedIn } from "./quota.ts";
import type { ApiKey } from "./store.ts";

const iso = (milliseconds: number): string => new Date(milliseconds).toISOString();
const isoOrNull = (milliseconds: number | null): string | null =>
  milliseconds === null ? null : iso(milliseconds);

export const tierView = ({ name, requestsLimit, resets }: Readonly<Tier>) => ({
  name,
  requests_limit: requestsLimit,
  resets,
});

export function keyView(policy: DeepReadonly<ApiKeyPolicy>, mode: KeyMode, key: ApiKey, now: number) {
  const tier = tierOf(policy, key.tier);
  const window = quotaWindow(tier.resets, now);
  return {
    id: key.id,
    prefix: shownPrefix(mode, key.id),
    name: key.name,
    tenant_id: key.tenantId,
    scopes: key.scopes,
    tier: tier.name,
    created_at: iso(key.createdAt),
    expires_at: isoOrNull(key.expiresAt),
    expired: key.expiresAt !== null && key.expiresAt <= now,
    last_used_at: isoOrNull(key.lastUsedAt),
    stale: now - (key.lastUsedAt ?? key.createdAt) >= policy.staleAfterSeconds * 1000,
    rotated_at: isoOrNull(key.rotatedAt),
    old_secret_until: key.previous !== null && key.previous.until > now ? iso(key.previous.until) : null,
    quota: {
      limit: tier.requestsLimit,
      used: Math.min(usedIn(window, key), tier.requestsLimit),
      resets: tier.resets,
      resets_at: iso(window.end),
    },
  };
}
