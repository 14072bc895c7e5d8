/** What a proxy does for this room: the largest file that any kind allows passes, and its form around it. */
import type { BodiesEdge } from "../edge.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import type { UploadPolicy } from "./policy.ts";

/** Boundaries, part headers and the fields beside the file. */
const FORM_BYTES = 65_536;

export const uploadEdge = (policy: DeepReadonly<UploadPolicy>): BodiesEdge => ({
  bodyBytes: Math.max(...Object.values(policy.limits)) + FORM_BYTES,
});
