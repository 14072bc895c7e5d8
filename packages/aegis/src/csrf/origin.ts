/** What the browser says of where a request comes from, judged. Pure. */
import type { DeepReadonly } from "../lib/freeze.ts";
import type { CsrfPolicy } from "./policy.ts";

export interface OriginEvidence {
  readonly fetchSite: string | undefined;
  readonly origin: string | undefined;
  /** Origins that are this application: as the request names it, and as the operator does. */
  readonly own: readonly string[];
}

/** `own`: the browser says so. `foreign`: it says otherwise. `silent`: no browser spoke (curl, another server). */
export type OriginVerdict = "own" | "foreign" | "silent";

/**
 * Fetch metadata cannot be set by scripts, so it is believed first; an Origin that is on the list of trusted ones
 * is the only exception to it. "same-site" is another host, which somebody else may hold.
 */
export function judgeOrigin(policy: DeepReadonly<CsrfPolicy>, evidence: OriginEvidence): OriginVerdict {
  const { fetchSite, origin, own } = evidence;
  if (origin !== undefined && policy.trustedOrigins.includes(origin)) return "own";
  if (fetchSite !== undefined) {
    if (fetchSite === "same-origin" || fetchSite === "none") return "own";
    return fetchSite === "same-site" && policy.sameSiteTrusted ? "own" : "foreign";
  }
  if (origin === undefined) return "silent";
  return own.includes(origin) ? "own" : "foreign";
}
