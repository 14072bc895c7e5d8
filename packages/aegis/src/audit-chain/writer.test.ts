import { manualClock } from "aegis/testing";
import { describe, expect, it } from "vitest";
import { isIntact } from "./chain.ts";
import { headSigner, isGenuine, headKeys, keyFromSeed, type SignedHead } from "./heads.ts";
import { MemoryAuditLogStore } from "./memory-store.ts";
import { sampleRecord } from "./store.contract.ts";
import { auditWriter, type AuditWriterWiring } from "./writer.ts";

const signer = headSigner(keyFromSeed(new Uint8Array(32).fill(1)));

/** A store that can be taken away, before or after it has written. */
class Away extends MemoryAuditLogStore {
  away: "no" | "before" | "after" = "no";
  batches: number[] = [];

  override async append(...args: Parameters<MemoryAuditLogStore["append"]>) {
    if (this.away === "before") throw new Error("away");
    this.batches.push(args[0].length);
    const appended = await super.append(...args);
    if (this.away === "after") throw new Error("the answer was lost");
    return appended;
  }
}

function open(over: Partial<AuditWriterWiring> = {}) {
  const store = new Away();
  const clock = manualClock();
  const heads: SignedHead[] = [];
  const broken: number[] = [];
  const writer = auditWriter({
    store,
    queueLimit: 100,
    signEverySeconds: 60,
    signer,
    clock,
    lostRecord: (count) => sampleRecord({ event: "audit.events_lost", facts: { count } }),
    onTrouble: () => undefined,
    onHead: (head) => heads.push(head),
    onBroken: ({ seq }) => broken.push(seq),
    ...over,
  });
  const names = async () =>
    (await store.page({ limit: 1000 }))
      .filter(isIntact)
      .map(({ record }) => record.event)
      .toReversed();
  return { store, clock, heads, broken, writer, names };
}
const written = (writer: ReturnType<typeof auditWriter>) =>
  new Promise<boolean>((resolve) => writer.add(sampleRecord(), resolve));

describe("the writer of the audit log", () => {
  it("writes what comes at one moment together, and says when it is written", async () => {
    const { store, writer } = open();
    expect(await Promise.all(Array.from({ length: 50 }, () => written(writer)))).toEqual(
      Array.from({ length: 50 }, () => true),
    );
    expect(store.batches).toEqual([50]);
  });

  it("keeps what could not be written, says so at once, and writes it later, once", async () => {
    const { store, writer } = open();
    for (const away of ["before", "after"] as const) {
      store.away = away;
      const { seq } = await store.head();
      expect(await written(writer)).toBe(false);
      expect(writer.isFailing()).toBe(true);
      expect(await written(writer)).toBe(false);
      store.away = "no";
      await writer.settled();
      expect([writer.isFailing(), (await store.head()).seq]).toEqual([false, seq + 2]);
    }
  });

  it("holds no more than it may, and says in the log how many are missing", async () => {
    const { store, writer, names } = open({ queueLimit: 3 });
    store.away = "before";
    for (let n = 0; n < 10; n++) writer.add(sampleRecord());
    await writer.settled();
    expect(writer.state()).toMatchObject({ waiting: 3, lost: 7, failing: true });
    store.away = "no";
    await writer.settled();
    expect(await names()).toEqual([
      ...Array.from({ length: 3 }, () => "session.signed_in"),
      "audit.events_lost",
    ]);
    const [last] = await store.page({ limit: 1 });
    expect(last?.record).toMatchObject({ facts: { count: 7 } });
    writer.add(sampleRecord());
    await writer.settled();
    expect(await names()).toHaveLength(5);
  });

  it("sets one aside that the database will not have, instead of keeping all that come after it waiting", async () => {
    const { store, writer, names } = open();
    const append = store.append.bind(store);
    store.append = async (records, options) => {
      if (records.some(({ code }) => code === "poison"))
        throw Object.assign(new Error("refused"), { code: "23514" });
      return append(records, options);
    };
    for (const code of ["a", "b", "poison", "c", "d"]) writer.add(sampleRecord({ event: `x.${code}`, code }));
    for (let tries = 0; tries < 5; tries++) await writer.settled();
    expect(writer.state()).toMatchObject({ waiting: 0, lost: 1, failing: false });
    expect((await names()).toSorted()).toEqual(["audit.events_lost", "x.a", "x.b", "x.c", "x.d"]);
  });

  it("signs the end in the time that is set, and when it closes", async () => {
    const { clock, heads, store, writer } = open();
    await written(writer);
    await written(writer);
    expect(heads.map(({ seq }) => seq)).toEqual([1]);
    clock.advance(61);
    await written(writer);
    await written(writer);
    expect(heads.map(({ seq }) => seq)).toEqual([1, 3]);
    await writer.close();
    expect(heads.map(({ seq }) => seq)).toEqual([1, 3, 4]);
    expect(heads.every((head) => isGenuine(head, headKeys([signer.jwk])))).toBe(true);
    expect(await store.lastHead()).toEqual(heads.at(-1));
  });

  it("sees that an entry it wrote, or a head from before it started, is gone", async () => {
    const { broken, store, writer } = open();
    await written(writer);
    await writer.settled();
    const other = new MemoryAuditLogStore();
    store.append = (records, options) => other.append(records, options); // somebody put another log in its place
    await written(writer);
    expect([broken, writer.state().brokenAt]).toEqual([[1], 1]);
    await written(writer);
    expect(broken).toEqual([1]);

    const restarted = open();
    await restarted.store.addHead(signer.sign({ seq: 9, hash: "0".repeat(43) }, 1));
    await written(restarted.writer);
    expect(restarted.broken).toEqual([9]);
  });
});
