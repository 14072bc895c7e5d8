import { randomUUID } from "node:crypto";
import { MemoryPasskeyStore } from "./memory-store.ts";
import { describePasskeyStore } from "./store.contract.ts";

describePasskeyStore("memory", async () => ({
  store: new MemoryPasskeyStore(),
  newAccount: async () => randomUUID(),
  close: async () => undefined,
}));
