/** What a proxy does for this room: it refuses what the application would not read. */
import type { BodiesEdge } from "../edge.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import type { InputPolicy } from "./policy.ts";

export const inputEdge = (policy: DeepReadonly<InputPolicy>): BodiesEdge => ({
  bodyBytes: policy.bodyLimitBytes,
});
