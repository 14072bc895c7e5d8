/** What every EventStore must do. The memory store is the specification; the others pass the same suite. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AccountEvent, EventStore } from "./event-store.ts";
import { auditEventNames } from "./events.ts";

export function describeEventStore(
  name: string,
  open: () => Promise<{
    store: EventStore;
    newAccount: () => Promise<string>;
    close: () => Promise<void>;
  }>,
): void {
  describe(`${name} as an event store`, () => {
    let store: EventStore;
    let newAccount: () => Promise<string>;
    let close: () => Promise<void>;
    beforeAll(async () => {
      ({ store, newAccount, close } = await open());
    });
    afterAll(() => close?.());

    const NOW = 1_800_000_000_000;
    const appended = async (accountId: string, over: Partial<AccountEvent> = {}): Promise<AccountEvent> => {
      const event: AccountEvent = {
        accountId,
        event: "session.signed_in",
        outcome: "success",
        at: NOW,
        ip: "2001:db8::1",
        device: "Firefox on Windows, aus Köln",
        ...over,
      };
      await store.append(event);
      return event;
    };

    it("gives back what it was given, newest first, and nobody else's", async () => {
      const [owner, other] = [await newAccount(), await newAccount()];
      const older = await appended(owner, { outcome: "failure", event: "session.sign_in_failed" });
      const newest = await appended(owner, { at: NOW + 2 });
      const middle = await appended(owner, { at: NOW + 1 });
      await appended(other);
      expect(await store.listByAccount(owner, 10)).toEqual([newest, middle, older]);
      expect(await store.listByAccount(owner, 2)).toEqual([newest, middle]);
      expect(await store.listByAccount(await newAccount(), 10)).toEqual([]);
    });

    it("tells two events of one millisecond in the order they came, the last first", async () => {
      const owner = await newAccount();
      for (const event of ["password.changed", "session.ended", "session.signed_in"] as const)
        await appended(owner, { event });
      expect((await store.listByAccount(owner, 10)).map(({ event }) => event)).toEqual([
        "session.signed_in",
        "session.ended",
        "password.changed",
      ]);
    });

    it("keeps every kind of event, and loses none of a hundred at the same moment", async () => {
      const owner = await newAccount();
      for (const event of auditEventNames) await appended(owner, { event });
      await Promise.all(Array.from({ length: 100 }, (_, place) => appended(owner, { at: NOW + place })));
      expect(await store.listByAccount(owner, 1000)).toHaveLength(auditEventNames.length + 100);
    });

    it("forgets what is older, and only that", async () => {
      await store.removeBefore(NOW * 2);
      const owner = await newAccount();
      const kept = await appended(owner);
      await appended(owner, { at: NOW - 1 });
      expect(await store.removeBefore(NOW)).toBe(1);
      expect(await store.listByAccount(owner, 10)).toEqual([kept]);
    });
  });
}
