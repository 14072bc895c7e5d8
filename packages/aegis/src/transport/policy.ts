/**
 * Threat: an eavesdropper on plain HTTP; a client that lies about where it comes from; slow or endless requests
 * that hold connections. Rule: production speaks HTTPS only, believes forwarded headers from named proxies only,
 * and bounds every connection in time and size. References: ASVS 5.0 4.1.2, 12.2.1, 13.2.6; RFC 9110; RFC 9112.
 */
import type Type from "typebox";
import { count, type Environment, flag, seconds, section, texts } from "../lib/schema.ts";

export const transportPolicySchema = section(
  {
    httpsRequired: flag("Refuse plain HTTP: a page is redirected (308), anything else is refused."),
    trustedProxies: texts(
      "^[0-9a-fA-F:.]+(/[0-9]{1,3})?$",
      "Addresses or networks (CIDR) of the proxies in front, whose X-Forwarded-* headers are believed. Empty: none.",
    ),
    allowedHosts: texts(
      "^[a-z0-9.-]+(:[0-9]{1,5})?$|^\\[[0-9a-f:]+\\](:[0-9]{1,5})?$",
      "Host header values that are answered, lower case. Empty: every host (development).",
    ),
    headersTimeoutSeconds: seconds(
      1,
      120,
      "Time for the complete request header; a slower client is cut off.",
    ),
    requestTimeoutSeconds: seconds(
      1,
      3600,
      "Time for the complete request, body included; a slower client is cut off.",
    ),
    keepAliveTimeoutSeconds: seconds(1, 600, "How long an idle connection is kept."),
    maxHeaderBytes: count(4096, 65536, "Size of the complete request header, in bytes; beyond it 431."),
    maxUrlLength: count(256, 16384, "Length of path and query, in characters; beyond it 414."),
  },
  "How requests arrive.",
);

export type TransportPolicy = Type.Static<typeof transportPolicySchema>;

export const transportDefaults = (environment: Environment): TransportPolicy => ({
  httpsRequired: environment === "production",
  trustedProxies: environment === "production" ? ["127.0.0.1", "::1"] : [],
  allowedHosts: [],
  headersTimeoutSeconds: 10, // a browser's header fits in one packet; ten seconds forgive a bad radio link
  requestTimeoutSeconds: 30,
  keepAliveTimeoutSeconds: 65, // above the 60 s of common proxies, so that the proxy closes first
  maxHeaderBytes: 16_384,
  maxUrlLength: 2_048,
});
