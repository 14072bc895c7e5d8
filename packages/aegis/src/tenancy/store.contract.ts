/** What every TenancyStore must do. The memory store is the specification; the others pass the same suite. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TenantRole } from "../request.ts";
import type { Invitation, TenancyStore, Tenant } from "./store.ts";

export function describeTenancyStore(
  name: string,
  open: () => Promise<{
    store: TenancyStore;
    newAccount: () => Promise<string>;
    close: () => Promise<void>;
  }>,
): void {
  describe(`${name} as a tenancy store`, () => {
    let store: TenancyStore;
    let newAccount: () => Promise<string>;
    let close: () => Promise<void>;
    beforeAll(async () => {
      ({ store, newAccount, close } = await open());
    });
    afterAll(() => close?.());

    const NOW = 1_800_000_000_000;
    const MANY = 1000;
    const ALL = { limit: 100, offset: 0 };
    const make = (over: Partial<Tenant> = {}): Tenant => {
      const key = `tenant ${randomUUID()}`;
      return {
        id: randomUUID(),
        name: key.toUpperCase(),
        key,
        openRegistration: false,
        disabledAt: null,
        createdAt: NOW,
        ...over,
      };
    };
    const opened = async (): Promise<{ tenant: Tenant; owner: string }> => {
      const [tenant, owner] = [make(), await newAccount()];
      expect(await store.create(tenant, owner, MANY)).toBe("created");
      return { tenant, owner };
    };
    const joined = async (tenantId: string, role: TenantRole, joinedAt = NOW + 1): Promise<string> => {
      const accountId = await newAccount();
      expect(await store.join(tenantId, { accountId, role, joinedAt }, MANY)).toBe("joined");
      return accountId;
    };
    const invitationTo = (tenantId: string, over: Partial<Invitation> = {}): Invitation => ({
      id: randomUUID(),
      tenantId,
      email: "ada@example.com",
      emailKey: randomUUID(),
      role: "author",
      invitedBy: randomUUID(),
      createdAt: NOW,
      expiresAt: NOW + 1000,
      ...over,
    });
    const twenty = <T>(work: (place: number) => Promise<T>): Promise<T[]> =>
      Promise.all(Array.from({ length: 20 }, (_, place) => work(place)));
    const countOf = (all: readonly unknown[], one: unknown): number =>
      all.filter((each) => each === one).length;

    it("keeps a tenant with its owner, and finds it by id and by key", async () => {
      const { tenant, owner } = await opened();
      expect(await store.find(tenant.id)).toEqual(tenant);
      expect(await store.findByKey(tenant.key)).toEqual(tenant);
      expect(await store.membership(owner, tenant.id)).toEqual({ tenant, role: "owner", joinedAt: NOW });
      for (const nothing of [randomUUID()]) {
        expect(await store.find(nothing)).toBeUndefined();
        expect(await store.findByKey(nothing)).toBeUndefined();
        expect(await store.membership(owner, nothing)).toBeUndefined();
        expect(await store.membership(nothing, tenant.id)).toBeUndefined();
      }
    });

    it("gives a name to one of twenty that want it at once", async () => {
      const { key } = make();
      const results = await twenty(() => store.create(make({ key }), undefined, MANY));
      expect(countOf(results, "created")).toBe(1);
      expect(countOf(results, "taken")).toBe(19);
      const other = make();
      await store.create(other, undefined, MANY);
      expect(await store.change(other.id, { key, name: key })).toBe("taken");
      expect((await store.find(other.id))?.key).toBe(other.key);
    });

    it("lets one account own no more than the limit, however many it opens at once", async () => {
      const owner = await newAccount();
      const results = await twenty(() => store.create(make(), owner, 3));
      expect(countOf(results, "created")).toBe(3);
      expect(countOf(results, "full")).toBe(17);
    });

    it("changes what it is told and nothing else", async () => {
      const { tenant } = await opened();
      expect(await store.change(tenant.id, { openRegistration: true })).toBe("changed");
      expect(await store.change(tenant.id, { disabledAt: NOW + 5 })).toBe("changed");
      expect(await store.find(tenant.id)).toEqual({ ...tenant, openRegistration: true, disabledAt: NOW + 5 });
      expect(await store.change(tenant.id, { disabledAt: null, name: "Acme" })).toBe("changed");
      expect(await store.find(tenant.id)).toEqual({ ...tenant, openRegistration: true, name: "Acme" });
      expect(await store.change(randomUUID(), { name: "Acme" })).toBe("missing");
    });

    it("lists by name with members, and takes signs of a pattern for themselves", async () => {
      const mark = randomUUID();
      const [one, two] = [make({ key: `${mark} a_1` }), make({ key: `${mark} b%2` })];
      for (const each of [two, one]) await store.create(each, undefined, MANY);
      await joined(two.id, "learner");
      expect(await store.list(mark, ALL)).toEqual({
        items: [
          { ...one, members: 0 },
          { ...two, members: 1 },
        ],
        total: 2,
      });
      expect((await store.list(mark, { limit: 1, offset: 1 })).items.map(({ id }) => id)).toEqual([two.id]);
      expect((await store.list(`${mark} a%`, ALL)).total).toBe(0);
      expect((await store.list(`${mark} b_2`, ALL)).total).toBe(0);
      expect((await store.list("\0", ALL)).total).toBe(0);
    });

    it("lists a person's tenants, the one entered last first, and a tenant's members by age", async () => {
      const [first, second] = [await opened(), await opened()];
      const person = await joined(first.tenant.id, "learner", NOW + 2);
      await store.join(second.tenant.id, { accountId: person, role: "admin", joinedAt: NOW + 3 }, MANY);
      const names = async () => (await store.memberships(person)).map(({ tenant }) => tenant.id);
      expect(await names()).toEqual([first.tenant.id, second.tenant.id]);
      await store.entered(person, second.tenant.id, NOW + 10);
      expect(await names()).toEqual([second.tenant.id, first.tenant.id]);
      expect(await store.members(first.tenant.id, ALL)).toEqual({
        items: [
          { accountId: first.owner, role: "owner", joinedAt: NOW },
          { accountId: person, role: "learner", joinedAt: NOW + 2 },
        ],
        total: 2,
      });
      expect((await store.members(first.tenant.id, { limit: 1, offset: 1 })).items).toHaveLength(1);
    });

    it("lets in no more members than the limit, and nobody twice, however many come at once", async () => {
      const { tenant } = await opened();
      const people = await Promise.all(Array.from({ length: 20 }, () => newAccount()));
      const results = await Promise.all(
        people.map((accountId) => store.join(tenant.id, { accountId, role: "learner", joinedAt: NOW }, 5)),
      );
      expect(countOf(results, "joined")).toBe(4);
      expect((await store.members(tenant.id, ALL)).total).toBe(5);
      const other = await opened();
      const same = await newAccount();
      const again = await twenty(() =>
        store.join(other.tenant.id, { accountId: same, role: "learner", joinedAt: NOW }, MANY),
      );
      expect(countOf(again, "joined")).toBe(1);
      expect(countOf(again, "member")).toBe(19);
    });

    it("keeps the last owner, whichever of twenty go at once", async () => {
      const { tenant, owner } = await opened();
      const owners = [owner, ...(await twenty(() => joined(tenant.id, "owner")))];
      const results = await Promise.all(
        owners.map((one, place) =>
          place % 2 === 0
            ? store.remove(tenant.id, one, true)
            : store.setRole(tenant.id, one, "learner", true),
        ),
      );
      expect(countOf(results, "changed")).toBe(20);
      expect(countOf(results, "last_owner")).toBe(1);
      const { items } = await store.members(tenant.id, ALL);
      expect(items.filter(({ role }) => role === "owner")).toHaveLength(1);
    });

    it("lets owners be touched only by whom it is told, and changes nobody of another tenant", async () => {
      const { tenant, owner } = await opened();
      const learner = await joined(tenant.id, "learner");
      expect(await store.remove(tenant.id, owner, false)).toBe("owner");
      expect(await store.setRole(tenant.id, owner, "admin", false)).toBe("owner");
      expect(await store.setRole(tenant.id, learner, "author", false)).toBe("changed");
      const other = await opened();
      expect(await store.remove(other.tenant.id, learner, true)).toBe("missing");
      expect(await store.setRole(other.tenant.id, learner, "owner", true)).toBe("missing");
      expect(await store.membership(learner, tenant.id)).toMatchObject({ role: "author" });
      expect(await store.remove(tenant.id, learner, false)).toBe("changed");
      expect(await store.membership(learner, tenant.id)).toBeUndefined();
    });

    it("keeps open invitations within the limit, one for an address, however many are made at once", async () => {
      const { tenant } = await opened();
      const results = await twenty(() => store.invite(invitationTo(tenant.id), 5));
      expect(countOf(results, "invited")).toBe(5);
      const [first] = await store.invitations(tenant.id, NOW);
      const again = invitationTo(tenant.id, { emailKey: first?.emailKey ?? "" });
      expect(await store.invite(again, 5)).toBe("invited");
      expect(await store.findInvitation(first?.id ?? "", NOW)).toBeUndefined();
      expect(await store.findInvitation(again.id, NOW)).toEqual(again);
      expect(await store.invitations(tenant.id, NOW)).toHaveLength(5);
      expect(await store.invitations(tenant.id, NOW + 1000)).toEqual([]);
      expect(
        await store.invite(invitationTo(tenant.id, { createdAt: NOW + 1000, expiresAt: NOW + 2000 }), 5),
      ).toBe("invited");
    });

    it("takes an invitation for one of twenty that accept it at once", async () => {
      const { tenant } = await opened();
      const invitation = invitationTo(tenant.id);
      await store.invite(invitation, MANY);
      const people = await twenty(() => newAccount());
      const results = await Promise.all(people.map((one) => store.accept(invitation.id, one, NOW + 1, MANY)));
      const outcomes = results.map(({ outcome }) => outcome);
      expect(countOf(outcomes, "joined")).toBe(1);
      expect(countOf(outcomes, "gone")).toBe(19);
      expect((await store.members(tenant.id, ALL)).items.map(({ role }) => role)).toEqual([
        "owner",
        "author",
      ]);
    });

    it("accepts nothing that is past or withdrawn, and leaves what finds no room for later", async () => {
      const { tenant, owner } = await opened();
      const [late, full, gone, own] = [0, 1, 2, 3].map(() => invitationTo(tenant.id));
      for (const one of [late, full, gone, own]) if (one !== undefined) await store.invite(one, MANY);
      const person = await newAccount();
      expect(await store.accept(late?.id ?? "", person, NOW + 1000, MANY)).toEqual({ outcome: "gone" });
      expect(await store.accept(full?.id ?? "", person, NOW, 1)).toEqual({ outcome: "full" });
      expect(await store.withdraw(randomUUID(), gone?.id ?? "")).toBe(false);
      expect(await store.withdraw(tenant.id, gone?.id ?? "")).toBe(true);
      expect(await store.withdraw(tenant.id, gone?.id ?? "")).toBe(false);
      expect(await store.accept(gone?.id ?? "", person, NOW, MANY)).toEqual({ outcome: "gone" });
      expect(await store.accept(own?.id ?? "", owner, NOW, MANY)).toEqual({
        outcome: "member",
        tenantId: tenant.id,
        role: "owner",
      });
      expect(await store.accept(full?.id ?? "", person, NOW, 2)).toEqual({
        outcome: "joined",
        tenantId: tenant.id,
        role: "author",
      });
    });

    it("forgets invitations that are past, and only those", async () => {
      await store.removeExpired(NOW * 2);
      const { tenant } = await opened();
      const kept = invitationTo(tenant.id, { expiresAt: NOW + 1001 });
      await store.invite(invitationTo(tenant.id), MANY);
      await store.invite(kept, MANY);
      expect(await store.removeExpired(NOW + 1000)).toBe(1);
      expect(await store.findInvitation(kept.id, NOW)).toEqual(kept);
    });
  });
}
