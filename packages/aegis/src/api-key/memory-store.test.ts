import { randomUUID } from "node:crypto";
import { MemoryApiKeyStore } from "./memory-store.ts";
import { describeApiKeyStore } from "./store.contract.ts";

describeApiKeyStore("memory", async () => ({
  store: new MemoryApiKeyStore(),
  newAccount: async () => randomUUID(),
  close: async () => undefined,
}));
