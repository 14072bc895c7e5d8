import { type Control, fail, notApplicable, pass, type RoomControls, unknown } from "../control.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import { requestOf } from "../verify/target.ts";
import { allSamples, everywhere, isAccepted, noSignIn, notDescribed } from "../verify/wire/checks.ts";
import { headerOf, headersOf, parseHsts, parsePermissionsPolicy } from "../verify/wire/header.ts";
import { cspControls } from "./controls-csp.ts";
import type { HeadersPolicy } from "./policy.ts";

type Policy = DeepReadonly<HeadersPolicy>;

const fixInPolicy = (leaf: string) =>
  `Set headers.${leaf}; where a proxy sets headers, set it there and nowhere else (headers.setBy).`;

/** A control that wants one header with one value on every kind of answer. */
function constant(
  id: string,
  header: string,
  leaf: string | undefined,
  value: (policy: Policy) => string,
  references: readonly string[],
  symptom: string,
): Control<Policy> {
  return {
    id: `headers.${id}`,
    claim: `Every answer carries ${header} as the policy says`,
    proves: leaf === undefined ? ["setBy"] : [leaf],
    references,
    advice: {
      symptom,
      cause: `${header} is missing or differs, on all or on some kinds of answers (errors and files are forgotten most often).`,
      fix: leaf === undefined ? "Register aegis before any route." : fixInPolicy(leaf),
    },
    probe(context) {
      const expected = value(context.policy);
      return everywhere(context, allSamples, `${header}: ${expected}`, ({ response }) => {
        const found = headersOf(response, header);
        if (found.length === 0) return `no ${header}`;
        return found.every((one) => one.toLowerCase() === expected.toLowerCase())
          ? undefined
          : `${header}: ${found.join(" | ")}`;
      });
    },
  };
}

const hsts: Control<Policy> = {
  id: "headers.hsts",
  claim: "Browsers are told to use HTTPS only, for as long as the policy says",
  proves: ["hsts.enabled", "hsts.maxAgeSeconds", "hsts.includeSubDomains", "hsts.preload"],
  references: ["asvs:v5.0.0-3.4.1", "rfc:6797", "req:HDR-1"],
  advice: {
    symptom: "The first request of a visit can go out in clear, and be caught.",
    cause: "No Strict-Transport-Security, a shorter one, or one without subdomains.",
    fix: "Set headers.hsts; behind a proxy see that X-Forwarded-Proto arrives, or let the proxy set the header.",
  },
  async probe(context) {
    const { hsts: rule } = context.policy;
    if (!rule.enabled) return notApplicable("the policy sends no HSTS in this environment");
    if (!context.secure) return unknown("HSTS is only sent over HTTPS, and this is plain HTTP");
    const expected = `max-age=${rule.maxAgeSeconds}${rule.includeSubDomains ? "; includeSubDomains" : ""}${rule.preload ? "; preload" : ""}`;
    return everywhere(context, allSamples, expected, ({ response }) => {
      const text = headerOf(response, "strict-transport-security");
      if (text === undefined) return "no Strict-Transport-Security, or several";
      const found = parseHsts(text);
      if (found === undefined) return `unreadable: ${text}`;
      const holds =
        found.maxAgeSeconds >= rule.maxAgeSeconds &&
        (found.includeSubDomains || !rule.includeSubDomains) &&
        found.preload === rule.preload;
      return holds ? undefined : text;
    });
  },
};

const permissions: Control<Policy> = {
  id: "headers.permissions-policy",
  claim: "Browser features that the policy denies are denied to the page and everything in it",
  proves: ["permissionsDenied"],
  references: ["req:HDR-1"],
  advice: {
    symptom: "Injected script could use camera, position or payment in this site's name.",
    cause: "Permissions-Policy is missing or leaves features open.",
    fix: fixInPolicy("permissionsDenied"),
  },
  probe: (context) =>
    everywhere(context, allSamples, "every denied feature as feature=()", ({ response }) => {
      const text = headerOf(response, "permissions-policy");
      const found = text === undefined ? undefined : parsePermissionsPolicy(text);
      if (found === undefined) return "no readable Permissions-Policy";
      const open = context.policy.permissionsDenied.filter((feature) => found.get(feature) !== "()");
      return open.length === 0 ? undefined : `not denied: ${open.slice(0, 4).join(", ")}`;
    }),
};

const BANNERS = ["server", "x-powered-by", "x-aspnet-version", "x-generator", "via"];

const noBanner: Control<Policy> = {
  id: "headers.no-banner",
  claim: "No answer names the software and its version",
  proves: [],
  references: ["asvs:v5.0.0-13.4.6", "req:HDR-1"],
  advice: {
    symptom: "An attacker learns which known holes to try.",
    cause: "The framework or proxy announces itself.",
    fix: "Express: app.disable('x-powered-by'). nginx: server_tokens off.",
  },
  probe: (context) =>
    everywhere(context, allSamples, "no Server, X-Powered-By or the like", ({ response }) => {
      const telling = response.headers.find(
        ([name, value]) => BANNERS.includes(name) && (name !== "server" || /[/\d]/.test(value)),
      );
      return telling === undefined ? undefined : `${telling[0]}: ${telling[1]}`;
    }),
};

