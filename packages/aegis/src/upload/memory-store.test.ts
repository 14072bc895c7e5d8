import { randomUUID } from "node:crypto";
import { MemoryBlobStore } from "./blobs.ts";
import { describeBlobStore } from "./blobs.contract.ts";
import { MemoryUploadStore } from "./memory-store.ts";
import { describeUploadStore } from "./store.contract.ts";

describeUploadStore("MemoryUploadStore", async () => ({
  store: new MemoryUploadStore(),
  newAccount: async () => randomUUID(),
  close: async () => undefined,
}));

describeBlobStore("MemoryBlobStore", async () => ({
  store: new MemoryBlobStore(),
  close: async () => undefined,
}));
