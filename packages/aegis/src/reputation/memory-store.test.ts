import { describe, expect, it } from "vitest";
import { MemoryReputationStore } from "./memory-store.ts";
import { describeReputationStore } from "./store.contract.ts";

describeReputationStore("memory", async () => ({
  store: new MemoryReputationStore(),
  close: async () => undefined,
}));

describe("the memory of reputations", () => {
  it("does not grow with the strangers that come by, and forgets bans last", async () => {
    const store = new MemoryReputationStore({ mostSubjects: 100 });
    const rule = {
      suspiciousScore: 10,
      banScore: 30,
      halfLifeMs: 600_000,
      firstBanMs: 3_600_000,
      longestBanMs: 3_600_000,
    };
    await store.hold("banned", "label", { cause: "forged", times: 10 }, 0, rule);
    for (let place = 0; place < 1000; place++)
      await store.hold(`a${place}`, "label", { cause: "not_found", times: 1 }, 1, rule);
    expect(store.size).toBeLessThanOrEqual(100);
    expect((await store.listBans(2, 10)).map(({ subject }) => subject)).toEqual(["banned"]);
  });
});
