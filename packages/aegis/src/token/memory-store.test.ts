import { randomUUID } from "node:crypto";
import { MemoryRefreshStore, MemoryTokenDenylist } from "./memory-store.ts";
import { describeRefreshStore, describeTokenDenylist } from "./store.contract.ts";

describeRefreshStore("memory", async () => ({
  store: new MemoryRefreshStore(),
  newAccount: async () => randomUUID(),
  close: async () => undefined,
}));

describeTokenDenylist("memory", async () => ({
  store: new MemoryTokenDenylist(),
  close: async () => undefined,
}));
