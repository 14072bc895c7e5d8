import { MemoryAuditLogStore } from "./memory-store.ts";
import { describeAuditLogStore } from "./store.contract.ts";

describeAuditLogStore("memory", async () => ({
  store: new MemoryAuditLogStore(),
  close: async () => undefined,
}));
