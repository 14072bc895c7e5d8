import { MemoryOneTimeStore } from "./memory-store.ts";
import { describeOneTimeStore } from "./store.contract.ts";

describeOneTimeStore("memory", async () => ({
  store: new MemoryOneTimeStore(),
  close: async () => undefined,
}));
