/** What every RefreshStore and TokenDenylist must do. The memory stores are the specification. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Denial,
  FAMILIES_PER_ACCOUNT,
  type RefreshStore,
  type RotationChange,
  type TokenDenylist,
  type TokenFamily,
  UNSETTLED_KEPT_MS,
  USED_TOKENS_KEPT,
} from "./store.ts";

const NOW = 1_800_000_000_000;
const HOUR = 3_600_000;

export function describeRefreshStore(
  name: string,
  open: () => Promise<{
    store: RefreshStore;
    newAccount: () => Promise<string>;
    close: () => Promise<void>;
  }>,
  /** A store whose rows expire by themselves has nothing to remove. */
  { expiresByItself = false } = {},
): void {
  describe(`${name} as a store of refresh tokens`, () => {
    let store: RefreshStore;
    let newAccount: () => Promise<string>;
    let close: () => Promise<void>;
    beforeAll(async () => {
      ({ store, newAccount, close } = await open());
    });
    afterAll(() => close?.());

    const make = (accountId: string, over: Partial<TokenFamily> = {}): TokenFamily => ({
      id: randomUUID(),
      accountId,
      tenantId: randomUUID(),
      sessionId: randomUUID(),
      client: "Ada's Telefon 📱",
      scopes: ["profile:read", "profile:write"],
      aal: 2,
      provenAt: NOW - 5000,
      binding: { userAgent: "u".repeat(43), network: "n".repeat(43) },
      ip: "2001:db8::1",
      userAgent: "HubApp/1.2",
      createdAt: NOW,
      lastUsedAt: NOW,
      refreshUntil: NOW + HOUR,
      expiresAt: NOW + 3 * HOUR,
      ...over,
    });
    const opened = async (over: Partial<TokenFamily> = {}) => {
      const family = make(over.accountId ?? (await newAccount()), over);
      const hash = randomUUID();
      expect(await store.open(family, hash)).toEqual([]);
      return { family, hash };
    };
    const change = (over: Partial<RotationChange> = {}): RotationChange => ({
      toHash: randomUUID(),
      now: NOW + 1000,
      refreshUntil: NOW + 2 * HOUR,
      graceSeconds: 0,
      ip: "192.0.2.7",
      userAgent: "HubApp/1.3",
      ...over,
    });
    const refOf = ({ id, accountId }: TokenFamily) => ({ id, accountId });
    const outcome = async (hash: string, over: Partial<RotationChange> = {}) =>
      (await store.rotate(hash, change(over))).outcome;

    it("finds a family by its present token, and gives back what it was given", async () => {
      const { family, hash } = await opened();
      expect(await store.find(hash, NOW)).toEqual(family);
      expect(await store.find(randomUUID(), NOW)).toBeUndefined();
      expect(await store.listByAccount(family.accountId, NOW)).toEqual([family]);
    });

    it("replaces the token, notes the use, and keeps the family's own end", async () => {
      const { family, hash } = await opened();
      const first = change();
      const moved = {
        ...family,
        ip: first.ip,
        userAgent: first.userAgent,
        lastUsedAt: first.now,
        refreshUntil: first.refreshUntil,
      };
      expect(await store.rotate(hash, first)).toEqual({ outcome: "rotated", family: moved });
      expect(await store.find(hash, NOW + 1000)).toBeUndefined();
      expect(await store.find(first.toHash, NOW + 1000)).toEqual(moved);
      const second = change({ refreshUntil: NOW + 10 * HOUR, now: NOW + 2000 });
      expect(await store.rotate(first.toHash, second)).toMatchObject({
        outcome: "rotated",
        family: { refreshUntil: family.expiresAt },
      });
    });

    it("ends the family when a token is used again, and takes the newest token with it", async () => {
      const { family, hash } = await opened();
      const [first, second] = [change(), change({ now: NOW + 2000 })];
      await store.rotate(hash, first);
      await store.rotate(first.toHash, second);
      expect(await store.rotate(hash, change({ now: NOW + 3000 }))).toMatchObject({
        outcome: "reused",
        family: { id: family.id, accountId: family.accountId, lastUsedAt: NOW + 2000 },
      });
      for (const spent of [hash, first.toHash, second.toHash])
        expect(await outcome(spent, { now: NOW + 3000 })).toBe("reused");
      expect(await store.settle(refOf(family))).toBe(true);
      for (const spent of [hash, first.toHash, second.toHash])
        expect(await outcome(spent, { now: NOW + 3000 })).toBe("unknown");
      expect(await store.find(second.toHash, NOW + 3000)).toBeUndefined();
      expect(await store.listByAccount(family.accountId, NOW + 3000)).toEqual([]);
    });

    it("has no grace at all of none, also by a clock that is behind the winner's", async () => {
      const { hash } = await opened();
      expect(await outcome(hash, { now: NOW + 50 })).toBe("rotated");
      expect(await outcome(hash, { now: NOW + 49 })).toBe("reused");
    });

    it("only refuses a second use within the grace, of the last token alone", async () => {
      const { family, hash } = await opened();
      const first = change();
      await store.rotate(hash, first);
      expect(await outcome(hash, { now: NOW + 10_999, graceSeconds: 10 })).toBe("overtaken");
      const second = change({ now: NOW + 2000 });
      expect((await store.rotate(first.toHash, second)).outcome).toBe("rotated");
      expect(await outcome(first.toHash, { now: NOW + 2001, graceSeconds: 10 })).toBe("overtaken");
      expect(await outcome(hash, { now: NOW + 2001, graceSeconds: 10 })).toBe("reused");
      expect(await store.find(second.toHash, NOW + 2001)).toBeUndefined();
      const other = await opened({ accountId: family.accountId });
      await store.rotate(other.hash, change());
      expect(await outcome(other.hash, { now: NOW + 11_000, graceSeconds: 10 })).toBe("reused");
    });

    it("rotates nothing from the very millisecond that it is over", async () => {
      const { hash } = await opened();
      expect(await store.find(hash, NOW + HOUR)).toBeUndefined();
      expect(await outcome(hash, { now: NOW + HOUR })).toBe("expired");
      expect(await outcome(hash, { now: NOW + HOUR - 1 })).toBe("rotated");
      const short = await opened({ expiresAt: NOW + 10, refreshUntil: NOW + 10 });
      expect(await outcome(short.hash, { now: NOW + 10 })).toBe("expired");
      expect(await outcome(randomUUID())).toBe("unknown");
    });

    it("ends one family of its owner's, of a session, of a user, or by any of its tokens", async () => {
      const accountId = await newAccount();
      const [a, b, c, d] = [
        await opened({ accountId }),
        await opened({ accountId }),
        await opened({ accountId }),
        await opened({ accountId }),
      ];
      const other = await opened();
      expect(await store.revoke(other.family.accountId, a.family.id, NOW)).toBe(false);
      expect(await store.revoke(accountId, a.family.id, NOW)).toBe(true);
      expect(await outcome(a.hash)).toBe("ended");
      expect(await store.settle(refOf(a.family))).toBe(true);
      expect(await outcome(a.hash)).toBe("unknown");
      expect(await store.revokeBySession(b.family.sessionId, NOW)).toEqual([refOf(b.family)]);
      expect(await store.revokeBySession(randomUUID(), NOW)).toEqual([]);
      await store.settle(refOf(b.family));
      await store.rotate(c.hash, change());
      expect(await store.revokeByToken(c.hash, NOW + 1000)).toMatchObject({ id: c.family.id });
      expect(await store.revokeByToken(randomUUID(), NOW)).toBeUndefined();
      await store.settle(refOf(c.family));
      expect(await store.revokeAll(accountId, NOW)).toEqual([refOf(d.family)]);
      for (const { hash } of [a, b, c, d]) expect(await store.find(hash, NOW)).toBeUndefined();
      expect(await store.listByAccount(accountId, NOW)).toEqual([]);
      expect(await store.find(other.hash, NOW)).toEqual(other.family);
    });

    it("names what ended to every call that would have ended it, until it is settled, once", async () => {
      const { family, hash } = await opened();
      const { id, accountId, sessionId } = family;
      const [used, present] = [hash, randomUUID()];
      await store.rotate(used, change({ toHash: present }));
      const named = async () => [
        await store.revoke(accountId, id, NOW + 2000),
        (await store.revokeByToken(used, NOW + 2000))?.id,
        (await store.revokeByToken(present, NOW + 2000))?.id,
        (await store.revokeBySession(sessionId, NOW + 2000)).map((one) => one.id),
        (await store.revokeAll(accountId, NOW + 2000)).map((one) => one.id),
        await outcome(used, { now: NOW + 2000, graceSeconds: 10 }),
        await outcome(present, { now: NOW + 2000 }),
      ];
      expect(await store.settle(family)).toBe(false); // it lives
      expect(await store.revoke(accountId, id, NOW + 2000)).toBe(true);
      const unsettled = [true, id, id, [id], [id], "ended", "ended"];
      expect(await named()).toEqual(unsettled);
      expect(await named()).toEqual(unsettled);
      expect(await store.settle({ id, accountId: randomUUID() })).toBe(false);
      const settled = await Promise.all(Array.from({ length: 20 }, () => store.settle(refOf(family))));
      expect(settled.filter(Boolean)).toHaveLength(1);
      expect(await named()).toEqual([false, undefined, undefined, [], [], "unknown", "unknown"]);
    });

    it("keeps so many families of an account, and ends the one that was used least lately", async () => {
      const accountId = await newAccount();
      const all = [];
      for (let place = 0; place < FAMILIES_PER_ACCOUNT; place++)
        all.push(await opened({ accountId, createdAt: NOW + place, lastUsedAt: NOW + place }));
      const [first, second] = all;
      await store.rotate(first?.hash ?? "", change({ now: NOW + 500 }));
      const ended = await store.open(make(accountId, { createdAt: NOW + 600 }), randomUUID());
      expect(ended).toEqual([{ id: second?.family.id, accountId }]);
      expect(await store.listByAccount(accountId, NOW + 600)).toHaveLength(FAMILIES_PER_ACCOUNT);
    });

    it("keeps so many when twenty are opened at the same moment", async () => {
      const accountId = await newAccount();
      const at = { createdAt: NOW, lastUsedAt: NOW };
      for (let place = 0; place < FAMILIES_PER_ACCOUNT - 5; place++) await opened({ accountId, ...at });
      await Promise.all(Array.from({ length: 20 }, () => store.open(make(accountId, at), randomUUID())));
      expect(await store.listByAccount(accountId, NOW)).toHaveLength(FAMILIES_PER_ACCOUNT);
    });

    it("has one winner among twenty parallel calls, and one that settles, a hundred times", async () => {
      const accountId = await newAccount();
      for (let round = 0; round < 100; round++) {
        const { family, hash } = await opened({ accountId });
        const outcomes = await Promise.all(Array.from({ length: 20 }, () => outcome(hash)));
        expect(outcomes.toSorted()).toEqual([...Array.from({ length: 19 }, () => "reused"), "rotated"]);
        expect(await store.settle(family)).toBe(true);
        expect(await store.revoke(accountId, family.id, NOW)).toBe(false);
      }
    });

    it("has one winner and nineteen that are refused within the grace, and the family lives on", async () => {
      for (let round = 0; round < 20; round++) {
        const { hash } = await opened();
        const changes = Array.from({ length: 20 }, () => change({ graceSeconds: 10 }));
        const results = await Promise.all(changes.map((one) => store.rotate(hash, one)));
        const won = changes.filter((_, place) => results[place]?.outcome === "rotated");
        expect(won).toHaveLength(1);
        expect(results.filter((one) => one.outcome === "overtaken")).toHaveLength(19);
        expect(await store.find(won[0]?.toHash ?? "", NOW + 1000)).toBeDefined();
      }
    });

    it("remembers so many used tokens, and no more", async () => {
      const { hash: first } = await opened();
      let present: string = first;
      for (let turn = 0; turn <= USED_TOKENS_KEPT; turn++) {
        const next = change();
        expect((await store.rotate(present, next)).outcome).toBe("rotated");
        present = next.toHash;
      }
      expect(await outcome(first)).toBe("unknown");
      expect(await store.find(present, NOW + 1000)).toBeDefined();
    });

    it("forgets families that are over, and only those", async () => {
      await store.removeExpired(NOW * 2);
      const { family, hash } = await opened();
      const [ended, unsettled] = [await opened(), await opened({ refreshUntil: NOW + 5 })];
      await opened({ refreshUntil: NOW + 5 });
      for (const one of [ended, unsettled]) await store.revoke(one.family.accountId, one.family.id, NOW);
      await store.settle(ended.family);
      expect(await store.removeExpired(NOW + 5)).toBe(expiresByItself ? 0 : 2);
      expect(await store.find(hash, NOW)).toEqual(family);
      expect(await outcome(unsettled.hash, { now: NOW + 5 })).toBe("ended");
      const long = await opened({ refreshUntil: NOW * 2, expiresAt: NOW * 2 });
      await store.removeExpired(NOW + UNSETTLED_KEPT_MS);
      expect(await outcome(unsettled.hash, { now: NOW + 5 })).toBe(expiresByItself ? "ended" : "unknown");
      expect(await store.find(long.hash, NOW)).toEqual(long.family);
    });
  });
}

