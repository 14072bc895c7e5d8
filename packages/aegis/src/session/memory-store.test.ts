import { MemorySessionStore } from "./memory-store.ts";
import { describeSessionStore } from "./store.contract.ts";

describeSessionStore("memory", async () => ({
  store: new MemorySessionStore(),
  close: async () => undefined,
}));
