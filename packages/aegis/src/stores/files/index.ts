export { fileBlobs } from "./blob-store.ts";
