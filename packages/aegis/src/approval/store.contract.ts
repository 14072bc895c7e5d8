/** What every ApprovalStore must do. The memory store is the specification; the others pass the same suite. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Approval, ApprovalStore } from "./store.ts";

export function describeApprovalStore(
  name: string,
  open: () => Promise<{
    store: ApprovalStore;
    newAccount: () => Promise<string>;
    close: () => Promise<void>;
  }>,
): void {
  describe(`${name} as an approval store`, () => {
    let store: ApprovalStore;
    let newAccount: () => Promise<string>;
    let close: () => Promise<void>;
    beforeAll(async () => {
      ({ store, newAccount, close } = await open());
    });
    afterAll(() => close?.());

    const NOW = 1_800_000_000_000;
    const make = async (over: Partial<Approval> = {}): Promise<Approval> => ({
      id: randomUUID(),
      action: "remove-mfa",
      subjectId: over.subjectId ?? (await newAccount()),
      requestedBy: over.requestedBy ?? (await newAccount()),
      requestedAt: NOW,
      expiresAt: NOW + 1000,
      state: "pending",
      decidedBy: null,
      decidedAt: null,
      ...over,
    });
    const asked = async (over: Partial<Approval> = {}): Promise<Approval> => {
      const approval = await make(over);
      expect(await store.request(approval)).toBe(true);
      return approval;
    };

    it("gives back what it was given", async () => {
      const approval = await asked();
      expect(await store.find(approval.id)).toEqual(approval);
      expect(await store.find(randomUUID())).toBeUndefined();
    });

    it("keeps one live request about an account, and another when that is decided or over", async () => {
      const { id, subjectId } = await asked();
      expect(await store.request(await make({ subjectId, requestedAt: NOW + 999 }))).toBe(false);
      await asked(); // another account's
      const later = { subjectId, requestedAt: NOW + 1000, expiresAt: NOW + 2000 };
      const second = await asked(later);
      expect(await store.decide(second.id, await newAccount(), "rejected", NOW + 1001)).toBe(true);
      await asked(later);
      expect(await store.find(id)).toMatchObject({ state: "pending" });
    });

    it("keeps exactly one of twenty that are asked for at the same moment", async () => {
      for (let round = 0; round < 20; round++) {
        const [subjectId, requestedBy] = [await newAccount(), await newAccount()];
        const approvals = await Promise.all(
          Array.from({ length: 20 }, () => make({ subjectId, requestedBy })),
        );
        const results = await Promise.all(approvals.map((approval) => store.request(approval)));
        expect(results.filter(Boolean)).toHaveLength(1);
      }
    });

    it("is decided by somebody else than who asked and whom it is about", async () => {
      const approval = await asked();
      expect(await store.decide(approval.id, approval.requestedBy, "approved", NOW)).toBe(false);
      expect(await store.decide(approval.id, approval.subjectId, "approved", NOW)).toBe(false);
      expect(await store.find(approval.id)).toEqual(approval);
      const by = await newAccount();
      expect(await store.decide(approval.id, by, "approved", NOW + 5)).toBe(true);
      expect(await store.find(approval.id)).toEqual({
        ...approval,
        state: "approved",
        decidedBy: by,
        decidedAt: NOW + 5,
      });
    });

    it("is decided before the very millisecond it ends, and once", async () => {
      const { id } = await asked();
      const by = await newAccount();
      expect(await store.decide(id, by, "approved", NOW + 1000)).toBe(false);
      expect(await store.decide(randomUUID(), by, "approved", NOW)).toBe(false);
      expect(await store.decide(id, by, "rejected", NOW + 999)).toBe(true);
      expect(await store.decide(id, by, "approved", NOW + 999)).toBe(false);
      expect(await store.find(id)).toMatchObject({ state: "rejected" });
    });

    it("is decided by exactly one of twenty at the same moment, and says whose word it was", async () => {
      for (let round = 0; round < 20; round++) {
        const { id } = await asked();
        const voters = await Promise.all(Array.from({ length: 20 }, newAccount));
        const results = await Promise.all(
          voters.map((by, place) => store.decide(id, by, place % 2 === 0 ? "approved" : "rejected", NOW)),
        );
        expect(results.filter(Boolean)).toHaveLength(1);
        const winner = results.indexOf(true);
        expect(await store.find(id)).toMatchObject({
          decidedBy: voters[winner],
          state: winner % 2 === 0 ? "approved" : "rejected",
        });
      }
    });

    it("lists the newest first, and no more than two hundred", async () => {
      const [subjectId, requestedBy] = [await newAccount(), await newAccount()];
      const far = NOW + 1e9;
      for (let place = 0; place < 202; place++)
        await asked({ subjectId, requestedBy, requestedAt: far + place, expiresAt: far + place });
      const listed = await store.list();
      expect(listed.map(({ requestedAt }) => requestedAt)).toEqual(
        Array.from({ length: 200 }, (_, place) => far + 201 - place),
      );
    });
  });
}
