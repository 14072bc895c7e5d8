import { derivedDataKeys } from "../crypto/data-keys.ts";
import { sealedAccounts } from "../stores/sealed/account-store.ts";
import { MemoryAccountStore } from "./memory-store.ts";
import { describeAccountStore } from "./store.contract.ts";

describeAccountStore("memory", async () => ({
  store: new MemoryAccountStore(),
  close: async () => undefined,
}));

describeAccountStore("sealed memory", async () => ({
  store: sealedAccounts(new MemoryAccountStore(), derivedDataKeys([new Uint8Array(32).fill(1)])),
  close: async () => undefined,
}));
