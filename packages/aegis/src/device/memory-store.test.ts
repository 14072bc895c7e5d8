import { randomUUID } from "node:crypto";
import { MemoryDeviceStore } from "./memory-store.ts";
import { describeDeviceStore } from "./store.contract.ts";

describeDeviceStore("memory", async () => ({
  store: new MemoryDeviceStore(),
  newAccount: async () => randomUUID(),
  close: async () => undefined,
}));
