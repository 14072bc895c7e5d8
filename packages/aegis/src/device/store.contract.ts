/** What every DeviceStore must do. The memory store is the specification; the others pass the same suite. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DEVICES_PER_ACCOUNT, type DeviceStore, type KnownDevice } from "./store.ts";

export function describeDeviceStore(
  name: string,
  open: () => Promise<{
    store: DeviceStore;
    newAccount: () => Promise<string>;
    close: () => Promise<void>;
  }>,
): void {
  describe(`${name} as a device store`, () => {
    let store: DeviceStore;
    let newAccount: () => Promise<string>;
    let close: () => Promise<void>;
    beforeAll(async () => {
      ({ store, newAccount, close } = await open());
    });
    afterAll(() => close?.());

    const NOW = 1_800_000_000_000;
    const make = (accountId: string, over: Partial<KnownDevice> = {}): KnownDevice => ({
      id: randomUUID(),
      accountId,
      tokenHash: randomUUID(),
      createdAt: NOW,
      expiresAt: NOW + 1000,
      ...over,
    });
    const remembered = async (accountId: string, over: Partial<KnownDevice> = {}): Promise<KnownDevice> => {
      const device = make(accountId, over);
      await store.remember(device);
      return device;
    };
    const isKnown = async ({ accountId, tokenHash }: KnownDevice): Promise<boolean> =>
      (await store.find(accountId, tokenHash, NOW)) !== undefined;
    const knownOf = async (devices: readonly KnownDevice[]): Promise<KnownDevice[]> => {
      const known = await Promise.all(devices.map(isKnown));
      return devices.filter((_, place) => known[place]);
    };

    it("knows a device by its token, for its own account alone", async () => {
      const [owner, stranger] = [await newAccount(), await newAccount()];
      expect(await store.hasAny(owner, NOW)).toBe(false);
      const { id, tokenHash } = await remembered(owner);
      expect(await store.find(owner, tokenHash, NOW)).toBe(id);
      expect(await store.find(stranger, tokenHash, NOW)).toBeUndefined();
      expect(await store.find("00000000-0000-0000-0000-000000000000", tokenHash, NOW)).toBeUndefined();
      expect(await store.find(owner, "' or ''='", NOW)).toBeUndefined();
      expect([await store.hasAny(owner, NOW), await store.hasAny(stranger, NOW)]).toEqual([true, false]);
    });

    it("knows none from the very millisecond it ends", async () => {
      const owner = await newAccount();
      const { tokenHash } = await remembered(owner);
      expect(await store.find(owner, tokenHash, NOW + 999)).toBeDefined();
      expect(await store.find(owner, tokenHash, NOW + 1000)).toBeUndefined();
      expect([await store.hasAny(owner, NOW + 999), await store.hasAny(owner, NOW + 1000)]).toEqual([
        true,
        false,
      ]);
    });

    it("keeps the newest of an account, and lets nobody else's go for them", async () => {
      const [owner, other] = [await newAccount(), await newAccount()];
      const foreign = await remembered(other, { createdAt: NOW - 10_000 });
      const devices: KnownDevice[] = [];
      for (let place = 0; place < DEVICES_PER_ACCOUNT + 3; place++)
        devices.push(await remembered(owner, { createdAt: NOW + place }));
      expect(await knownOf(devices)).toEqual(devices.slice(3));
      expect(await isKnown(foreign)).toBe(true);
    });

    it("keeps no more when forty come at the same moment, and those are the newest", async () => {
      for (let round = 0; round < 5; round++) {
        const owner = await newAccount();
        const devices = Array.from({ length: 40 }, (_, place) => make(owner, { createdAt: NOW + place }));
        await Promise.all(devices.map((device) => store.remember(device)));
        expect(await knownOf(devices)).toEqual(devices.slice(40 - DEVICES_PER_ACCOUNT));
      }
    });

    it("forgets all of an account, and nobody else's", async () => {
      const [owner, other] = [await newAccount(), await newAccount()];
      const [gone, stays] = [await remembered(owner), await remembered(other)];
      await store.forgetAll(owner);
      expect(await knownOf([gone, stays])).toEqual([stays]);
    });

    it("forgets what is past, and only that", async () => {
      await store.removeExpired(NOW * 2);
      const owner = await newAccount();
      const live = await remembered(owner);
      await remembered(owner, { expiresAt: NOW });
      expect(await store.removeExpired(NOW)).toBe(1);
      expect(await isKnown(live)).toBe(true);
    });
  });
}
