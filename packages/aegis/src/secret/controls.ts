import type { RoomControls } from "../control.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import type { SecretPolicy } from "./policy.ts";

/** What a process reads before it listens is not on the wire: that secrets are weak shows there only when it is too late. */
export const secretControls: RoomControls<DeepReadonly<SecretPolicy>> = {
  controls: [],
  unprovable: [
    {
      leaf: "sources",
      reason: "Where a process reads from is not on the wire; tests in the project plant a secret in each.",
    },
    {
      leaf: "productionSources",
      reason:
        "A source that production may not use is not read; a test in the project puts a secret there alone.",
    },
    {
      leaf: "required",
      reason:
        "What is missing stops the start, and then nothing answers; a test in the project starts without.",
    },
    {
      leaf: "cacheSeconds",
      reason: "When a process reads again is not on the wire; a test in the project rotates under load.",
    },
    {
      leaf: "staleSeconds",
      reason: "Shows only when a source is away; a test in the project takes the vault away.",
    },
    {
      leaf: "timeoutSeconds",
      reason: "Shows only when a source hangs; a test in the project makes it hang.",
    },
  ],
};
