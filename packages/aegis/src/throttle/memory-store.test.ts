import { MemoryThrottleStore } from "./memory-store.ts";
import { describeThrottleStore } from "./store.contract.ts";

describeThrottleStore("memory", async () => ({
  store: new MemoryThrottleStore(),
  close: async () => undefined,
}));
