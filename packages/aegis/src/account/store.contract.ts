/** What every AccountStore must do. The memory store is the specification; the others pass the same suite. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Account, AccountStore } from "./store.ts";

export function describeAccountStore(
  name: string,
  open: () => Promise<{ store: AccountStore; close: () => Promise<void> }>,
): void {
  describe(`${name} as an account store`, () => {
    let store: AccountStore;
    let close: () => Promise<void>;
    beforeAll(async () => {
      ({ store, close } = await open());
    });
    afterAll(() => close?.());

    const unique = (): string => `u${randomUUID().slice(0, 13)}`;
    const make = (over: Partial<Account> = {}): Account => ({
      id: randomUUID(),
      username: unique(),
      email: null,
      emailVerifiedAt: null,
      mustChangePassword: false,
      passwordNeedsMfa: false,
      disabledAt: null,
      deleteAfter: null,
      passwordHash: "$argon2id$1",
      passwordChangedAt: 1_800_000_000_000,
      displayName: "Ada",
      aboutMe: "",
      roles: ["user"],
      createdAt: 1_800_000_000_000,
      ...over,
    });

    it("gives back what it was given, by id, by name and by address, however they are written", async () => {
      const account = make({ username: `Ada-${unique()}`, email: `Ada-${unique()}@Example.com` });
      expect(await store.create(account, true)).toEqual({ created: true });
      expect(await store.findById(account.id)).toEqual(account);
      expect(await store.findByLogin(account.username.toUpperCase())).toEqual(account);
      expect(await store.findByLogin((account.email ?? "").toLowerCase())).toEqual(account);
    });

    it("finds nobody under a name that nobody has", async () => {
      for (const login of ["", "__proto__", "nobody", "' or ''='", "a\0b"])
        expect(await store.findByLogin(login)).toBeUndefined();
      expect(await store.findById(randomUUID())).toBeUndefined();
    });

    it("refuses a name or an address that is in use, in whatever spelling", async () => {
      const account = make({ email: `${unique()}@example.com` });
      await store.create(account, true);
      expect(await store.create(make({ username: account.username.toUpperCase() }), true)).toEqual({
        created: false,
        taken: "username",
      });
      expect(await store.create(make({ email: (account.email ?? "").toUpperCase() }), true)).toEqual({
        created: false,
        taken: "email",
      });
    });

    it("refuses a name that is somebody's address: both sign in", async () => {
      const account = make({ email: `${unique()}@example.com` });
      await store.create(account, true);
      expect(await store.create(make({ username: account.email ?? "" }), true)).toMatchObject({
        created: false,
      });
    });

    it("creates exactly one of twenty that ask for one name at the same moment", async () => {
      for (let round = 0; round < 20; round++) {
        const username = unique();
        const results = await Promise.all(
          Array.from({ length: 20 }, () =>
            store.create(make({ username, email: `${unique()}@example.com` }), true),
          ),
        );
        expect(results.filter(({ created }) => created)).toHaveLength(1);
      }
    });

    it("leaves nothing behind of a registration that was refused", async () => {
      const taken = make({ email: `${unique()}@example.com` });
      await store.create(taken, true);
      const refused = make({ email: taken.email });
      await store.create(refused, true);
      expect(await store.findById(refused.id)).toBeUndefined();
      expect(await store.findByLogin(refused.username)).toBeUndefined();
    });

    it("changes a profile, and nothing else", async () => {
      const account = make();
      await store.create(account, true);
      const changed = { ...account, displayName: "Grace", aboutMe: "Läuft. 🛳" };
      expect(await store.updateProfile(account.id, changed)).toEqual(changed);
      expect(await store.findById(account.id)).toEqual(changed);
      expect(await store.updateProfile(randomUUID(), changed)).toBeUndefined();
    });

    it("replaces a hash only while it is still the one that was checked", async () => {
      const account = make();
      await store.create(account, true);
      expect(await store.replacePasswordHash(account.id, "another", "new")).toBe(false);
      const tries = Array.from({ length: 10 }, (_, place) =>
        store.replacePasswordHash(account.id, account.passwordHash, `new-${place}`),
      );
      expect((await Promise.all(tries)).filter(Boolean)).toHaveLength(1);
    });
  });
}
