/** What every SessionStore must do. The memory store is the specification; the others pass the same suite. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SessionRecord } from "./record.ts";
import type { SessionStore } from "./store.ts";

export function describeSessionStore(
  name: string,
  open: () => Promise<{ store: SessionStore; close: () => Promise<void> }>,
  /** A store whose rows expire by themselves has nothing to remove. */
  { expiresByItself = false } = {},
): void {
  describe(`${name} as a session store`, () => {
    let store: SessionStore;
    let close: () => Promise<void>;
    beforeAll(async () => {
      ({ store, close } = await open());
    });
    afterAll(() => close?.());

    const NOW = 1_800_000_000_000;
    const make = (over: Partial<SessionRecord> = {}): SessionRecord => ({
      id: randomUUID(),
      tokenHash: randomUUID(),
      previousTokenHash: null,
      graceUntil: null,
      subject: { userId: randomUUID(), username: "ada", roles: ["user", "admin"], tenantId: randomUUID() },
      stage: "complete",
      aal: 2,
      methods: ["password", "totp"],
      provenAt: NOW,
      rememberMe: false,
      createdAt: NOW,
      lastSeenAt: NOW,
      rotatedAt: NOW,
      idleExpiresAt: NOW + 1000,
      absoluteExpiresAt: NOW + 5000,
      ip: "127.0.0.1",
      userAgent: "test",
      ...over,
    });
    const kept = async (over: Partial<SessionRecord> = {}): Promise<SessionRecord> => {
      const record = make(over);
      await store.create(record, 1000);
      return record;
    };

    it("counts those that are live, of everybody, where it can", async () => {
      if (store.countLive === undefined) return;
      const before = await store.countLive(NOW);
      await kept();
      await kept({ idleExpiresAt: NOW + 500 });
      expect(await store.countLive(NOW)).toBe(before + 2);
      expect(await store.countLive(NOW + 600)).toBeLessThan(before + 2);
      expect(await store.countLive(NOW + 6000)).toBe(0);
    });

    const started = async (over: Partial<SessionRecord> = {}) => {
      const record = await kept(over);
      return { ...record, ref: { id: record.id, userId: record.subject.userId } };
    };

    it("gives back what it was given, to the last field", async () => {
      const record = await kept();
      expect(await store.findByTokenHash(record.tokenHash, NOW)).toEqual(record);
    });

    it("refuses a token hash that is in use", async () => {
      const { tokenHash } = await kept();
      await expect(store.create(make({ tokenHash }), 1000)).rejects.toThrow();
    });

    it("finds nothing under a hash that nobody has", async () => {
      for (const hash of ["", "x", "__proto__", "' or 1=1 --"])
        expect(await store.findByTokenHash(hash, NOW)).toBeUndefined();
    });

    it("knows no session from the very millisecond it ends", async () => {
      const idle = await kept();
      expect(await store.findByTokenHash(idle.tokenHash, NOW + 999)).toBeDefined();
      expect(await store.findByTokenHash(idle.tokenHash, NOW + 1000)).toBeUndefined();
      const absolute = await kept({ idleExpiresAt: NOW + 5000 });
      expect(await store.findByTokenHash(absolute.tokenHash, NOW + 5000)).toBeUndefined();
    });

    it("moves idle expiry on, never back, and revives nothing", async () => {
      const { ref, tokenHash } = await started();
      expect(await store.touch(ref, { lastSeenAt: NOW + 500, idleExpiresAt: NOW + 1500 })).toBe(true);
      expect(await store.touch(ref, { lastSeenAt: NOW + 100, idleExpiresAt: NOW + 1100 })).toBe(true);
      expect(await store.findByTokenHash(tokenHash, NOW + 1499)).toMatchObject({
        lastSeenAt: NOW + 500,
        idleExpiresAt: NOW + 1500,
      });
      expect(await store.touch(ref, { lastSeenAt: NOW + 1500, idleExpiresAt: NOW + 2500 })).toBe(false);
      expect(
        await store.touch(
          { id: randomUUID(), userId: randomUUID() },
          { lastSeenAt: NOW, idleExpiresAt: NOW + 1000 },
        ),
      ).toBe(false);
    });

    it("is touched by a hundred at once, and says so to all", async () => {
      const { ref, tokenHash } = await started();
      const tries = Array.from({ length: 100 }, (_, place) =>
        store.touch(ref, { lastSeenAt: NOW + place, idleExpiresAt: NOW + 1000 + place }),
      );
      expect((await Promise.all(tries)).every(Boolean)).toBe(true);
      expect(await store.findByTokenHash(tokenHash, NOW + 99)).toMatchObject({
        lastSeenAt: NOW + 99,
        idleExpiresAt: NOW + 1099,
      });
    });

    it("touches, rotates and proves for the session's user alone", async () => {
      const { id, tokenHash } = await kept();
      const foreign = { id, userId: randomUUID() };
      const change = { fromHash: tokenHash, toHash: randomUUID() };
      expect([
        await store.touch(foreign, { lastSeenAt: NOW, idleExpiresAt: NOW + 4000 }),
        await store.rotate(foreign, { ...change, rotatedAt: NOW, graceUntil: NOW + 100 }),
        await store.prove(foreign, { ...change, provenAt: NOW, aal: 2, methods: [] }),
        await store.enterTenant(foreign, { ...change, at: NOW, tenantId: randomUUID() }),
      ]).toEqual([false, false, false, false]);
    });

    it("works in another tenant under a new token alone, for one of twenty at once", async () => {
      const { ref, tokenHash, subject } = await started();
      const tenantId = randomUUID();
      const hashes = Array.from({ length: 20 }, () => randomUUID());
      const won = await Promise.all(
        hashes.map((toHash) =>
          store.enterTenant(ref, { fromHash: tokenHash, toHash, at: NOW + 1, tenantId }),
        ),
      );
      expect(won.filter(Boolean)).toHaveLength(1);
      expect(await store.findByTokenHash(tokenHash, NOW + 1)).toBeUndefined();
      const present = hashes[won.indexOf(true)] ?? "";
      expect(await store.findByTokenHash(present, NOW + 1)).toMatchObject({
        subject: { ...subject, tenantId },
        previousTokenHash: null,
        rotatedAt: NOW + 1,
      });
      const none = { fromHash: present, toHash: randomUUID(), at: NOW + 2, tenantId: null };
      expect(await store.enterTenant(ref, none)).toBe(true);
      expect(await store.findByTokenHash(none.toHash, NOW + 2)).toMatchObject({
        subject: { tenantId: null },
      });
      const late = { fromHash: none.toHash, toHash: randomUUID(), at: NOW + 5000, tenantId };
      expect(await store.enterTenant(ref, late)).toBe(false);
    });

    it("ends the oldest beyond the limit, and says which", async () => {
      const subject = { userId: randomUUID(), username: "ada", roles: [], tenantId: null };
      const [first, second] = [
        await kept({ subject, createdAt: NOW - 2 }),
        await kept({ subject, createdAt: NOW - 1 }),
      ];
      const over = await kept({ subject, idleExpiresAt: NOW }); // counts no more
      expect(await store.create(make({ subject }), 3)).toEqual([]);
      expect(await store.create(make({ subject, createdAt: NOW + 1 }), 3)).toEqual([first]);
      const left = (await store.listByUser(subject.userId, NOW + 1)).map(({ id }) => id);
      expect(left).toHaveLength(3);
      expect(left).toContain(second.id);
      expect(left).not.toContain(over.id);
      expect(await store.findByTokenHash(first.tokenHash, NOW)).toBeUndefined();
    });

    it("keeps a new session, however its clock is set", async () => {
      const subject = { userId: randomUUID(), username: "ada", roles: [], tenantId: null };
      const older = await kept({ subject });
      const late = make({ subject, createdAt: NOW - 500 });
      expect(await store.create(late, 1)).toEqual([older]);
      expect(await store.findByTokenHash(late.tokenHash, NOW)).toEqual(late);
    });

    it("ends no complete session for one that is still signing in, and bounds those too", async () => {
      const subject = { userId: randomUUID(), username: "ada", roles: [], tenantId: null };
      const complete = await kept({ subject });
      const begun = make({ subject, stage: "second-factor", createdAt: NOW + 1 });
      expect(await store.create(begun, 1)).toEqual([]);
      expect(await store.create(make({ subject, stage: "second-factor", createdAt: NOW + 2 }), 1)).toEqual([
        begun,
      ]);
      expect(await store.findByTokenHash(complete.tokenHash, NOW)).toEqual(complete);
      expect(await store.create(make({ subject, createdAt: NOW + 3 }), 1)).toEqual([complete]);
    });

    it("leaves exactly the limit of twenty parallel sign-ins, ten times", async () => {
      for (let round = 0; round < 10; round++) {
        const subject = { userId: randomUUID(), username: "ada", roles: [], tenantId: null };
        const records = Array.from({ length: 20 }, () => make({ subject }));
        const ended = (await Promise.all(records.map((record) => store.create(record, 3)))).flat();
        expect(ended).toHaveLength(17);
        expect(await store.listByUser(subject.userId, NOW)).toHaveLength(3);
      }
    });

    it("takes a fresh proof once, for the present token alone, and leaves the old one no grace", async () => {
      const { ref, tokenHash } = await started({ aal: 1, methods: ["password"] });
      const hashes = [randomUUID(), randomUUID()];
      const change = {
        fromHash: tokenHash,
        provenAt: NOW + 10,
        aal: 2,
        methods: ["password", "totp"],
      } as const;
      const tries = await Promise.all(hashes.map((toHash) => store.prove(ref, { ...change, toHash })));
      expect(tries.filter(Boolean)).toHaveLength(1);
      expect(await store.findByTokenHash(tokenHash, NOW + 11)).toBeUndefined();
      expect(await store.findByTokenHash(hashes[tries.indexOf(true)] ?? "", NOW + 11)).toMatchObject({
        provenAt: NOW + 10,
        aal: 2,
        methods: ["password", "totp"],
      });
      const idle = await started();
      expect(
        await store.prove(idle.ref, {
          ...change,
          fromHash: idle.tokenHash,
          toHash: randomUUID(),
          provenAt: NOW + 1000,
        }),
      ).toBe(false);
    });

    it("serves the replaced token for the grace and not longer", async () => {
      const { id, ref, tokenHash } = await started();
      const fresh = randomUUID();
      expect(
        await store.rotate(ref, {
          fromHash: tokenHash,
          toHash: fresh,
          rotatedAt: NOW + 10,
          graceUntil: NOW + 100,
        }),
      ).toBe(true);
      expect(await store.findByTokenHash(fresh, NOW + 500)).toMatchObject({
        id,
        tokenHash: fresh,
        rotatedAt: NOW + 10,
      });
      expect(await store.findByTokenHash(tokenHash, NOW + 99)).toMatchObject({ id, tokenHash: fresh });
      expect(await store.findByTokenHash(tokenHash, NOW + 100)).toBeUndefined();
    });

    it("lets exactly one of twenty parallel rotations win, a hundred times", async () => {
      for (let round = 0; round < 100; round++) {
        const { ref, tokenHash } = await started();
        const tries = Array.from({ length: 20 }, () =>
          store.rotate(ref, {
            fromHash: tokenHash,
            toHash: randomUUID(),
            rotatedAt: NOW,
            graceUntil: NOW + 100,
          }),
        );
        expect((await Promise.all(tries)).filter(Boolean)).toHaveLength(1);
      }
    });

    it("does not rotate a session that is over", async () => {
      const { ref, tokenHash } = await started();
      expect(
        await store.rotate(ref, {
          fromHash: tokenHash,
          toHash: randomUUID(),
          rotatedAt: NOW + 1000,
          graceUntil: NOW + 1100,
        }),
      ).toBe(false);
    });

    it("lists the user's live sessions, newest first, and nobody else's", async () => {
      const subject = { userId: randomUUID(), username: "ada", roles: [], tenantId: null };
      const older = await kept({ subject, createdAt: NOW - 10 });
      const newer = await kept({ subject });
      await kept({ subject, idleExpiresAt: NOW });
      await kept();
      expect((await store.listByUser(subject.userId, NOW)).map(({ id }) => id)).toEqual([newer.id, older.id]);
    });

    it("revokes a session once, and only for its owner", async () => {
      const { id, tokenHash, subject } = await kept();
      expect(await store.revoke(randomUUID(), id, "admin")).toBe(false);
      expect(await store.findByTokenHash(tokenHash, NOW)).toBeDefined();
      const tries = Array.from({ length: 20 }, () => store.revoke(subject.userId, id, "signed_out"));
      expect((await Promise.all(tries)).filter(Boolean)).toHaveLength(1);
      expect(await store.findByTokenHash(tokenHash, NOW)).toBeUndefined();
    });

    it("never rotates or touches what was revoked in the same moment", async () => {
      for (let round = 0; round < 50; round++) {
        const { id, ref, tokenHash, subject } = await started();
        const toHash = randomUUID();
        await Promise.all([
          store.rotate(ref, { fromHash: tokenHash, toHash, rotatedAt: NOW, graceUntil: NOW + 100 }),
          store.revoke(subject.userId, id, "signed_out"),
          store.touch(ref, { lastSeenAt: NOW + 1, idleExpiresAt: NOW + 1001 }),
        ]);
        expect(await store.findByTokenHash(toHash, NOW + 2)).toBeUndefined();
        expect(await store.findByTokenHash(tokenHash, NOW + 2)).toBeUndefined();
      }
    });

    it("revokes all sessions of a user but one", async () => {
      const subject = { userId: randomUUID(), username: "ada", roles: [], tenantId: null };
      const [kept1, other] = [await kept({ subject }), await kept({ subject })];
      const foreign = await kept();
      expect(await store.revokeAll(subject.userId, "signed_out_elsewhere", kept1.id)).toBe(1);
      expect(await store.findByTokenHash(kept1.tokenHash, NOW)).toBeDefined();
      expect(await store.findByTokenHash(other.tokenHash, NOW)).toBeUndefined();
      expect(await store.findByTokenHash(foreign.tokenHash, NOW)).toBeDefined();
      expect(await store.revokeAll(subject.userId, "password_changed")).toBe(1);
    });

    it("forgets what is past, and only that", async () => {
      await store.removeExpired(NOW + 10_000);
      const live = await kept();
      await kept({ idleExpiresAt: NOW - 1 });
      expect(await store.removeExpired(NOW)).toBe(expiresByItself ? 0 : 1);
      expect(await store.findByTokenHash(live.tokenHash, NOW)).toBeDefined();
    });
  });
}
