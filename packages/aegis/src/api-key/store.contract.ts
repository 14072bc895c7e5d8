/** What every ApiKeyStore must do. The memory store is the specification; the others pass the same suite. */
import { randomBytes, randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ApiKey, ApiKeyStore, NewApiKey, QuotaTake, Rotation } from "./store.ts";

export function describeApiKeyStore(
  name: string,
  open: () => Promise<{
    store: ApiKeyStore;
    newAccount: () => Promise<string>;
    close: () => Promise<void>;
  }>,
): void {
  describe(`${name} as a key store`, () => {
    let store: ApiKeyStore;
    let newAccount: () => Promise<string>;
    let close: () => Promise<void>;
    beforeAll(async () => {
      ({ store, newAccount, close } = await open());
    });
    afterAll(() => close?.());

    const NOW = 1_800_000_000_000;
    const DAY = 86_400_000;
    const hash = () => randomBytes(32).toString("base64url");
    const make = (accountId: string, over: Partial<NewApiKey> = {}): NewApiKey => ({
      id: randomBytes(4).toString("hex"),
      accountId,
      tenantId: randomUUID(),
      name: "Nightly import 🗝",
      scopes: ["courses:read", "profile:read"],
      tier: "standard",
      createdAt: NOW,
      expiresAt: NOW + 30 * DAY,
      secretHash: hash(),
      ...over,
    });
    const made = async (over: Partial<NewApiKey> = {}): Promise<ApiKey> => {
      const key = make(over.accountId ?? (await newAccount()), over);
      expect(await store.create(key, 100)).toBe("created");
      const found = await store.find(key.id);
      if (found === undefined) throw new Error("not found again");
      return found;
    };
    const twenty = <T>(call: (place: number) => Promise<T>): Promise<T[]> =>
      Promise.all(Array.from({ length: 20 }, (_, place) => call(place)));
    const rotation = (key: ApiKey, over: Partial<Rotation> = {}): Rotation => ({
      from: key.secretHash,
      to: hash(),
      now: NOW + 1000,
      previousUntil: NOW + DAY,
      expiresAt: NOW + 60 * DAY,
      evenInOverlap: false,
      ...over,
    });
    const take = (over: Partial<QuotaTake> = {}): QuotaTake => ({
      windowStart: NOW,
      limit: 5,
      day: "2027-01-15",
      now: NOW + 5000,
      touchBefore: NOW + 5000 - 60_000,
      ...over,
    });

    it("gives back what it was given, by id, by hash and by account", async () => {
      const fresh = { lastUsedAt: null, rotatedAt: null, previous: null, quotaStart: 0, quotaUsed: 0 };
      const key = make(await newAccount(), { expiresAt: null });
      expect(await store.create(key, 1)).toBe("created");
      expect(await store.find(key.id)).toEqual({ ...key, ...fresh });
      expect(await store.findByHash(key.secretHash)).toEqual({ ...key, ...fresh });
      const later = await made({ accountId: key.accountId, createdAt: NOW + 1 });
      expect((await store.listByAccount(key.accountId)).map(({ id }) => id)).toEqual([later.id, key.id]);
      for (const strange of ["", "__proto__", "' or ''='"]) {
        expect(await store.findByHash(strange)).toBeUndefined();
        expect(await store.find(strange)).toBeUndefined();
      }
    });

    it("refuses an id or a hash that is taken, whoever has it", async () => {
      const { id, secretHash } = await made();
      expect(await store.create(make(await newAccount(), { id }), 9)).toBe("taken");
      expect(await store.create(make(await newAccount(), { secretHash }), 9)).toBe("taken");
    });

    it("makes no more keys than the limit of twenty at once", async () => {
      for (let round = 0; round < 5; round++) {
        const [one, other] = [await newAccount(), await newAccount()];
        const results = await twenty((place) => store.create(make(place % 4 === 3 ? other : one), 5));
        expect(results.filter((result) => result === "created")).toHaveLength(10);
        expect(await store.listByAccount(one)).toHaveLength(5);
        expect(await store.listByAccount(other)).toHaveLength(5);
        const [first] = await store.listByAccount(one);
        expect(await store.revoke(one, first?.id ?? "")).toBe(true);
        expect(await store.create(make(one), 5)).toBe("created");
      }
    });

    it("rotates for exactly one of twenty at once, and finds both secrets", async () => {
      for (let round = 0; round < 5; round++) {
        const key = await made();
        const calls = Array.from({ length: 20 }, () => rotation(key));
        const results = await Promise.all(calls.map((one) => store.rotate(key.accountId, key.id, one)));
        expect(results.filter(Boolean)).toHaveLength(1);
        const winner = calls[results.indexOf(true)];
        const now = await store.find(key.id);
        expect(now).toMatchObject({
          secretHash: winner?.to,
          rotatedAt: NOW + 1000,
          expiresAt: NOW + 60 * DAY,
          previous: { hash: key.secretHash, until: NOW + DAY },
        });
        expect(await store.findByHash(key.secretHash)).toEqual(now);
        expect(await store.findByHash(winner?.to ?? "")).toEqual(now);
      }
    });

    it("rotates no key of somebody else, and none within an overlap unless told to", async () => {
      const key = await made();
      expect(await store.rotate(await newAccount(), key.id, rotation(key))).toBe(false);
      const first = rotation(key);
      expect(await store.rotate(key.accountId, key.id, first)).toBe(true);
      const again = { from: first.to, now: NOW + 2000 };
      expect(await store.rotate(key.accountId, key.id, rotation(key, again))).toBe(false);
      const atOnce = rotation(key, { ...again, previousUntil: NOW + 2000, evenInOverlap: true });
      expect(await store.rotate(key.accountId, key.id, atOnce)).toBe(true);
      expect((await store.find(key.id))?.previous).toBeNull();
      expect(await store.findByHash(first.to)).toBeUndefined();
      const next = rotation(key, { from: atOnce.to, now: NOW + 3000, previousUntil: NOW + 4000 });
      expect(await store.rotate(key.accountId, key.id, next)).toBe(true);
      const past = rotation(key, { from: next.to, now: NOW + 4000 });
      expect(await store.rotate(key.accountId, key.id, past), "the overlap is over").toBe(true);
    });

    it("accepts exactly as many requests as the quota has, however many come at once", async () => {
      for (let round = 0; round < 5; round++) {
        const { id } = await made();
        const used = (await twenty(() => store.take(id, take({ limit: 7 })))).filter(
          (one) => typeof one === "number",
        );
        expect(used.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7]);
        expect(await store.take(id, take({ limit: 7 }))).toBe("spent");
        expect(await store.usage(id, "2027-01-01")).toEqual([{ day: "2027-01-15", requests: 7 }]);
      }
    });

    it("starts a new window once, and never goes back to one that is past", async () => {
      const { id } = await made();
      for (let used = 1; used <= 5; used++) expect(await store.take(id, take())).toBe(used);
      const next = take({ windowStart: NOW + DAY, day: "2027-01-16" });
      const results = await twenty(() => store.take(id, next));
      expect(results.filter((one) => typeof one === "number")).toHaveLength(5);
      expect(await store.take(id, take({ windowStart: NOW })), "a clock that is behind").toBe("spent");
      expect(await store.find(id)).toMatchObject({ quotaStart: NOW + DAY, quotaUsed: 5 });
      expect(await store.usage(id, "2027-01-16")).toEqual([{ day: "2027-01-16", requests: 5 }]);
    });

    it("notes the last use once a minute", async () => {
      const { id } = await made();
      const use = async (now: number): Promise<number | null | undefined> => {
        await store.take(id, take({ now, touchBefore: now - 60_000, limit: 100 }));
        return (await store.find(id))?.lastUsedAt;
      };
      expect(await use(NOW)).toBe(NOW);
      expect(await use(NOW + 59_999)).toBe(NOW);
      expect(await use(NOW + 60_000)).toBe(NOW + 60_000);
    });

    it("tells a key that is gone from one that is spent", async () => {
      const key = await made();
      await store.take(key.id, take());
      expect(await store.revoke(key.accountId, key.id)).toBe(true);
      expect(await store.take(key.id, take())).toBe("gone");
      expect(await store.findByHash(key.secretHash)).toBeUndefined();
      expect(await store.usage(key.id, "2000-01-01")).toEqual([]);
    });

    it("gives another tier, whose count begins anew", async () => {
      const { id } = await made();
      await store.take(id, take());
      expect(await store.setTier(id, "high")).toBe(true);
      expect(await store.find(id)).toMatchObject({ tier: "high", quotaUsed: 0 });
      expect(await store.setTier("nobodys1", "high")).toBe(false);
    });

    it("revokes one's own, one or all, and nobody else's", async () => {
      const [mine, other] = [await made(), await made()];
      const second = await made({ accountId: mine.accountId });
      expect(await store.revoke(mine.accountId, other.id)).toBe(false);
      expect(await store.revokeAll(mine.accountId)).toBe(2);
      expect(await store.revokeAll(mine.accountId)).toBe(0);
      expect(await store.find(second.id)).toBeUndefined();
      expect(await store.find(other.id)).toEqual(other);
    });

    it("pages through keys, the longest unused first, by name, id or owner", async () => {
      const tag = randomBytes(6).toString("hex");
      const old = await made({ name: `${tag} Old`, createdAt: NOW - 100 * DAY });
      const used = await made({ name: `${tag} used`, createdAt: NOW - 100 * DAY });
      const fresh = await made({ name: `${tag} new` });
      await store.take(used.id, take({ now: NOW - 50 * DAY }));
      const ask = async (over: Partial<Parameters<ApiKeyStore["page"]>[0]>) => {
        const { items, total } = await store.page({
          query: tag,
          accountIds: [],
          limit: 10,
          offset: 0,
          ...over,
        });
        return [items.map(({ id }) => id), total];
      };
      expect(await ask({})).toEqual([[old.id, used.id, fresh.id], 3]);
      expect(await ask({ limit: 1, offset: 1 })).toEqual([[used.id], 3]);
      expect(await ask({ query: `${tag} OLD` })).toEqual([[old.id], 1]);
      expect(await ask({ query: fresh.id.toUpperCase() })).toEqual([[fresh.id], 1]);
      expect(await ask({ query: `${tag}-nothing`, accountIds: [used.accountId] })).toEqual([[used.id], 1]);
      expect(await ask({ unusedSince: NOW - 60 * DAY })).toEqual([[old.id], 1]);
      expect(await ask({ query: "%" })).toEqual([[], 0]);
      expect(await ask({ query: "\0" })).toEqual([[], 0]);
    });

    it("removes what expired long ago and counts of long ago, and nothing else", async () => {
      const [past, present, forever] = [
        await made({ expiresAt: NOW - 1 }),
        await made({ expiresAt: NOW }),
        await made({ expiresAt: null }),
      ];
      await store.take(present.id, take({ day: "2026-12-31" }));
      await store.take(present.id, take({ day: "2027-01-01" }));
      expect(await store.removeExpired(NOW, "2027-01-01")).toBeGreaterThanOrEqual(1);
      expect(await store.find(past.id)).toBeUndefined();
      expect(await store.find(present.id)).toBeDefined();
      expect(await store.find(forever.id)).toBeDefined();
      expect(await store.usage(present.id, "2000-01-01")).toEqual([{ day: "2027-01-01", requests: 1 }]);
    });
  });
}
