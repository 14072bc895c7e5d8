import {
  type Control,
  type Exchange,
  fail,
  pass,
  type ProbeContext,
  unknown,
  type Verdict,
} from "../control.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import { everywhere } from "../verify/wire/checks.ts";
import { headerOf, headersOf, parseCsp } from "../verify/wire/header.ts";
import { findTags } from "../verify/wire/html.ts";
import type { HeadersPolicy } from "./policy.ts";

type Policy = DeepReadonly<HeadersPolicy>;
type Directives = ReadonlyMap<string, readonly string[]>;

const NONCE = /^'nonce-([A-Za-z0-9+/_-]{16,}={0,2})'$/;

/** The page policy of the HTML sample; a verdict instead where there is none to judge. */
async function pagePolicy(
  context: ProbeContext<Policy>,
): Promise<{ directives: Directives; page: Exchange } | Verdict> {
  const page = await context.sample("html");
  if (page === undefined) return unknown("the target gave no page");
  if (!/^text\/html\b/i.test(headerOf(page.response, "content-type") ?? ""))
    return unknown("the page is no HTML");
  const name =
    context.policy.csp.mode === "enforce" ? "content-security-policy" : "content-security-policy-report-only";
  const text = headerOf(page.response, name);
  if (text === undefined)
    return fail(`${headersOf(page.response, name).length} ${name} headers on the page`, `one ${name}`);
  return { directives: parseCsp(text), page };
}

/** A control that judges the page policy's directives; `judge` says what is wrong, or undefined. */
function onPage(
  id: string,
  claim: string,
  proves: readonly string[],
  expected: string,
  fix: string,
  judge: (directives: Directives, policy: Policy, page: Exchange) => string | undefined,
  clauses: readonly string[] = [],
): Control<Policy> {
  return {
    id: `headers.${id}`,
    claim,
    proves,
    references: ["asvs:v5.0.0-3.4.3", ...clauses, "w3c:csp3", "req:HDR-2"],
    advice: {
      symptom: "Injected markup or script has an effect that the policy means to stop.",
      cause: "The page's Content-Security-Policy is missing or weaker than the policy.",
      fix,
    },
    async probe(context) {
      const found = await pagePolicy(context);
      if ("outcome" in found) return found;
      // What is wrong may lie beyond what was read.
      if (found.page.response.truncated) return unknown("the page is too long to be read whole");
      const wrong = judge(found.directives, context.policy, found.page);
      return wrong === undefined ? pass("the page policy says so") : fail(wrong, expected);
    },
  };
}

const same = (found: readonly string[] | undefined, wanted: readonly string[]): boolean =>
  found !== undefined && found.length === wanted.length && wanted.every((source) => found.includes(source));

const listed = (directives: Directives, name: string): string =>
  `${name} ${directives.get(name)?.join(" ") ?? "(absent)"}`;

const scripts = onPage(
  "csp-scripts",
  "Only script that the page vouches for can run: no inline, no eval, no foreign host",
  ["csp.mode", "csp.scripts"],
  "script-src with a fresh nonce and 'strict-dynamic', or 'self' alone, as the policy says",
  "Set headers.csp.scripts and mode; move inline script into files or give it the page's nonce.",
  (directives, { csp }, page) => {
    const sources = directives.get("script-src") ?? directives.get("default-src");
    if (sources === undefined) return "no script-src";
    const unsafe = sources.find((source) =>
      /^'unsafe-(inline|eval|hashes)'$|^\*$|^(https?|data|blob):?$/i.test(source),
    );
    if (unsafe !== undefined) return `script-src allows ${unsafe}`;
    if (csp.scripts === "self")
      return same(sources, ["'self'"]) ? undefined : listed(directives, "script-src");
    const nonce = sources.map((source) => NONCE.exec(source)?.[1]).find((found) => found !== undefined);
    if (nonce === undefined || !sources.includes("'strict-dynamic'")) return listed(directives, "script-src");
    const bare = findTags(page.response.body, ["script"]).filter(
      (tag) => tag.attributes.get("nonce") !== nonce,
    );
    return bare.length === 0 ? undefined : `${bare.length} script tags without the page's nonce`;
  },
);

const freshNonce: Control<Policy> = {
  id: "headers.csp-nonce-fresh",
  claim: "The nonce of a page is new every time",
  proves: [],
  references: ["w3c:csp3-7.1", "req:HDR-2"],
  advice: {
    symptom: "Who has seen one page can write script for the next.",
    cause: "A constant nonce, or a cached page.",
    fix: "Use reply.cspNonce() and let no cache keep pages.",
  },
  async probe(context) {
    if (context.policy.csp.scripts !== "nonce")
      return { outcome: "not-applicable", observed: "the policy uses no nonces" };
    const nonces: string[] = [];
    for (let round = 0; round < 3; round++) {
      const { response } = await context
        .anonymous()
        .send({ path: context.target.samples?.html ?? "/", headers: { accept: "text/html" } });
      const csp =
        headerOf(response, "content-security-policy") ??
        headerOf(response, "content-security-policy-report-only") ??
        "";
      const nonce = (parseCsp(csp).get("script-src") ?? [])
        .map((source) => NONCE.exec(source)?.[1])
        .find((found) => found !== undefined);
      if (nonce === undefined)
        return fail("no nonce of 16 characters or more on the page", "a nonce of 128 bits");
      nonces.push(nonce);
    }
    return new Set(nonces).size === nonces.length
      ? pass("three pages, three nonces")
      : fail("a nonce came twice", "a new one for every page");
  },
};

