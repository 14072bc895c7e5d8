import { describe, expect, it } from "vitest";
import { MemoryRateLimitStore } from "./memory-store.ts";
import { describeRateLimitStore } from "./store.contract.ts";

describeRateLimitStore("memory", async () => ({
  store: new MemoryRateLimitStore(),
  close: async () => undefined,
}));

describe("the memory of rate limits", () => {
  const rule = { algorithm: "gcra", limit: 2, windowMs: 60_000 } as const;

  it("does not grow with the strangers that come by, and forgets whoever was silent longest", async () => {
    const store = new MemoryRateLimitStore({ mostKeys: 100 });
    const key = (place: number) => ({ subject: `a${place}`, limit: "read" });
    for (let place = 0; place < 1000; place++) {
      await store.take(key(place), rule, 0, 1);
      await store.take({ subject: "regular", limit: "read" }, rule, 0, 1);
    }
    expect(store.size).toBe(100);
    expect((await store.peek(key(999), rule, 0)).remaining).toBe(1);
    expect((await store.peek(key(0), rule, 0)).remaining).toBe(2);
  });

  it("sweeps out what is over before it forgets what is not", async () => {
    const store = new MemoryRateLimitStore({ mostKeys: 10 });
    const later = { ...rule, windowMs: 3_600_000 };
    await store.take({ subject: "kept", limit: "read" }, later, 0, 1);
    for (let place = 0; place < 9; place++)
      await store.take({ subject: `a${place}`, limit: "read" }, rule, 0, 1);
    await store.take({ subject: "new", limit: "read" }, rule, 120_000, 1);
    expect((await store.peek({ subject: "kept", limit: "read" }, later, 120_000)).remaining).toBe(1);
    expect(store.size).toBe(2);
  });
});
