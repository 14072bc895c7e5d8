/** What every OneTimeStore must do. The memory store is the specification; the others pass the same suite. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { KEPT_FOR_MS, type OneTimeRecord, type OneTimeStore } from "./store.ts";

export function describeOneTimeStore(
  name: string,
  open: () => Promise<{ store: OneTimeStore; close: () => Promise<void> }>,
  /** A store whose rows expire by themselves has nothing to remove. */
  { expiresByItself = false } = {},
): void {
  describe(`${name} as a store of one-time codes`, () => {
    let store: OneTimeStore;
    let close: () => Promise<void>;
    beforeAll(async () => {
      ({ store, close } = await open());
    });
    afterAll(() => close?.());

    const NOW = 1_800_000_000_000;
    const DAY = 86_400_000;
    const limits = { everySeconds: 60, perDay: 10 };
    const anyTime = { everySeconds: 0, perDay: 1000 };
    const make = (over: Partial<OneTimeRecord> = {}): OneTimeRecord => ({
      purpose: "verify-email",
      subject: randomUUID(),
      secretHash: randomUUID(),
      data: { accountId: "7", email: "Ada@Example.com" },
      createdAt: NOW,
      expiresAt: NOW + 600_000,
      attemptsLeft: 5,
      ...over,
    });
    const kept = async (over: Partial<OneTimeRecord> = {}): Promise<OneTimeRecord> => {
      const record = make(over);
      expect(await store.issue(record, anyTime)).toBe(true);
      return record;
    };
    const redeem = ({ purpose, subject, secretHash }: OneTimeRecord, now = NOW) =>
      store.consume(purpose, subject, secretHash, now);
    const winners = async (count: number, work: (place: number) => Promise<unknown>): Promise<number> =>
      (await Promise.all(Array.from({ length: count }, (_, place) => work(place)))).filter(
        (result) => result !== undefined && result !== false,
      ).length;

    it("gives the data back once, and never again", async () => {
      const record = await kept();
      expect(await redeem(record)).toEqual(record.data);
      expect(await redeem(record)).toBeUndefined();
      expect(await store.find(record.purpose, record.secretHash, NOW)).toBeUndefined();
    });

    it("redeems nothing for another subject, for another purpose, or under a name that nobody has", async () => {
      const record = await kept();
      expect(await redeem({ ...record, subject: randomUUID() })).toBeUndefined();
      expect(await redeem({ ...record, purpose: "reset-password" })).toBeUndefined();
      for (const subject of ["", "__proto__", "' or 1=1 --"])
        expect(await redeem({ ...record, subject })).toBeUndefined();
      expect(await redeem(record)).toEqual(record.data);
    });

    it("takes an attempt for every wrong call, and after the last none is right", async () => {
      const record = await kept({ attemptsLeft: 2 });
      expect(await redeem({ ...record, secretHash: "wrong" })).toBeUndefined();
      expect(await store.find(record.purpose, record.secretHash, NOW)).toBeDefined();
      expect(await redeem({ ...record, secretHash: "wrong" })).toBeUndefined();
      expect(await redeem(record)).toBeUndefined();
      expect(await store.find(record.purpose, record.secretHash, NOW)).toBeUndefined();
    });

    it("knows none from the very millisecond it ends", async () => {
      const record = await kept();
      expect(await store.find(record.purpose, record.secretHash, record.expiresAt - 1)).toEqual({
        subject: record.subject,
      });
      expect(await store.find(record.purpose, record.secretHash, record.expiresAt)).toBeUndefined();
      expect(await redeem(record, record.expiresAt)).toBeUndefined();
      expect(await redeem(record, record.expiresAt - 1)).toEqual(record.data);
    });

    it("voids the one before with a new one for the same subject", async () => {
      const before = await kept();
      const after = await kept({ subject: before.subject, data: { accountId: "8" }, attemptsLeft: 1 });
      expect(await store.find(before.purpose, before.secretHash, NOW)).toBeUndefined();
      expect(await redeem(after)).toEqual({ accountId: "8" });
      const fresh = await kept({ subject: before.subject }); // one that was used stands in nobody's way
      expect(await redeem(fresh)).toEqual(fresh.data);
    });

    it("keeps none within the pause, whether or not the last was used", async () => {
      const record = make();
      expect(await store.issue(record, limits)).toBe(true);
      await redeem(record);
      const early = make({ subject: record.subject, createdAt: NOW + 59_999 });
      expect(await store.issue(early, limits)).toBe(false);
      expect(await redeem(early, NOW + 59_999)).toBeUndefined();
      expect(await store.issue({ ...early, createdAt: NOW + 60_000 }, limits)).toBe(true);
    });

    it("keeps no more in 24 hours than may be sent, and counts anew after", async () => {
      const subject = randomUUID();
      const send = (after: number) =>
        store.issue(make({ subject, createdAt: NOW + after }), { everySeconds: 1, perDay: 3 });
      for (const after of [0, 1000, 2000]) expect(await send(after)).toBe(true);
      expect(await send(3000)).toBe(false);
      expect(await send(DAY - 1)).toBe(false);
      for (const after of [DAY, DAY + 1000, DAY + 2000]) expect(await send(after)).toBe(true);
      expect(await send(DAY + 3000)).toBe(false);
    });

    it("voids what a subject has, and nothing of another", async () => {
      const [record, other] = [await kept(), await kept()];
      await store.revoke(record.purpose, record.subject);
      await store.revoke("reset-password", other.subject);
      expect(await redeem(record)).toBeUndefined();
      expect(await redeem(other)).toEqual(other.data);
    });

    it("redeems for exactly one of twenty parallel calls, a hundred times", async () => {
      for (let round = 0; round < 100; round++) {
        const record = await kept({ attemptsLeft: 100 });
        expect(await winners(20, () => redeem(record))).toBe(1);
      }
    });

    it("looks at no more parallel guesses than there are attempts", async () => {
      for (let round = 0; round < 20; round++) {
        const record = await kept({ attemptsLeft: 5 });
        await winners(20, (place) => redeem({ ...record, secretHash: `wrong ${place}` }));
        expect(await redeem(record)).toBeUndefined();
      }
    });

    it("lets as many of twenty parallel calls try as there are attempts, and keeps one for who redeems it", async () => {
      for (let round = 0; round < 20; round++) {
        const record = await kept({ attemptsLeft: 6 });
        const { purpose, secretHash } = record;
        expect(await winners(20, () => store.attempt(purpose, secretHash, NOW))).toBe(5);
        expect(await store.attempt(purpose, secretHash, NOW)).toBe(false);
        expect(await redeem(record)).toEqual(record.data);
      }
    });

    it("takes no attempt for another purpose, a wrong hash, or what is used or past", async () => {
      const [record, used] = [await kept(), await kept()];
      await redeem(used);
      expect(await store.attempt("reset-password", record.secretHash, NOW)).toBe(false);
      expect(await store.attempt(record.purpose, "wrong", NOW)).toBe(false);
      expect(await store.attempt(record.purpose, record.secretHash, record.expiresAt)).toBe(false);
      expect(await store.attempt(used.purpose, used.secretHash, NOW)).toBe(false);
      expect(await store.attempt(record.purpose, record.secretHash, NOW)).toBe(true);
    });

    it("keeps exactly one of twenty that are made at the same moment, and that one works", async () => {
      for (let round = 0; round < 20; round++) {
        const subject = randomUUID();
        const records = Array.from({ length: 20 }, () => make({ subject }));
        const results = await Promise.all(records.map((record) => store.issue(record, limits)));
        expect(results.filter(Boolean)).toHaveLength(1);
        const [winner = make()] = records.filter((_, place) => results[place]);
        expect(await redeem(winner)).toEqual(winner.data);
      }
    });

    it("sends no more in a day when twenty are asked for at the same moment", async () => {
      const subject = randomUUID();
      const send = () => store.issue(make({ subject }), { everySeconds: 0, perDay: 10 });
      expect(await winners(20, send)).toBe(10);
    });

    it("notes a use of something that was never kept for exactly one of twenty parallel calls", async () => {
      for (let round = 0; round < 20; round++) {
        const hash = randomUUID();
        expect(await winners(20, () => store.spend("passkey-challenge", hash, NOW, NOW + 1000))).toBe(1);
        expect(await store.find("passkey-challenge", hash, NOW)).toBeUndefined();
        expect(await store.consume("passkey-challenge", hash, hash, NOW)).toBeUndefined();
        expect(await store.spend("reset-password", hash, NOW, NOW + 1000)).toBe(true);
      }
    });

    it("forgets what is long past, and only that: the limits per day look back on the rest", async () => {
      await store.removeExpired(NOW * 2);
      const past = await kept({ expiresAt: NOW });
      await kept({ expiresAt: NOW + 1 });
      expect(await store.removeExpired(NOW + KEPT_FOR_MS - 1)).toBe(0);
      expect(await store.removeExpired(NOW + KEPT_FOR_MS)).toBe(expiresByItself ? 0 : 1);
      expect(await store.issue(make({ subject: past.subject }), limits)).toBe(!expiresByItself);
    });
  });
}