const notKept: Control<Policy> = {
  id: "headers.personal-answers-not-kept",
  claim: "Answers that depend on who asks are kept by no cache",
  proves: [],
  references: ["asvs:v5.0.0-14.3.2", "rfc:9111-5.2.2.5", "req:HDR-1"],
  advice: {
    symptom: "The next person at the machine, or behind the same proxy, sees this person's data.",
    cause: "Cache-Control is missing or allows keeping.",
    fix: "Send Cache-Control: no-store on every answer of a signed-in user.",
  },
  probe: (context) =>
    everywhere(context, ["personal", "unauthenticated"], "Cache-Control: no-store", ({ response }) => {
      const value = headersOf(response, "cache-control").join(", ");
      return /(^|[\s,])no-store($|[\s,;])/i.test(value)
        ? undefined
        : `Cache-Control: ${value === "" ? "none" : value}`;
    }),
};

const clearSiteData: Control<Policy> = {
  id: "headers.sign-out-clears-browser",
  claim: "Sign-out tells the browser to throw away what it kept",
  proves: ["clearSiteDataOnSignOut"],
  references: ["asvs:v5.0.0-14.3.1", "req:HDR-3"],
  advice: {
    symptom: "Pages can be looked at after sign-out, from the browser's caches.",
    cause: "No Clear-Site-Data in the answer to sign-out.",
    fix: fixInPolicy("clearSiteDataOnSignOut"),
  },
  async probe(context) {
    const wanted = context.policy.clearSiteDataOnSignOut;
    if (wanted.length === 0) return notApplicable("the policy clears nothing");
    const { logout } = context.target;
    if (logout === undefined) return notDescribed("how to sign out");
    const visitor = await context.signIn();
    if (visitor === undefined) return noSignIn;
    const { response } = await visitor.client.send(requestOf({ method: "POST", ...logout }));
    const found = headerOf(response, "clear-site-data") ?? "";
    const missing = wanted.filter((kind) => !found.includes(`"${kind}"`) && !found.includes('"*"'));
    return missing.length === 0
      ? pass(`Clear-Site-Data: ${found}`)
      : fail(`Clear-Site-Data: ${found === "" ? "none" : found}`, `"${wanted.join('", "')}"`);
  },
};

const reports: Control<Policy> = {
  id: "headers.csp-reports-taken",
  claim: "Reports of policy violations are taken where the page says",
  proves: [],
  references: ["asvs:v5.0.0-3.4.7", "req:HDR-2"],
  advice: {
    symptom: "Nobody learns that the page policy blocks something, or an attack.",
    cause: "The report address does not answer.",
    fix: "Register aegis; it brings POST /api/csp-report.",
  },
  async probe(context) {
    if (!context.policy.csp.reports) return notApplicable("the policy asks for no reports");
    const page = await context.sample("html");
    const csp = page === undefined ? undefined : headerOf(page.response, "content-security-policy");
    const path = /(?:^|;)\s*report-uri\s+(\/[^\s;]*)/.exec(csp ?? "")?.[1];
    if (path === undefined)
      return fail(
        "the page names no report address of its own origin",
        "report-uri with a path of this origin",
      );
    const body = JSON.stringify({
      "csp-report": {
        "effective-directive": "aegis-verify",
        "blocked-uri": "self",
        "document-uri": context.origin,
      },
    });
    const { response } = await context
      .anonymous()
      .send({ method: "POST", path, text: body, headers: { "Content-Type": "application/csp-report" } });
    return isAccepted(response.status)
      ? pass(`${path} answers ${response.status}`)
      : fail(`${path} answers ${response.status}`, "a success");
  },
};

export const headersControls: RoomControls<Policy> = {
  controls: [
    constant(
      "nosniff",
      "X-Content-Type-Options",
      undefined,
      () => "nosniff",
      ["asvs:v5.0.0-3.4.4", "req:HDR-1"],
      "Browsers may run an upload as script.",
    ),
    constant(
      "frame-options",
      "X-Frame-Options",
      "frameOptions",
      (policy) => policy.frameOptions,
      ["req:HDR-1"],
      "Old browsers let another site frame the page (clickjacking).",
    ),
    constant(
      "referrer-policy",
      "Referrer-Policy",
      "referrerPolicy",
      (policy) => policy.referrerPolicy,
      ["asvs:v5.0.0-3.4.5", "req:HDR-1"],
      "Addresses, with what they tell, reach other sites.",
    ),
    constant(
      "coep",
      "Cross-Origin-Embedder-Policy",
      "crossOriginEmbedder",
      (policy) => policy.crossOriginEmbedder,
      ["req:HDR-1"],
      "The page shares its process with others' resources (Spectre).",
    ),
    constant(
      "coop",
      "Cross-Origin-Opener-Policy",
      "crossOriginOpener",
      (policy) => policy.crossOriginOpener,
      ["asvs:v5.0.0-3.4.8", "req:HDR-1"],
      "Another window can reach into this one.",
    ),
    constant(
      "corp",
      "Cross-Origin-Resource-Policy",
      "crossOriginResource",
      (policy) => policy.crossOriginResource,
      ["asvs:v5.0.0-3.5.8", "req:HDR-1"],
      "Other sites can load answers into their process.",
    ),
    constant(
      "xss-protection",
      "X-XSS-Protection",
      "xssProtection",
      (policy) => policy.xssProtection,
      ["req:HDR-1"],
      "The old browser filter can be used to break pages.",
    ),
    constant(
      "cross-domain-policies",
      "X-Permitted-Cross-Domain-Policies",
      undefined,
      () => "none",
      ["req:HDR-1"],
      "Old plug-ins may read across origins.",
    ),
    constant(
      "download-options",
      "X-Download-Options",
      undefined,
      () => "noopen",
      ["req:HDR-1"],
      "Old browsers open downloads in the site's context.",
    ),
    hsts,
    permissions,
    ...cspControls,
    noBanner,
    notKept,
    clearSiteData,
    reports,
  ],
  unprovable: [],
};