export function describeTokenDenylist(
  name: string,
  open: () => Promise<{ store: TokenDenylist; close: () => Promise<void> }>,
): void {
  describe(`${name} as a list of revoked tokens`, () => {
    let store: TokenDenylist;
    let close: () => Promise<void>;
    beforeAll(async () => {
      ({ store, close } = await open());
    });
    afterAll(() => close?.());

    const facts = () => ({ jti: randomUUID(), family: randomUUID(), userId: randomUUID(), issuedAt: NOW });
    const denial = (kind: Denial["kind"], id: string, over: Partial<Denial> = {}): Denial => ({
      kind,
      id,
      issuedBefore: NOW + 1,
      expiresAt: NOW + HOUR,
      ...over,
    });

    it("knows one token, a family, or what a user had before a time, and nothing else", async () => {
      const [token, family, user, free] = [facts(), facts(), facts(), facts()];
      await store.deny([
        denial("token", token.jti),
        denial("family", family.family),
        denial("user", user.userId),
        denial("token", free.family), // of another kind
        denial("user", free.jti),
      ]);
      for (const denied of [token, family, user]) expect(await store.isRevoked(denied, NOW)).toBe(true);
      expect(await store.isRevoked(free, NOW)).toBe(false);
      expect(await store.isRevoked({ ...user, issuedAt: NOW + 1 }, NOW)).toBe(false);
      expect(await store.isRevoked({ ...family, issuedAt: NOW + 1 }, NOW)).toBe(true);
      await store.deny([]);
      expect(await store.list(NOW)).toEqual(
        expect.arrayContaining([denial("token", token.jti), denial("user", user.userId)]),
      );
    });

    it("lasts to the millisecond, and a later denial never makes an earlier one shorter", async () => {
      const denied = facts();
      await store.deny([denial("user", denied.userId)]);
      await store.deny([denial("user", denied.userId, { issuedBefore: NOW - 5, expiresAt: NOW + 5 })]);
      expect(await store.isRevoked(denied, NOW + HOUR - 1)).toBe(true);
      expect(await store.isRevoked(denied, NOW + HOUR)).toBe(false);
      const listed = async (now: number) => (await store.list(now)).some(({ id }) => id === denied.userId);
      expect([await listed(NOW + HOUR - 1), await listed(NOW + HOUR)]).toEqual([true, false]);
    });

    it("forgets what is over, and only that", async () => {
      await store.removeExpired(NOW * 2);
      const [kept, past] = [facts(), facts()];
      await store.deny([denial("token", kept.jti, { expiresAt: NOW + 6 })]);
      await store.deny([denial("token", past.jti, { expiresAt: NOW + 5 })]);
      expect(await store.removeExpired(NOW + 5)).toBe(1);
      expect(await store.isRevoked(kept, NOW + 5)).toBe(true);
    });
  });
}
