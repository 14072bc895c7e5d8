import { MemoryAccountStore } from "./account/memory-store.ts";
import { MemorySessionStore } from "./session/memory-store.ts";

/** Stores that forget everything when the process ends: for tests and first steps. */
export function memoryStores() {
  return { sessions: new MemorySessionStore(), accounts: new MemoryAccountStore() };
}
