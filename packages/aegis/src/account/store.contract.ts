/** What every AccountStore must do. The memory store is the specification; the others pass the same suite. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Account, AccountStore, NewPassword } from "./store.ts";

const NOW = 1_800_000_000_000;
const unique = (): string => `u${randomUUID().slice(0, 13)}`;

/** An account like any other, for whatever needs one. */
export const sampleAccount = (over: Partial<Account> = {}): Account => ({
  id: randomUUID(),
  username: unique(),
  email: null,
  emailVerifiedAt: null,
  mustChangePassword: false,
  passwordNeedsMfa: false,
  registrationPending: false,
  disabledAt: null,
  deleteAfter: null,
  passwordHash: "$argon2id$1",
  passwordChangedAt: NOW,
  displayName: "Ada",
  aboutMe: "",
  roles: ["user"],
  createdAt: NOW,
  ...over,
});

export function describeAccountStore(
  name: string,
  open: () => Promise<{ store: AccountStore; close: () => Promise<void> }>,
): void {
  describe(`${name} as an account store`, () => {
    const make = sampleAccount;
    let store: AccountStore;
    let close: () => Promise<void>;
    beforeAll(async () => {
      ({ store, close } = await open());
    });
    afterAll(() => close?.());

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

    it("lists who may need somebody, and nobody who cannot sign in anyway", async () => {
      const role = `r${randomUUID().slice(0, 8)}`;
      const made = {
        old: make({ passwordChangedAt: NOW - 10 }),
        privileged: make({ roles: ["user", role] }),
        mustChange: make({ mustChangePassword: true }),
        short: make({ passwordNeedsMfa: true }),
        safe: make(),
        suspended: make({ roles: [role], disabledAt: NOW }),
        leaving: make({ roles: [role], deleteAfter: NOW }),
      };
      for (const account of Object.values(made)) await store.create(account, false);
      const found = async (passwordChangedBefore: number | null) => {
        const ids = (await store.listFlagged({ roles: [role], passwordChangedBefore, limit: 10_000 })).map(
          ({ id }) => id,
        );
        return Object.entries(made).flatMap(([which, { id }]) => (ids.includes(id) ? [which] : []));
      };
      expect(await found(null)).toEqual(["privileged", "mustChange", "short"]);
      expect(await found(NOW)).toEqual(["old", "privileged", "mustChange", "short"]);
      const [first] = await store.listFlagged({ roles: [role], passwordChangedBefore: null, limit: 1 });
      expect(first).toEqual(made.privileged);
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

    const created = async (over: Partial<Account> = {}, linkEmail = false): Promise<Account> => {
      const account = make(over);
      expect(await store.create(account, linkEmail)).toEqual({ created: true });
      return account;
    };
    const wins = async (count: number, work: (place: number) => Promise<boolean>): Promise<number> =>
      (await Promise.all(Array.from({ length: count }, (_, place) => work(place)))).filter(Boolean).length;
    const address = (): string => `${unique()}@Example.com`;

    it("lets an address that waits for its code sign nobody in, and stand in nobody's way", async () => {
      const email = address();
      await created({ email });
      const newer = await created({ email: email.toUpperCase() });
      expect(await store.findByLogin(email)).toBeUndefined();
      expect(await store.countUnverified(email.toLowerCase())).toBe(2);
      expect(await store.linkEmail(newer.id, newer.email ?? "", NOW + 5)).toBe(true);
      expect(await store.countUnverified(email)).toBe(1);
      for (const strange of ["", "__proto__", "a\0b", "' or ''='"])
        expect(await store.countUnverified(strange)).toBe(0);
    });

    it("makes an address the account's own, in place of an earlier one, and refuses another's", async () => {
      const [first, second] = [address(), address()];
      const account = await created({ email: first }, true);
      expect(await store.linkEmail(account.id, second, NOW + 5)).toBe(true);
      expect(await store.findByLogin(second.toLowerCase())).toEqual({
        ...account,
        email: second,
        emailVerifiedAt: NOW + 5,
      });
      expect(await store.findByLogin(first)).toBeUndefined();
      expect((await store.findByLogin(account.username))?.id).toBe(account.id);
      expect(await store.linkEmail(account.id, second, NOW + 6)).toBe(true);
      const other = await created();
      expect(await store.linkEmail(other.id, second.toUpperCase(), NOW + 7)).toBe(false);
      expect(await store.findById(other.id)).toEqual(other);
      expect(await store.linkEmail(randomUUID(), address(), NOW)).toBe(false);
      expect(await store.linkEmail(other.id, first, NOW + 8)).toBe(true); // free again
    });

    it("gives an address to exactly one of twenty accounts at the same moment", async () => {
      for (let round = 0; round < 20; round++) {
        const email = address();
        const accounts = await Promise.all(Array.from({ length: 20 }, () => created({ email })));
        const linked = await Promise.all(accounts.map(({ id }) => store.linkEmail(id, email, NOW)));
        expect(linked.filter(Boolean)).toHaveLength(1);
        expect((await store.findByLogin(email))?.id).toBe(accounts[linked.indexOf(true)]?.id);
        const verified = await Promise.all(accounts.map(({ id }) => store.findById(id)));
        expect(verified.filter((one) => one?.emailVerifiedAt !== null)).toHaveLength(1);
      }
    });

    it("leaves one address of those that an account takes at the same moment", async () => {
      const { id } = await created();
      const addresses = Array.from({ length: 20 }, address);
      await Promise.all(addresses.map((email) => store.linkEmail(id, email, NOW)));
      const owners = await Promise.all(addresses.map((email) => store.findByLogin(email)));
      expect(owners.filter((owner) => owner?.id === id)).toHaveLength(1);
      const linked = addresses[owners.findIndex((owner) => owner !== undefined)];
      expect((await store.findById(id))?.email).toBe(linked);
    });

    const to = (hash: string, over: Partial<NewPassword> = {}): NewPassword => ({
      hash,
      changedAt: NOW + 10,
      needsMfa: false,
      keepHistory: 3,
      ...over,
    });

    it("changes a password while it is still the one that was checked, and lifts the order to change it", async () => {
      const account = await created({ mustChangePassword: true });
      expect(await store.changePassword(account.id, "another", to("b"))).toBe(false);
      expect(await store.changePassword(randomUUID(), account.passwordHash, to("b"))).toBe(false);
      expect(await store.changePassword(account.id, account.passwordHash, to("b", { needsMfa: true }))).toBe(
        true,
      );
      expect(await store.findById(account.id)).toEqual({
        ...account,
        passwordHash: "b",
        passwordChangedAt: NOW + 10,
        passwordNeedsMfa: true,
        mustChangePassword: false,
      });
    });

    it("keeps as many replaced passwords as it is told, newest first", async () => {
      const { id } = await created({ passwordHash: "a" });
      for (const [from, next] of ["ab", "bc", "cd", "de", "ef"].map((pair) => [...pair]))
        expect(await store.changePassword(id, from ?? "", to(next ?? ""))).toBe(true);
      expect(await store.passwordHistory(id, 10)).toEqual(["e", "d", "c"]);
      expect(await store.passwordHistory(id, 2)).toEqual(["e", "d"]);
      expect(await store.passwordHistory(id, 0)).toEqual([]);
      await store.changePassword(id, "f", to("g", { keepHistory: 0 }));
      expect(await store.passwordHistory(id, 10)).toEqual([]);
      expect(await store.passwordHistory(randomUUID(), 10)).toEqual([]);
    });

    it("lets exactly one of twenty parallel changes win, and one row of history come of it", async () => {
      for (let round = 0; round < 20; round++) {
        const { id } = await created({ passwordHash: "a" });
        expect(await wins(20, (place) => store.changePassword(id, "a", to(`b${place}`)))).toBe(1);
        expect(await store.passwordHistory(id, 10)).toEqual(["a"]);
      }
    });

    it("lets a change or a rehash win, never both: a rehash brings no old password back", async () => {
      for (let round = 0; round < 20; round++) {
        const { id } = await created({ passwordHash: "a" });
        const [changed, rehashed] = await Promise.all([
          store.changePassword(id, "a", to("new")),
          store.replacePasswordHash(id, "a", "a, stronger"),
        ]);
        expect(changed).not.toBe(rehashed);
        expect((await store.findById(id))?.passwordHash).toBe(changed ? "new" : "a, stronger");
      }
    });

    it("marks what it is told, and leaves the other marks", async () => {
      const account = await created();
      expect(await store.mark(account.id, { disabledAt: NOW })).toBe(true);
      expect(await store.mark(account.id, { deleteAfter: NOW + 1e9 })).toBe(true);
      expect(await store.mark(account.id, { mustChangePassword: true })).toBe(true);
      expect(await store.mark(account.id, {})).toBe(true);
      expect(await store.findById(account.id)).toEqual({
        ...account,
        disabledAt: NOW,
        deleteAfter: NOW + 1e9,
        mustChangePassword: true,
      });
      await store.mark(account.id, { disabledAt: null, deleteAfter: null, mustChangePassword: false });
      expect(await store.findById(account.id)).toEqual(account);
      expect(await store.mark(randomUUID(), { disabledAt: NOW })).toBe(false);
    });

    it("shuts out nobody who is the last with a role, suspended and leaving ones not counted", async () => {
      const role = unique();
      const leaves = { deleteAfter: NOW + 1e9 };
      const [ada, , , nobody] = [
        await created({ roles: ["user", role] }),
        await created({ roles: [role], disabledAt: NOW }),
        await created({ roles: [role], ...leaves }),
        await created({ roles: [`${role}-not`] }),
      ];
      expect(await store.markUnlessLast(ada.id, leaves, role)).toBe(false);
      expect(await store.findById(ada.id)).toEqual(ada);
      expect(await store.markUnlessLast(nobody.id, leaves, role)).toBe(true);
      expect(await store.findById(nobody.id)).toEqual({ ...nobody, ...leaves });
      expect(await store.markUnlessLast(randomUUID(), leaves, role)).toBe(false);
      await created({ roles: [role] });
      expect(await store.markUnlessLast(ada.id, { disabledAt: NOW }, role)).toBe(true);
      expect((await store.findById(ada.id))?.disabledAt).toBe(NOW);
    });

    it("leaves exactly one with a role when all of them are shut out at the same moment", async () => {
      for (let round = 0; round < 20; round++) {
        const role = unique();
        const all = await Promise.all(Array.from({ length: 20 }, () => created({ roles: [role] })));
        const marks = (place: number) => (place % 2 === 0 ? { disabledAt: NOW } : { deleteAfter: NOW + 1e9 });
        const shut = (place: number) => store.markUnlessLast(all[place]?.id ?? "", marks(place), role);
        expect(await wins(20, shut)).toBe(19);
      }
    });

    it("lists page by page, newest first, and says how many there are on every page", async () => {
      const family = unique();
      const made: Account[] = [];
      for (const place of [0, 1, 2, 3, 4])
        made.push(await created({ username: `${family}-${place}`, createdAt: NOW + place }));
      const newestFirst = made.toReversed();
      const page = (limit: number, offset: number) => store.list({ query: family, limit, offset });
      expect(await page(2, 0)).toEqual({ items: newestFirst.slice(0, 2), total: 5 });
      expect(await page(2, 4)).toEqual({ items: newestFirst.slice(4), total: 5 });
      expect(await page(2, 10)).toEqual({ items: [], total: 5 });
      expect((await store.list({ query: "", limit: 1, offset: 0 })).total).toBeGreaterThanOrEqual(5);
    });

    it("finds a part of a name or an address in whatever spelling, and takes no sign for a pattern", async () => {
      const family = unique();
      const unlinked = await created({ username: `${family}ÄRGER_ς`, email: `${family}@Unlinked.example` });
      const linked = await created({ email: `${family}@Linked.example`, createdAt: NOW - 1 }, true);
      const found = async (query: string) =>
        (await store.list({ query, limit: 10, offset: 0 })).items.map(({ id }) => id);
      expect(await found(family.toUpperCase())).toEqual([unlinked.id, linked.id]);
      expect(await found(`${family}@unlinked.EX`)).toEqual([unlinked.id]);
      expect(await found(`${family}@LINKED.example`)).toEqual([linked.id]);
      for (const spelling of ["ÄRGER_ς", "ärger_σ", "A\u0308rger_Σ"])
        expect([spelling, await found(`${family}${spelling}`)]).toEqual([spelling, [unlinked.id]]);
      for (const pattern of [`${family}%`, `${family}_rger`, `${family}.*`, `${family}\0`, "' or ''='"])
        expect([pattern, await found(pattern)]).toEqual([pattern, []]);
    });

    it("counts who has a role", async () => {
      const role = unique();
      expect(await store.countWithRole(role)).toBe(0);
      await created({ roles: ["user", role] });
      await created({ roles: [role] });
      await created({ roles: [`${role}-not`] });
      expect(await store.countWithRole(role)).toBe(2);
    });

    it("deletes what is due, to the very millisecond, and frees its names", async () => {
      const due = await created({ deleteAfter: 1000, email: address() }, true);
      const later = await created({ deleteAfter: 1001 });
      await store.changePassword(due.id, due.passwordHash, to("b"));
      expect(await store.removeDue(999, 0)).toBe(0);
      expect(await store.removeDue(1000, 0)).toBe(1);
      expect(await store.findById(due.id)).toBeUndefined();
      expect(await store.findByLogin(due.email ?? "")).toBeUndefined();
      expect(await store.passwordHistory(due.id, 10)).toEqual([]);
      await created({ username: due.username, email: due.email }, true);
      expect(await store.removeDue(1001, 0)).toBe(1);
      expect(await store.findById(later.id)).toBeUndefined();
    });

    it("deletes registrations that nobody finished, and leaves those that were", async () => {
      const pending = { createdAt: 500, registrationPending: true };
      const unfinished = await created({ ...pending, email: address() });
      const finished = await created({ ...pending, email: address() });
      expect(await store.linkEmail(finished.id, finished.email ?? "", 501)).toBe(true);
      // Made by an administrator, or before addresses had to be verified: nobody's to delete.
      const unverified = await created({ createdAt: 500, email: address() });
      expect(await store.removeDue(0, 0)).toBe(0);
      expect(await store.removeDue(0, 500)).toBe(0);
      expect(await store.removeDue(0, 501)).toBe(1);
      expect(await store.findById(unfinished.id)).toBeUndefined();
      expect((await store.findById(finished.id))?.registrationPending).toBe(false);
      expect(await store.findById(unverified.id)).toEqual(unverified);
    });
  });
}
