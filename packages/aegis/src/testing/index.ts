export { manualClock } from "./clock.ts";
export { withLeaf } from "./weaken.ts";
