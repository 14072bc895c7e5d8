/** The rule of this room, pure: policy in, header texts out. Computed once at start; nonces are the only moving part. */
import type { DeepReadonly } from "../lib/freeze.ts";
import type { HeadersPolicy } from "./policy.ts";

export const CSP_REPORT_PATH = "/api/csp-report";

export interface HeaderBlock {
  /** On every answer. */
  readonly always: Readonly<Record<string, string>>;
  /** Over HTTPS only (RFC 6797 7.2); undefined while switched off. */
  readonly hsts: string | undefined;
  readonly cspName: "content-security-policy" | "content-security-policy-report-only";
  /** For answers that are no pages. Always enforced: nothing in them may run. */
  readonly dataCsp: string;
  pageCsp(nonce: string): string;
  readonly clearSiteData: string | undefined;
}

export function headerBlock(policy: DeepReadonly<HeadersPolicy>): HeaderBlock {
  const { csp } = policy;
  const page = (nonce: string): string =>
    [
      "default-src 'none'",
      csp.scripts === "nonce" ? `script-src 'nonce-${nonce}' 'strict-dynamic'` : "script-src 'self'",
      "style-src 'self'",
      "font-src 'self'",
      ["img-src 'self' data:", ...csp.imageSources].join(" "),
      ["connect-src 'self'", ...csp.connectSources].join(" "),
      "manifest-src 'self'",
      "object-src 'none'",
      `base-uri '${csp.baseUri}'`,
      `form-action '${csp.formAction}'`,
      `frame-ancestors '${csp.frameAncestors}'`,
      ...(csp.trustedTypes ? ["require-trusted-types-for 'script'", "trusted-types 'none'"] : []),
      ...(csp.upgradeInsecureRequests ? ["upgrade-insecure-requests"] : []),
      // Not report-to: Chromium then ignores report-uri and delivers in batches, and not every browser knows it.
      ...(csp.reports ? [`report-uri ${CSP_REPORT_PATH}`] : []),
    ].join("; ");
  return {
    always: {
      "x-content-type-options": "nosniff",
      "x-frame-options": policy.frameOptions,
      "referrer-policy": policy.referrerPolicy,
      "permissions-policy": policy.permissionsDenied.map((feature) => `${feature}=()`).join(", "),
      "cross-origin-embedder-policy": policy.crossOriginEmbedder,
      "cross-origin-opener-policy": policy.crossOriginOpener,
      "cross-origin-resource-policy": policy.crossOriginResource,
      "x-permitted-cross-domain-policies": "none",
      "x-download-options": "noopen",
      "x-xss-protection": policy.xssProtection,
    },
    hsts: policy.hsts.enabled
      ? [
          `max-age=${policy.hsts.maxAgeSeconds}`,
          ...(policy.hsts.includeSubDomains ? ["includeSubDomains"] : []),
          ...(policy.hsts.preload ? ["preload"] : []),
        ].join("; ")
      : undefined,
    cspName: csp.mode === "enforce" ? "content-security-policy" : "content-security-policy-report-only",
    dataCsp: "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    pageCsp: page,
    clearSiteData:
      policy.clearSiteDataOnSignOut.length === 0
        ? undefined
        : policy.clearSiteDataOnSignOut.map((kind) => `"${kind}"`).join(", "),
  };
}
