/** What every AuditLogStore must do. The memory store is the specification; the others pass the same suite. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AuditRecord, type ChainEntry, hashOf, isIntact } from "./chain.ts";
import { headSigner, keyFromSeed } from "./heads.ts";
import type { AuditLogStore } from "./store.ts";
import { verifyChain } from "./verify.ts";

export const sampleRecord = (over: Partial<AuditRecord> = {}): AuditRecord => ({
  id: randomUUID(),
  at: "2027-01-15T08:00:00.000Z",
  event: "session.signed_in",
  outcome: "success",
  request_id: randomUUID(),
  source: "0123456789abcdef",
  ...over,
});

export function describeAuditLogStore(
  name: string,
  open: () => Promise<{ store: AuditLogStore; close: () => Promise<void> }>,
): void {
  describe(`${name} as an audit log`, () => {
    let store: AuditLogStore;
    let close: () => Promise<void>;
    beforeAll(async () => {
      ({ store, close } = await open());
    });
    afterAll(() => close?.());

    const signer = headSigner(keyFromSeed(new Uint8Array(32).fill(3)));
    const wholeLog = async (): Promise<string[]> => {
      const lines: string[] = [];
      for (let after = 0; ;) {
        const some = await store.lines(after, 97);
        lines.push(...some.map(({ line }) => line));
        const last = some.at(-1);
        if (last === undefined) return lines;
        after = last.seq;
      }
    };
    const entries = async (query: Parameters<AuditLogStore["page"]>[0]): Promise<readonly ChainEntry[]> =>
      (await store.page(query)).filter(isIntact);

    it("links what is appended behind what is there, and gives it back as it was", async () => {
      const before = await store.head();
      const records = [
        sampleRecord({
          facts: { reason: 'ü "quoted" \\ 🛳', count: 2, kept: true },
          user_id: randomUUID(),
        }),
        sampleRecord({ outcome: "failure", code: "AEGIS_X" }),
      ];
      const { head, knownHolds } = await store.append(records);
      expect([head.seq, knownHolds]).toEqual([before.seq + 2, true]);
      expect(await store.head()).toEqual(head);
      const [second, first] = await entries({ limit: 2 });
      expect([first?.record, second?.record]).toEqual(records);
      expect([first?.previous, second?.previous, second?.hash]).toEqual([
        before.hash,
        first?.hash,
        head.hash,
      ]);
      expect(first === undefined ? "" : hashOf(first)).toBe(first?.hash);
    });

    it("makes one chain without a gap of what twenty append at once, and loses nothing", async () => {
      const before = await store.head();
      const batches = Array.from({ length: 20 }, () => [sampleRecord(), sampleRecord(), sampleRecord()]);
      await Promise.all(batches.map((batch) => store.append(batch)));
      expect((await store.head()).seq).toBe(before.seq + 60);
      const report = await verifyChain(await wholeLog(), { keys: new Map() });
      expect([report.problems, report.entries]).toEqual([[], before.seq + 60]);
      const ids = new Set((await entries({ limit: 60 })).map(({ record }) => record.id));
      expect(batches.flat().every(({ id }) => ids.has(id))).toBe(true);
    });

    it("leaves out what is there when an append is tried again", async () => {
      const [kept, fresh] = [sampleRecord(), sampleRecord()];
      const { head } = await store.append([kept]);
      const tried = await store.append([kept, fresh], { again: true });
      expect(tried.head.seq).toBe(head.seq + 1);
    });

    it("says whether an entry that was seen still stands", async () => {
      const { head } = await store.append([sampleRecord()]);
      const holds = async (known: { seq: number; hash: string }) =>
        (await store.append([sampleRecord()], { known })).knownHolds;
      expect(await holds(head)).toBe(true);
      expect(await holds({ seq: head.seq, hash: "0".repeat(43) })).toBe(false);
      expect(await holds({ seq: head.seq + 1000, hash: head.hash })).toBe(false);
      expect(await holds({ seq: 0, hash: "" })).toBe(true);
    });

    it("finds by event, group, outcome, person, address and time, page by page", async () => {
      const user = randomUUID();
      const source = randomUUID().slice(0, 16);
      const made = [
        sampleRecord({ event: "mfa.enabled", user_id: user, at: "2030-01-01T00:00:00.000Z" }),
        sampleRecord({ event: "mfa.disabled", user_id: user, at: "2030-01-02T00:00:00.000Z", source }),
        sampleRecord({ event: "mfa.code_refused", user_id: user, outcome: "failure", source }),
      ];
      await store.append(made);
      const names = async (query: object) =>
        (await entries({ limit: 10, userId: user, ...query })).map(({ record }) => record.event);
      expect(await names({})).toEqual(["mfa.code_refused", "mfa.disabled", "mfa.enabled"]);
      expect(await names({ event: "mfa." })).toHaveLength(3);
      expect(await names({ event: "mfa.enabled" })).toEqual(["mfa.enabled"]);
      expect(await names({ event: "mf." })).toEqual([]);
      expect(await names({ outcome: "failure" })).toEqual(["mfa.code_refused"]);
      expect(await names({ source })).toEqual(["mfa.code_refused", "mfa.disabled"]);
      expect(await names({ since: "2030-01-01T00:00:00.000Z", until: "2030-01-02T00:00:00.000Z" })).toEqual([
        "mfa.enabled",
      ]);
      const [newest] = await entries({ limit: 1, userId: user });
      expect(await names({ limit: 1, before: newest?.seq })).toEqual(["mfa.disabled"]);
    });

    it("keeps signed heads, in order, each once", async () => {
      const { head } = await store.append([sampleRecord()]);
      const signed = [signer.sign(head, 1_900_000_000_000), signer.sign(head, 1_900_000_001_000)];
      for (const one of [...signed, ...signed.slice(0, 1)]) await store.addHead(one);
      expect(await store.heads(head.seq - 1, 10)).toEqual(
        expect.arrayContaining(signed.map((one) => expect.objectContaining(one))),
      );
      expect((await store.lastHead())?.seq).toBe(head.seq);
      expect(await store.heads(head.seq, 10)).toEqual([]);
    });
  });
}
