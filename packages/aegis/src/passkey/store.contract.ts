/** What every PasskeyStore must do. The memory store is the specification; the others pass the same suite. */
import { randomBytes, randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Passkey, PASSKEYS_PER_ACCOUNT, type PasskeyStore } from "./store.ts";

export function describePasskeyStore(
  name: string,
  open: () => Promise<{
    store: PasskeyStore;
    newAccount: () => Promise<string>;
    close: () => Promise<void>;
  }>,
): void {
  describe(`${name} as a passkey store`, () => {
    let store: PasskeyStore;
    let newAccount: () => Promise<string>;
    let close: () => Promise<void>;
    beforeAll(async () => {
      ({ store, newAccount, close } = await open());
    });
    afterAll(() => close?.());

    const NOW = 1_800_000_000_000;
    const make = (accountId: string, over: Partial<Passkey> = {}): Passkey => ({
      id: randomUUID(),
      accountId,
      credentialId: randomBytes(32).toString("base64url"),
      publicKey: new Uint8Array([0, 255, 1, 127, 128]),
      counter: 7,
      transports: ["internal", "hybrid"],
      name: "Ada's Schlüssel 🔑",
      backedUp: true,
      createdAt: NOW,
      lastUsedAt: null,
      ...over,
    });
    const added = async (accountId: string, over: Partial<Passkey> = {}): Promise<Passkey> => {
      const passkey = make(accountId, over);
      expect(await store.add(passkey)).toBe(true);
      return passkey;
    };
    /** Bytes come as one class or another; what counts is what they are. */
    const plain = (passkey: Passkey | undefined) =>
      passkey === undefined ? undefined : { ...passkey, publicKey: [...passkey.publicKey] };
    const wins = async (calls: readonly Promise<boolean>[]): Promise<number> =>
      (await Promise.all(calls)).filter(Boolean).length;

    it("gives back what it was given, to the last byte of the key", async () => {
      const passkey = await added(await newAccount());
      expect(plain(await store.findByCredentialId(passkey.credentialId))).toEqual(plain(passkey));
      expect((await store.listByAccount(passkey.accountId)).map(plain)).toEqual([plain(passkey)]);
      for (const strange of ["", "__proto__", "' or ''='"])
        expect(await store.findByCredentialId(strange)).toBeUndefined();
    });

    it("refuses a credential that is known, whoever has it", async () => {
      const { credentialId, accountId } = await added(await newAccount());
      expect(await store.add(make(accountId, { credentialId }))).toBe(false);
      expect(await store.add(make(await newAccount(), { credentialId }))).toBe(false);
    });

    it("adds one credential for exactly one of twenty parallel calls", async () => {
      for (let round = 0; round < 20; round++) {
        const { credentialId } = make("");
        const owners = [await newAccount(), await newAccount()];
        const tries = Array.from({ length: 20 }, (_, place) =>
          store.add(make(owners[place % 2] ?? "", { credentialId })),
        );
        expect(await wins(tries)).toBe(1);
      }
    });

    it("keeps no more of an account than it may have, one after the other or all at once", async () => {
      const one = await newAccount();
      for (let place = 0; place < PASSKEYS_PER_ACCOUNT; place++) await added(one);
      expect(await store.add(make(one))).toBe(false);
      for (let round = 0; round < 5; round++) {
        const owner = await newAccount();
        const tries = Array.from({ length: 40 }, () => store.add(make(owner)));
        expect(await wins(tries)).toBe(PASSKEYS_PER_ACCOUNT);
        expect(await store.listByAccount(owner)).toHaveLength(PASSKEYS_PER_ACCOUNT);
      }
    });

    it("lists an account's own, oldest first", async () => {
      const [owner, other] = [await newAccount(), await newAccount()];
      const newer = await added(owner, { createdAt: NOW + 1 });
      const older = await added(owner);
      await added(other);
      expect((await store.listByAccount(owner)).map(({ id }) => id)).toEqual([older.id, newer.id]);
    });

    it("notes a use only while the counter is what the signature was checked against", async () => {
      const { id, credentialId } = await added(await newAccount());
      expect(await store.noteUse(id, 6, 8, NOW + 5)).toBe(false);
      expect(await store.noteUse(randomUUID(), 7, 8, NOW + 5)).toBe(false);
      expect(await store.noteUse(id, 7, 8, NOW + 5)).toBe(true);
      expect(await store.findByCredentialId(credentialId)).toMatchObject({ counter: 8, lastUsedAt: NOW + 5 });
    });

    it("notes one use of twenty parallel ones of a signature, a hundred times", async () => {
      const { id } = await added(await newAccount(), { counter: 0 });
      for (let round = 0; round < 100; round++)
        expect(await wins(Array.from({ length: 20 }, () => store.noteUse(id, round, round + 1, NOW)))).toBe(
          1,
        );
    });

    it("counts up to what four bytes of an authenticator hold", async () => {
      const { id, credentialId } = await added(await newAccount(), { counter: 2 ** 32 - 2 });
      expect(await store.noteUse(id, 2 ** 32 - 2, 2 ** 32 - 1, NOW)).toBe(true);
      expect((await store.findByCredentialId(credentialId))?.counter).toBe(2 ** 32 - 1);
    });

    it("renames and removes for the owner alone, and removes once", async () => {
      const [owner, stranger] = [await newAccount(), await newAccount()];
      const { id, credentialId } = await added(owner);
      expect(await store.rename(stranger, id, "mine")).toBe(false);
      expect(await store.remove(stranger, id)).toBe(false);
      expect(await store.rename(owner, id, "Phone")).toBe(true);
      expect((await store.findByCredentialId(credentialId))?.name).toBe("Phone");
      expect(await wins(Array.from({ length: 20 }, () => store.remove(owner, id)))).toBe(1);
      expect(await store.findByCredentialId(credentialId)).toBeUndefined();
    });

    it("leaves the last one where it must, however many are removed at once", async () => {
      for (let round = 0; round < 20; round++) {
        const [owner, stranger] = [await newAccount(), await newAccount()];
        const own = [await added(owner), await added(owner), await added(owner)];
        await added(stranger);
        expect(await wins(own.map(({ id }) => store.removeUnlessLast(stranger, id)))).toBe(0);
        expect(await wins(own.map(({ id }) => store.removeUnlessLast(owner, id)))).toBe(2);
        expect(await store.listByAccount(owner)).toHaveLength(1);
      }
    });

    it("removes all of an account, and nobody else's", async () => {
      const [owner, other] = [await newAccount(), await newAccount()];
      await added(owner);
      await added(owner);
      await added(other);
      expect(await store.removeAll(owner)).toBe(2);
      expect(await store.listByAccount(owner)).toEqual([]);
      expect(await store.listByAccount(other)).toHaveLength(1);
    });
  });
}
