/** What a proxy does for this room: the limits in time and size, where the client's connection ends. */
import type { TransportEdge } from "../edge.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import type { TransportPolicy } from "./policy.ts";

/** Whoever closes an idle connection first must be who would send on it, or a request is lost in between. */
const CLOSES_EARLIER_SECONDS = 5;

export const transportEdge = (policy: DeepReadonly<TransportPolicy>): TransportEdge => ({
  hosts: policy.allowedHosts,
  headersSeconds: policy.headersTimeoutSeconds,
  requestSeconds: policy.requestTimeoutSeconds,
  keepAliveSeconds: policy.keepAliveTimeoutSeconds,
  upstreamKeepAliveSeconds: Math.max(1, policy.keepAliveTimeoutSeconds - CLOSES_EARLIER_SECONDS),
  headerBytes: policy.maxHeaderBytes,
});
