/** What every RevocationLedger must do. The memory ledger is the specification; the others pass the same suite. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Revocation } from "./entry.ts";
import type { RevocationLedger } from "./ledger.ts";

export function describeRevocationLedger(
  name: string,
  open: () => Promise<{ store: RevocationLedger; close: () => Promise<void> }>,
): void {
  describe(`${name} as a revocation ledger`, () => {
    let ledger: RevocationLedger;
    let close: () => Promise<void>;
    beforeAll(async () => {
      ({ store: ledger, close } = await open());
    });
    afterAll(() => close?.());

    const LATER = Date.now() + 3_600_000;
    const one = (keptUntil = LATER): Revocation => ({
      kind: "session",
      userId: randomUUID(),
      sessionId: randomUUID(),
      keptUntil,
    });

    it("gives back what was appended, to the last field", async () => {
      const { mark } = await ledger.since(null);
      const entries: readonly Revocation[] = [
        one(),
        { kind: "user", userId: "u", before: 12, exceptId: null, keptUntil: LATER },
        { kind: "user", userId: "u", before: 13, exceptId: "x", keptUntil: LATER },
        { kind: "token", tokenHash: "h", keptUntil: LATER },
        { kind: "access", of: "family", id: "f", before: 14, keptUntil: LATER },
      ];
      await ledger.append(entries);
      expect((await ledger.since(mark)).entries).toEqual(expect.arrayContaining([...entries]));
      expect((await ledger.since(null)).entries).toEqual(expect.arrayContaining([...entries]));
    });

    it("tells what is new, and what is old no more", async () => {
      const [before, after] = [one(), one()];
      await ledger.append([before]);
      const { mark } = await ledger.since(null);
      const quiet = await ledger.since(mark);
      await ledger.append([after]);
      const news = await ledger.since(quiet.mark);
      expect(news.entries).toContainEqual(after);
      expect((await ledger.since((await ledger.since(news.mark)).mark)).entries).not.toContainEqual(before);
    });

    it("misses none of four hundred that are appended while somebody reads", async () => {
      const entries = Array.from({ length: 400 }, () => one());
      const seen = new Set<string>();
      let { mark } = await ledger.since(null);
      const read = async (): Promise<void> => {
        const news = await ledger.since(mark);
        for (const entry of news.entries) if (entry.kind === "session") seen.add(entry.sessionId);
        ({ mark } = news);
      };
      const appended = Promise.all(entries.map((entry) => ledger.append([entry]))).then(() => true);
      while (!(await Promise.race([appended, read()]))) continue;
      await read();
      const missed = entries.filter((entry) => entry.kind === "session" && !seen.has(entry.sessionId));
      expect(missed).toEqual([]);
    });

    it("knows whose lease holds, renewed and given back", async () => {
      const [long, short, back] = [randomUUID(), randomUUID(), randomUUID()];
      await ledger.lease(long, 50);
      await ledger.lease(long, 60_000);
      await ledger.lease(short, 1);
      await ledger.lease(back, 60_000);
      await ledger.release(back);
      await new Promise((resolve) => setTimeout(resolve, 60));
      const holders = await ledger.holders();
      const ids = holders.map(({ instance }) => instance);
      expect(ids).toContain(long);
      expect(ids).not.toContain(short);
      expect(ids).not.toContain(back);
      const leftMs = holders.find(({ instance }) => instance === long)?.leftMs ?? 0;
      expect(leftMs).toBeGreaterThan(1000);
      expect(leftMs).toBeLessThanOrEqual(60_000);
    });

    it("forgets what need not be kept, and only that", async () => {
      const [kept, past] = [one(), one(Date.now() - 1000)];
      await ledger.append([kept, past]);
      expect(await ledger.removeExpired(Date.now())).toBeGreaterThanOrEqual(1);
      const { entries } = await ledger.since(null);
      expect(entries).toContainEqual(kept);
      expect(entries).not.toContainEqual(past);
    });
  });
}
