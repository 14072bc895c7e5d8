import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { MemoryRevocationLedger } from "../../revocation/memory-ledger.ts";
import { revocations } from "../../revocation/service.ts";
import { MemoryTokenDenylist } from "../../token/memory-store.ts";
import { describeTokenDenylist } from "../../token/store.contract.ts";
import type { Denial, TokenDenylist, TokenFacts } from "../../token/store.ts";
import { systemRandom } from "../../lib/random.ts";
import { CachedTokenDenylist } from "./token-denylist.ts";

const away = Object.assign(new Error("connection lost"), { code: "ECONNREFUSED" });

/** Instances on one store, one ledger and one bus, of which any can fail. */
function world() {
  const [ledger, store] = [new MemoryRevocationLedger(), new MemoryTokenDenylist()];
  const listeners: ((message: string) => void)[] = [];
  const bus = {
    publish: async (message: string) => listeners.forEach((listener) => listener(message)),
    listen: async (listener: (message: string) => void) => {
      listeners.push(listener);
      return async () => undefined;
    },
  };
  const state = { asked: 0, isStoreAway: false, isLedgerAway: false };
  const counted: TokenDenylist = {
    deny: (denials) => (state.isStoreAway ? Promise.reject(away) : store.deny(denials)),
    isRevoked: (facts, now) => {
      state.asked += 1;
      return state.isStoreAway ? Promise.reject(away) : store.isRevoked(facts, now);
    },
    list: (now) => (state.isStoreAway ? Promise.reject(away) : store.list(now)),
    removeExpired: (now) => store.removeExpired(now),
  };
  const instance = async (leaseMs = 60_000) => {
    const service = revocations({
      ledger: {
        append: (entries) => ledger.append(entries),
        lease: (id, milliseconds) =>
          state.isLedgerAway ? Promise.reject(away) : ledger.lease(id, milliseconds),
        release: (id) => ledger.release(id),
        since: (mark) => ledger.since(mark),
        holders: () => ledger.holders(),
        removeExpired: (now) => ledger.removeExpired(now),
      },
      bus,
      random: systemRandom,
      now: () => Date.now(),
      leaseMs,
      onTrouble: () => undefined,
    });
    await service.start();
    return new CachedTokenDenylist(counted, service);
  };
  return { state, store, instance };
}

const facts = (): TokenFacts => ({
  jti: randomUUID(),
  family: randomUUID(),
  userId: randomUUID(),
  issuedAt: 10,
});
const denial = (kind: Denial["kind"], id: string): Denial => ({
  kind,
  id,
  issuedBefore: 11,
  expiresAt: Date.now() + 3_600_000,
});

describeTokenDenylist("memory with a lease before a store", async () => ({
  store: await world().instance(),
  close: async () => undefined,
}));
describeTokenDenylist("memory without a lease before a store", async () => {
  const { instance, state } = world();
  state.isLedgerAway = true;
  return { store: await instance(), close: async () => undefined };
});

describe("a list of revoked tokens in memory", () => {
  it("refuses on every instance what one denied, and asks nobody", async () => {
    const { state, instance } = world();
    const [one, other] = [await instance(), await instance()];
    const [token, family, user, free] = [facts(), facts(), facts(), facts()];
    for (const list of [one, other]) expect(await list.isRevoked(token, 0)).toBe(false);
    await one.deny([
      denial("token", token.jti),
      denial("family", family.family),
      denial("user", user.userId),
      denial("token", free.family), // of another kind
    ]);
    for (const list of [one, other]) {
      for (const denied of [token, family, user]) expect(await list.isRevoked(denied, 0)).toBe(true);
      expect(await list.isRevoked({ ...user, issuedAt: 11 }, 0)).toBe(false);
      expect(await list.isRevoked(free, 0)).toBe(false);
    }
    expect(state.asked).toBe(0);
  });

  it("knows what was denied before there was a ledger, and believes no token until it does", async () => {
    const { state, store, instance } = world();
    const denied = facts();
    await store.deny([denial("family", denied.family)]);
    const list = await instance();
    state.isStoreAway = true;
    await expect(list.isRevoked(denied, 0)).rejects.toThrow("connection lost");
    await expect(list.isRevoked(facts(), 0)).rejects.toThrow("connection lost");
    state.isStoreAway = false;
    expect([await list.isRevoked(denied, 0), await list.isRevoked(facts(), 0)]).toEqual([true, false]);
    expect(state.asked).toBe(0);
  });

  it("asks the store without a lease, and believes no token while that is away too", async () => {
    const { state, store, instance } = world();
    const list = await instance();
    expect(await list.isRevoked(facts(), 0)).toBe(false);
    state.isLedgerAway = true;
    const late = await instance();
    const denied = facts();
    await store.deny([denial("family", denied.family)]); // by an instance that this one did not hear
    expect([await late.isRevoked(denied, 0), state.asked]).toEqual([true, 0]); // it has just read them all
    const unheard = facts();
    await store.deny([denial("user", unheard.userId)]);
    expect([await late.isRevoked(unheard, 0), state.asked]).toEqual([true, 1]);
    state.isStoreAway = true;
    await expect(late.isRevoked(facts(), 0)).rejects.toThrow("connection lost");
  });

  it("does not acknowledge what the store does not have", async () => {
    const { state, instance } = world();
    const [one, other] = [await instance(), await instance()];
    const denied = facts();
    expect(await other.isRevoked(denied, 0)).toBe(false);
    state.isStoreAway = true;
    await expect(one.deny([denial("family", denied.family)])).rejects.toThrow("connection lost");
    expect(await other.isRevoked(denied, 0)).toBe(true); // told all the same
  });
});
