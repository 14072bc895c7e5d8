import { MemoryMonitorStore } from "./memory-store.ts";
import { describeMonitorStore } from "./store.contract.ts";

describeMonitorStore("memory", async () => ({
  store: new MemoryMonitorStore(),
  close: async () => undefined,
}));
