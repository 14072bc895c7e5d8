/**
 * Threat: script injected into a page, a page framed by another, content types guessed, addresses leaked, private
 * answers kept by caches. Rule: one constant block of headers on every answer, errors and files included.
 * References: ASVS 5.0 3.4; W3C CSP 3, Trusted Types, Fetch Metadata; RFC 6797 (HSTS); RFC 9111 (caching).
 */
import type Type from "typebox";
import { type Environment, flag, oneOf, seconds, section, texts, wordsOf } from "../lib/schema.ts";
import { knownFeatures } from "./features.ts";

const sourcePattern = "^(https|wss)://[a-z0-9.*-]+(:[0-9]{1,5})?$|^(data|blob):$";

export const headersPolicySchema = section(
  {
    setBy: oneOf(
      ["app", "proxy"],
      "Who sets these headers: the application or the proxy in front. Never both.",
    ),
    hsts: section(
      {
        enabled: flag("Send Strict-Transport-Security (over HTTPS only, RFC 6797 7.2)."),
        maxAgeSeconds: seconds(0, 63_072_000, "How long browsers remember to use HTTPS."),
        includeSubDomains: flag("Holds for every subdomain too."),
        preload: flag("Asks to be built into browsers: slow to undo, so off by default."),
      },
      "HTTP Strict Transport Security.",
    ),
    csp: section(
      {
        mode: oneOf(["enforce", "report-only"], "Block, or only report (for a roll-out)."),
        scripts: oneOf(
          ["nonce", "self"],
          "nonce: a fresh nonce a page with 'strict-dynamic'; self: files of this origin.",
        ),
        connectSources: texts(
          sourcePattern,
          "Further origins that scripts may call, e.g. https://api.example.",
        ),
        imageSources: texts(sourcePattern, "Further sources of images."),
        frameAncestors: oneOf(["none", "self"], "Who may frame a page."),
        formAction: oneOf(["self", "none"], "Where forms may be sent."),
        baseUri: oneOf(
          ["none", "self"],
          "Which <base> a page may have; self: an address of this origin, for front ends that are built on one.",
        ),
        trustedTypes: flag("Require Trusted Types, so that no text becomes script or markup."),
        reports: flag("Browsers report violations to /api/csp-report; they become audit events."),
        upgradeInsecureRequests: flag("Load http: addresses in pages as https:."),
      },
      "Content-Security-Policy of pages. Answers that are no pages always get default-src 'none'.",
    ),
    frameOptions: oneOf(["DENY", "SAMEORIGIN"], "X-Frame-Options, for browsers without frame-ancestors."),
    referrerPolicy: oneOf(
      ["no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"],
      "Referrer-Policy.",
    ),
    permissionsDenied: wordsOf(
      knownFeatures,
      "Browser features that no page and no frame of it may use (Permissions-Policy).",
    ),
    crossOriginEmbedder: oneOf(
      ["require-corp", "credentialless", "unsafe-none"],
      "Cross-Origin-Embedder-Policy.",
    ),
    crossOriginOpener: oneOf(
      ["same-origin", "same-origin-allow-popups", "unsafe-none"],
      "Cross-Origin-Opener-Policy.",
    ),
    crossOriginResource: oneOf(["same-origin", "same-site", "cross-origin"], "Cross-Origin-Resource-Policy."),
    xssProtection: oneOf(
      ["0", "1; mode=block"],
      "X-XSS-Protection. 0 switches the old filter off, which was itself a hole; the classic value is for auditors who insist.",
    ),
    clearSiteDataOnSignOut: wordsOf(
      ["cache", "cookies", "storage"],
      "Clear-Site-Data at sign-out: what the browser throws away.",
    ),
  },
  "Response headers.",
);

export type HeadersPolicy = Type.Static<typeof headersPolicySchema>;

export const headersDefaults = (environment: Environment): HeadersPolicy => ({
  setBy: "app",
  hsts: {
    enabled: environment === "production",
    maxAgeSeconds: 31_536_000, // one year: what ASVS 3.4.1 asks for
    includeSubDomains: true,
    preload: false,
  },
  csp: {
    mode: "enforce",
    scripts: "nonce",
    connectSources: [],
    imageSources: [],
    frameAncestors: "none",
    formAction: "self",
    baseUri: "none", // ASVS 3.4.3; an injected <base>, even of this origin, would turn relative addresses elsewhere
    trustedTypes: true,
    reports: true,
    upgradeInsecureRequests: environment === "production",
  },
  frameOptions: "DENY",
  referrerPolicy: "strict-origin-when-cross-origin",
  permissionsDenied: [...knownFeatures],
  crossOriginEmbedder: "require-corp",
  crossOriginOpener: "same-origin",
  crossOriginResource: "same-origin",
  xssProtection: "0",
  clearSiteDataOnSignOut: ["cache", "storage"], // the session cookie is ended by name; the known device stays known
});
