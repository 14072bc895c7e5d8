import { randomUUID } from "node:crypto";
import { MemoryApprovalStore } from "./memory-store.ts";
import { describeApprovalStore } from "./store.contract.ts";

describeApprovalStore("memory", async () => ({
  store: new MemoryApprovalStore(),
  newAccount: async () => randomUUID(),
  close: async () => undefined,
}));
