/** What a proxy does for this room: the block on its own answers, and on all where the policy leaves it to the proxy. */
import type { HeadersEdge } from "../edge.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import { headerBlock } from "./block.ts";
import type { HeadersPolicy } from "./policy.ts";

/**
 * The headers as a proxy would have to set them.
 * @throws TypeError where the proxy is to set them and pages need a nonce: none that is constant is one (CSP 3, 7.1).
 */
export function headersEdge(policy: DeepReadonly<HeadersPolicy>): HeadersEdge {
  const block = headerBlock(policy);
  if (policy.setBy === "proxy" && policy.csp.scripts === "nonce")
    throw new TypeError(
      'headers.csp.scripts is "nonce", and a proxy (headers.setBy) can make none for a page',
    );
  return {
    own: [...Object.entries(block.always), ["content-security-policy", block.dataCsp]],
    ownSecure: block.hsts === undefined ? [] : [["strict-transport-security", block.hsts]],
    proxied:
      policy.setBy === "app"
        ? undefined
        : { dataCsp: block.dataCsp, pageCsp: block.pageCsp(""), pageCspName: block.cspName },
  };
}
