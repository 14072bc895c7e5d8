import { randomUUID } from "node:crypto";
import { MemoryFactorStore } from "./memory-store.ts";
import { describeFactorStore } from "./store.contract.ts";

describeFactorStore("memory", async () => ({
  store: new MemoryFactorStore(),
  newAccount: async () => randomUUID(),
  close: async () => undefined,
}));