const dataAnswers: Control<Policy> = {
  id: "headers.csp-on-data",
  claim: "Answers that are no pages may load and run nothing",
  proves: [],
  references: ["asvs:v5.0.0-3.2.1", "asvs:v5.0.0-3.4.6", "req:HDR-1"],
  advice: {
    symptom: "An answer that is opened as a page can run what was put into it.",
    cause: "No Content-Security-Policy on data, files or errors.",
    fix: "Register aegis before any route.",
  },
  probe: (context) =>
    everywhere(
      context,
      ["json", "not-found", "bad-request", "unauthenticated", "too-large", "static"],
      "default-src 'none'; frame-ancestors 'none'",
      ({ response }) => {
        if (/^text\/html\b/i.test(headerOf(response, "content-type") ?? "")) return undefined;
        const directives = parseCsp(headerOf(response, "content-security-policy") ?? "");
        return same(directives.get("default-src"), ["'none'"]) &&
          same(directives.get("frame-ancestors"), ["'none'"])
          ? undefined
          : listed(directives, "default-src");
      },
    ),
};

export const cspControls: readonly Control<Policy>[] = [
  scripts,
  freshNonce,
  onPage(
    "csp-no-plugins-no-base",
    "No plug-ins, and no base for relative addresses but the policy's",
    ["csp.baseUri"],
    "object-src 'none' (or default-src 'none') and base-uri as in the policy",
    "Set headers.csp.baseUri, register aegis, and let nothing else set the header.",
    (directives, { csp }) => {
      const objects = directives.get("object-src") ?? directives.get("default-src");
      if (!same(objects, ["'none'"])) return listed(directives, "object-src");
      return same(directives.get("base-uri"), [`'${csp.baseUri}'`])
        ? undefined
        : listed(directives, "base-uri");
    },
  ),
  onPage(
    "csp-frame-ancestors",
    "Only whom the policy names may frame a page",
    ["csp.frameAncestors"],
    "frame-ancestors as in the policy",
    "Set headers.csp.frameAncestors.",
    (directives, { csp }) =>
      same(directives.get("frame-ancestors"), [`'${csp.frameAncestors}'`])
        ? undefined
        : listed(directives, "frame-ancestors"),
    ["asvs:v5.0.0-3.4.6"],
  ),
  onPage(
    "csp-form-action",
    "Forms can be sent only where the policy says",
    ["csp.formAction"],
    "form-action as in the policy",
    "Set headers.csp.formAction.",
    (directives, { csp }) =>
      same(directives.get("form-action"), [`'${csp.formAction}'`])
        ? undefined
        : listed(directives, "form-action"),
  ),
  onPage(
    "csp-connect",
    "Scripts can call only the origins that the policy names",
    ["csp.connectSources"],
    "connect-src 'self' and the policy's list",
    "Set headers.csp.connectSources.",
    (directives, { csp }) =>
      same(directives.get("connect-src"), ["'self'", ...csp.connectSources])
        ? undefined
        : listed(directives, "connect-src"),
  ),
  onPage(
    "csp-images",
    "Images come only from where the policy says",
    ["csp.imageSources"],
    "img-src 'self' data: and the policy's list",
    "Set headers.csp.imageSources.",
    (directives, { csp }) =>
      same(directives.get("img-src"), ["'self'", "data:", ...csp.imageSources])
        ? undefined
        : listed(directives, "img-src"),
  ),
  onPage(
    "csp-trusted-types",
    "No text becomes markup or script in the page",
    ["csp.trustedTypes"],
    "require-trusted-types-for 'script' where the policy says, and no way around it",
    "Set headers.csp.trustedTypes.",
    (directives, { csp }) => {
      if (!csp.trustedTypes) return undefined;
      if (directives.get("require-trusted-types-for")?.includes("'script'") !== true)
        return "no require-trusted-types-for";
      // Without a list, or with "*", any script may make a policy that lets every text through.
      const makers = directives.get("trusted-types");
      return makers === undefined || makers.includes("*") ? "trusted-types names no policies" : undefined;
    },
  ),
  onPage(
    "csp-upgrade",
    "http: addresses in pages are loaded over HTTPS where the policy says",
    ["csp.upgradeInsecureRequests"],
    "upgrade-insecure-requests",
    "Set headers.csp.upgradeInsecureRequests.",
    (directives, { csp }) =>
      directives.has("upgrade-insecure-requests") || !csp.upgradeInsecureRequests
        ? undefined
        : "no upgrade-insecure-requests",
  ),
  onPage(
    "csp-report-address",
    "The page says where violations are reported",
    ["csp.reports"],
    "report-uri or report-to",
    "Set headers.csp.reports.",
    (directives, { csp }) =>
      !csp.reports || directives.has("report-uri") || directives.has("report-to")
        ? undefined
        : "no report address",
    ["asvs:v5.0.0-3.4.7"],
  ),
  dataAnswers,
];
