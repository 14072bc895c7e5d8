import { MemoryRevocationLedger } from "./memory-ledger.ts";
import { describeRevocationLedger } from "./ledger.contract.ts";

describeRevocationLedger("memory", async () => ({
  store: new MemoryRevocationLedger(),
  close: async () => undefined,
}));
