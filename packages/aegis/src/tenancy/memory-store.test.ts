import { randomUUID } from "node:crypto";
import { MemoryTenancyStore } from "./memory-store.ts";
import { describeTenancyStore } from "./store.contract.ts";

describeTenancyStore("memory", async () => ({
  store: new MemoryTenancyStore(),
  newAccount: async () => randomUUID(),
  close: async () => undefined,
}));
