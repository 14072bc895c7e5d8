import { randomUUID } from "node:crypto";
import { describeEventStore } from "./event-store.contract.ts";
import { MemoryEventStore } from "./event-store.ts";

describeEventStore("memory", async () => ({
  store: new MemoryEventStore(),
  newAccount: async () => randomUUID(),
  close: async () => undefined,
}));
