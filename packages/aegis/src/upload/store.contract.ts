/** What every UploadStore must do. The memory store is the specification; the others pass the same suite. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { UploadStore } from "./store.ts";

export function describeUploadStore(
  name: string,
  open: () => Promise<{
    store: UploadStore;
    newAccount: () => Promise<string>;
    close: () => Promise<void>;
  }>,
): void {
  describe(`${name} as an upload store`, () => {
    let store: UploadStore;
    let newAccount: () => Promise<string>;
    let close: () => Promise<void>;
    beforeAll(async () => {
      ({ store, newAccount, close } = await open());
    });
    afterAll(() => close?.());

    const NOW = 1_800_000_000_000;
    const wide = { tenantBytes: 1e12, accountBytes: 1e12, accountFileLimit: 1e6 };
    const facts = { name: "a.png", kind: "png", size: 10, digest: "d", width: 2, height: null };
    const reserve = (
      accountId: string,
      {
        tenantId = null,
        bytes = 10,
        id = randomUUID(),
        now = NOW,
      }: Partial<{ tenantId: string | null; bytes: number; id: string; now: number }> = {},
      quota = wide,
    ) => store.reserve({ id, tenantId, accountId, bytes, now }, quota);
    const keep = async (accountId: string, tenantId: string | null = null, more = {}, now = NOW) => {
      const id = randomUUID();
      await reserve(accountId, { id, tenantId, now });
      expect(await store.finish(tenantId, id, { ...facts, ...more })).toBeDefined();
      return id;
    };

    it("keeps what was reserved once it is finished, and no sooner", async () => {
      const accountId = await newAccount();
      const id = randomUUID();
      expect(await reserve(accountId, { id, bytes: 50 })).toBe("reserved");
      expect(await reserve(accountId, { id })).toBe("taken");
      expect(await store.find(null, id)).toBeUndefined();
      expect(await store.used(null, accountId)).toEqual({ bytes: 50, files: 1 });
      const kept = { ...facts, id, tenantId: null, accountId, createdAt: NOW };
      expect(await store.finish(null, id, facts)).toEqual(kept);
      expect(await store.finish(null, id, facts)).toBeUndefined();
      expect(await store.find(null, id)).toEqual(kept);
      expect(await store.used(null, accountId)).toEqual({ bytes: 10, files: 1 });
    });

    it("keeps no more than was reserved, and gives a reservation's room back", async () => {
      const accountId = await newAccount();
      const id = randomUUID();
      await reserve(accountId, { id, bytes: 9 });
      expect(await store.finish(null, id, facts)).toBeUndefined();
      expect(await store.release(null, id)).toBe(true);
      expect(await store.release(null, id)).toBe(false);
      expect(await store.used(null, accountId)).toEqual({ bytes: 0, files: 0 });
      const kept = await keep(accountId);
      expect(await store.release(null, kept)).toBe(false);
    });

    it("names all that somebody keeps, whatever tenant it is in, and how much more there is", async () => {
      const [accountId, other, tenant] = [await newAccount(), await newAccount(), randomUUID()];
      expect(await store.ofAccount(accountId, 10)).toEqual({ items: [], total: 0 });
      const first = await keep(accountId, null, {}, NOW);
      const second = await keep(accountId, tenant, {}, NOW + 1000);
      await keep(other, tenant);
      await reserve(accountId, { tenantId: tenant });
      const { items, total } = await store.ofAccount(accountId, 10);
      expect(items.map(({ id, tenantId }) => [id, tenantId])).toEqual([
        [second, tenant],
        [first, null],
      ]);
      expect(total).toBe(2);
      expect(await store.ofAccount(accountId, 1)).toMatchObject({ items: [{ id: second }], total: 2 });
      await store.end(tenant, accountId, second);
      expect((await store.ofAccount(accountId, 10)).items.map(({ id }) => id)).toEqual([first]);
    });

    it("shows nothing of one tenant to another, or to none", async () => {
      const accountId = await newAccount();
      const [mine, theirs] = [randomUUID(), randomUUID()];
      const id = await keep(accountId, mine);
      for (const other of [theirs, null]) {
        expect(await store.find(other, id)).toBeUndefined();
        expect(await store.end(other, accountId, id)).toBe(false);
        expect((await store.page(other, accountId, { query: "", limit: 10, offset: 0 })).total).toBe(0);
        expect(await store.used(other, accountId)).toEqual({ bytes: 0, files: 0 });
        expect(await store.release(other, id)).toBe(false);
      }
      expect(await store.find(mine, id)).toBeDefined();
    });

    it("lists an account's files, newest first, by page and by a part of the name", async () => {
      const [accountId, other] = [await newAccount(), await newAccount()];
      const ids: string[] = [];
      for (let at = 0; at < 5; at++)
        ids.unshift(await keep(accountId, null, { name: `Photo ${at}_%.png` }, NOW + at));
      await keep(other);
      const page = (query: string, limit = 10, offset = 0) =>
        store.page(null, accountId, { query, limit, offset });
      expect((await page("")).items.map(({ id }) => id)).toEqual(ids);
      expect((await page("", 2, 2)).items.map(({ id }) => id)).toEqual(ids.slice(2, 4));
      expect((await page("", 2, 2)).total).toBe(5);
      expect((await page("photo 3")).total).toBe(1);
      expect((await page("_%")).total).toBe(5);
      for (const strange of ["%", "' or 1=1 --", "\\", "\0", "__proto__"])
        expect((await page(strange)).total).toBe(strange === "%" ? 5 : 0);
    });

    it("ends a file for its owner, once, and knows what is left over", async () => {
      const [accountId, other] = [await newAccount(), await newAccount()];
      const id = await keep(accountId);
      expect(await store.end(null, other, id)).toBe(false);
      const ended = await Promise.all(Array.from({ length: 20 }, () => store.end(null, accountId, id)));
      expect(ended.filter(Boolean)).toHaveLength(1);
      expect(await store.find(null, id)).toBeUndefined();
      expect(await store.used(null, accountId)).toEqual({ bytes: 0, files: 0 });
      const [old, fresh] = [randomUUID(), randomUUID()];
      await reserve(accountId, { id: old, now: NOW - 1 });
      await reserve(accountId, { id: fresh, now: NOW });
      const left = await store.leftovers(NOW, 1000);
      expect(left).toEqual(expect.arrayContaining([id, old]));
      expect(left).not.toContain(fresh);
      for (const one of left) await store.forget(one);
      expect(await store.leftovers(NOW, 1000)).toEqual([]);
    });

    it("never passes a quota, however many come at once", async () => {
      for (const tenantId of [null, randomUUID()]) {
        const accountId = await newAccount();
        const many = (bytes: number, quota: typeof wide) =>
          Promise.all(Array.from({ length: 20 }, () => reserve(accountId, { tenantId, bytes }, quota)));
        const taken = async (work: Promise<string[]>) =>
          (await work).filter((one) => one === "reserved").length;
        expect(await taken(many(10, { ...wide, accountBytes: 75 }))).toBe(7);
        expect(await taken(many(1, { ...wide, accountFileLimit: 12 }))).toBe(5);
        expect(await store.used(tenantId, accountId)).toEqual({ bytes: 75, files: 12 });
      }
    });

    it("never passes a tenant's quota, whichever of its accounts come at once", async () => {
      const tenantId = randomUUID();
      const accounts = await Promise.all(Array.from({ length: 4 }, newAccount));
      const quota = { ...wide, tenantBytes: 105 };
      const results = await Promise.all(
        Array.from({ length: 20 }, (_, at) => reserve(accounts[at % 4] ?? "", { tenantId }, quota)),
      );
      expect(results.filter((one) => one === "reserved")).toHaveLength(10);
      // Another tenant, and whoever has none, are not held to it.
      expect(await reserve(accounts[0] ?? "", { tenantId: randomUUID() }, quota)).toBe("reserved");
      expect(await reserve(accounts[0] ?? "", {}, { ...quota, tenantBytes: 0 })).toBe("reserved");
    });
  });
}
