export { manualClock } from "./clock.ts";
