import { MemoryAccountStore } from "./memory-store.ts";
import { describeAccountStore } from "./store.contract.ts";

describeAccountStore("memory", async () => ({
  store: new MemoryAccountStore(),
  close: async () => undefined,
}));
