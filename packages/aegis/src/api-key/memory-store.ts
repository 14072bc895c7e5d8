import type { ApiKey, ApiKeyQuery, ApiKeyStore, NewApiKey, QuotaTake, Rotation } from "./store.ts";

/** The executable specification of a key store; forgets everything when the process ends. */
export class MemoryApiKeyStore implements ApiKeyStore {
  readonly #keys = new Map<string, ApiKey>();
  readonly #usage = new Map<string, Map<string, number>>();

  async create(key: NewApiKey, limit: number): Promise<"created" | "full" | "taken"> {
    const all = [...this.#keys.values()]; // nothing is awaited from here on: one atomic step
    if (all.filter(({ accountId }) => accountId === key.accountId).length >= limit) return "full";
    if (all.some(({ id, secretHash }) => id === key.id || secretHash === key.secretHash)) return "taken";
    this.#keys.set(key.id, {
      ...key,
      lastUsedAt: null,
      rotatedAt: null,
      previous: null,
      quotaStart: 0,
      quotaUsed: 0,
    });
    return "created";
  }

  async findByHash(hash: string): Promise<ApiKey | undefined> {
    return [...this.#keys.values()].find(
      ({ secretHash, previous }) => secretHash === hash || previous?.hash === hash,
    );
  }

  async find(id: string): Promise<ApiKey | undefined> {
    return this.#keys.get(id);
  }

  async listByAccount(accountId: string): Promise<readonly ApiKey[]> {
    return [...this.#keys.values()]
      .filter((key) => key.accountId === accountId)
      .toSorted((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1));
  }

  async page({ query, accountIds, unusedSince, limit, offset }: ApiKeyQuery) {
    const wanted = query.toLowerCase();
    const lastUse = ({ lastUsedAt, createdAt }: ApiKey): number => lastUsedAt ?? createdAt;
    const found = [...this.#keys.values()]
      .filter(
        (key) =>
          (key.name.toLowerCase().includes(wanted) ||
            key.id.toLowerCase().includes(wanted) ||
            accountIds.includes(key.accountId)) &&
          (unusedSince === undefined || lastUse(key) <= unusedSince),
      )
      .toSorted((a, b) => lastUse(a) - lastUse(b) || (a.id < b.id ? -1 : 1));
    return { items: found.slice(offset, offset + limit), total: found.length };
  }

  async rotate(accountId: string, id: string, rotation: Rotation): Promise<boolean> {
    const key = this.#keys.get(id);
    const { from, to, now, previousUntil, expiresAt, evenInOverlap } = rotation;
    if (key?.accountId !== accountId || key.secretHash !== from) return false;
    if (!evenInOverlap && key.previous !== null && key.previous.until > now) return false;
    const previous = previousUntil > now ? { hash: from, until: previousUntil } : null;
    this.#keys.set(id, { ...key, secretHash: to, rotatedAt: now, previous, expiresAt });
    return true;
  }

  async setTier(id: string, tier: string): Promise<boolean> {
    const key = this.#keys.get(id);
    if (key === undefined) return false;
    this.#keys.set(id, { ...key, tier, quotaStart: 0, quotaUsed: 0 });
    return true;
  }

  async revoke(accountId: string, id: string): Promise<boolean> {
    if (this.#keys.get(id)?.accountId !== accountId) return false;
    this.#usage.delete(id);
    return this.#keys.delete(id);
  }

  async revokeAll(accountId: string): Promise<number> {
    const own = await this.listByAccount(accountId);
    for (const { id } of own) await this.revoke(accountId, id);
    return own.length;
  }

  async take(id: string, take: QuotaTake): Promise<number | "spent" | "gone"> {
    const key = this.#keys.get(id); // nothing is awaited from here on: one atomic step
    if (key === undefined) return "gone";
    const used = key.quotaStart < take.windowStart ? 0 : key.quotaUsed;
    if (used >= take.limit) return "spent";
    const isOld = key.lastUsedAt === null || key.lastUsedAt <= take.touchBefore;
    this.#keys.set(id, {
      ...key,
      quotaStart: Math.max(key.quotaStart, take.windowStart),
      quotaUsed: used + 1,
      lastUsedAt: isOld ? take.now : key.lastUsedAt,
    });
    const days = this.#usage.get(id) ?? new Map<string, number>();
    days.set(take.day, (days.get(take.day) ?? 0) + 1);
    this.#usage.set(id, days);
    return used + 1;
  }

  async usage(id: string, sinceDay: string) {
    return [...(this.#usage.get(id) ?? [])]
      .filter(([day]) => day >= sinceDay)
      .map(([day, requests]) => ({ day, requests }))
      .toSorted((a, b) => (a.day < b.day ? -1 : 1));
  }

  async removeExpired(before: number, usageBeforeDay: string): Promise<number> {
    const past = [...this.#keys.values()].filter(({ expiresAt }) => expiresAt !== null && expiresAt < before);
    for (const { accountId, id } of past) await this.revoke(accountId, id);
    for (const days of this.#usage.values())
      for (const day of days.keys()) if (day < usageBeforeDay) days.delete(day);
    return past.length;
  }
}
