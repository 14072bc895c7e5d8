/** What every FactorStore must do. The memory store is the specification; the others pass the same suite. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FactorStore } from "./store.ts";

export function describeFactorStore(
  name: string,
  open: () => Promise<{
    store: FactorStore;
    newAccount: () => Promise<string>;
    close: () => Promise<void>;
  }>,
): void {
  describe(`${name} as a store of second factors`, () => {
    let store: FactorStore;
    let newAccount: () => Promise<string>;
    let close: () => Promise<void>;
    beforeAll(async () => {
      ({ store, newAccount, close } = await open());
    });
    afterAll(() => close?.());

    const NOW = 1_800_000_000_000;
    const STEP = NOW / 30_000;
    const wins = async (work: () => Promise<boolean>): Promise<number> =>
      (await Promise.all(Array.from({ length: 20 }, work))).filter(Boolean).length;
    const enabled = async (): Promise<string> => {
      const id = await newAccount();
      await store.offerTotp(id, "sealed");
      expect(await store.enableTotp(id, "sealed", STEP, NOW)).toBe(true);
      return id;
    };

    it("knows nothing of an account without factors", async () => {
      const id = await newAccount();
      expect(await store.totp(id)).toBeUndefined();
      expect(await store.countBackupCodes(id)).toEqual({ left: 0, total: 0 });
      expect(await store.spendStep(id, STEP)).toBe(false);
      expect(await store.spendBackupCode(id, "a", NOW)).toBe(false);
      expect(await store.removeTotp(id)).toBe(false);
    });

    it("replaces an offered secret until it is confirmed, and never after", async () => {
      const id = await newAccount();
      expect(await store.offerTotp(id, "first")).toBe(true);
      expect(await store.offerTotp(id, "second")).toBe(true);
      expect(await store.totp(id)).toEqual({ sealedSecret: "second", enabledAt: null });
      expect(await store.enableTotp(id, "first", STEP, NOW)).toBe(false); // a page that was left open
      expect(await store.spendStep(id, STEP + 1)).toBe(false); // counts for nothing yet
      expect(await store.enableTotp(id, "second", STEP, NOW)).toBe(true);
      expect(await store.offerTotp(id, "third")).toBe(false);
      expect(await store.enableTotp(id, "second", STEP + 1, NOW)).toBe(false);
      expect(await store.totp(id)).toEqual({ sealedSecret: "second", enabledAt: NOW });
    });

    it("spends the step that confirmed the secret, and none that is not later than every one before", async () => {
      const id = await enabled();
      expect(await store.spendStep(id, STEP)).toBe(false);
      expect(await store.spendStep(id, STEP + 2)).toBe(true);
      expect(await store.spendStep(id, STEP + 1)).toBe(false);
      expect(await store.spendStep(id, STEP + 2)).toBe(false);
      expect(await store.spendStep(id, STEP + 3)).toBe(true);
    });

    it("lets exactly one of twenty parallel calls enable, and spend a step, a hundred times", async () => {
      for (let round = 0; round < 100; round++) {
        const id = await newAccount();
        await store.offerTotp(id, "sealed");
        expect(await wins(() => store.enableTotp(id, "sealed", STEP, NOW))).toBe(1);
        expect(await wins(() => store.spendStep(id, STEP + 1))).toBe(1);
      }
    });

    it("never enables a secret that another offer replaced in the same moment", async () => {
      for (let round = 0; round < 50; round++) {
        const id = await newAccount();
        await store.offerTotp(id, "first");
        const [isEnabled, isReplaced] = await Promise.all([
          store.enableTotp(id, "first", STEP, NOW),
          store.offerTotp(id, "second"),
        ]);
        expect(isEnabled).not.toBe(isReplaced);
        expect(await store.totp(id)).toEqual(
          isEnabled ? { sealedSecret: "first", enabledAt: NOW } : { sealedSecret: "second", enabledAt: null },
        );
      }
    });

    it("seals a secret anew without giving a spent step back, and only in place of the one that was opened", async () => {
      const id = await enabled();
      await store.resealTotp(id, "another", "wrong");
      expect(await store.totp(id)).toEqual({ sealedSecret: "sealed", enabledAt: NOW });
      await store.resealTotp(id, "sealed", "anew");
      expect(await store.totp(id)).toEqual({ sealedSecret: "anew", enabledAt: NOW });
      expect(await store.spendStep(id, STEP)).toBe(false);
    });

    it("removes an authenticator once, and starts over after", async () => {
      const id = await enabled();
      expect(await wins(() => store.removeTotp(id))).toBe(1);
      expect(await store.totp(id)).toBeUndefined();
      expect(await store.offerTotp(id, "fresh")).toBe(true);
    });

    it("spends a backup code once, for its own account alone", async () => {
      const [id, other] = [await newAccount(), await newAccount()];
      await store.replaceBackupCodes(id, ["a", "b", "c"]);
      expect(await store.spendBackupCode(other, "a", NOW)).toBe(false);
      for (const strange of ["", "d", "__proto__", "' or ''='"])
        expect(await store.spendBackupCode(id, strange, NOW)).toBe(false);
      expect(await store.spendBackupCode(id, "a", NOW)).toBe(true);
      expect(await store.spendBackupCode(id, "a", NOW)).toBe(false);
      expect(await store.countBackupCodes(id)).toEqual({ left: 2, total: 3 });
    });

    it("voids the old set with a new one, used codes and all", async () => {
      const id = await newAccount();
      await store.replaceBackupCodes(id, ["a", "b"]);
      await store.spendBackupCode(id, "a", NOW);
      await store.replaceBackupCodes(id, ["c", "d", "e"]);
      expect(await store.countBackupCodes(id)).toEqual({ left: 3, total: 3 });
      expect(await store.spendBackupCode(id, "b", NOW)).toBe(false);
      expect(await store.spendBackupCode(id, "c", NOW)).toBe(true);
      await store.replaceBackupCodes(id, []);
      expect(await store.countBackupCodes(id)).toEqual({ left: 0, total: 0 });
    });

    it("leaves one set of the several that are made at the same moment", async () => {
      for (let round = 0; round < 20; round++) {
        const id = await newAccount();
        const sets = Array.from({ length: 8 }, () => Array.from({ length: 10 }, () => randomUUID()));
        await Promise.all(sets.map((codes) => store.replaceBackupCodes(id, codes)));
        expect(await store.countBackupCodes(id)).toEqual({ left: 10, total: 10 });
      }
    });

    it("spends a backup code for exactly one of twenty parallel calls, a hundred times", async () => {
      for (let round = 0; round < 100; round++) {
        const id = await newAccount();
        await store.replaceBackupCodes(id, ["a", "b"]);
        expect(await wins(() => store.spendBackupCode(id, "a", NOW))).toBe(1);
        expect(await store.countBackupCodes(id)).toEqual({ left: 1, total: 2 });
      }
    });
  });
}
