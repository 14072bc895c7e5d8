/** What would allow what was blocked, and what that would open. Pure; nothing is ever allowed by itself. */
import type { DeepReadonly } from "../lib/freeze.ts";
import type { CspKind } from "./csp-groups.ts";
import type { HeadersPolicy } from "./policy.ts";

export interface CspProposal {
  /** What would stand in the page policy: "img-src https://cdn.example". Null: nothing that could be allowed. */
  readonly addition: string | null;
  /** The setting that allows it; null where no setting does. */
  readonly setting: { readonly path: string; readonly value: string } | null;
  /** `high`: it would take away what the policy is there for. */
  readonly risk: "none" | "some" | "high";
  readonly advice: string;
}

type Csp = DeepReadonly<HeadersPolicy["csp"]>;

const SOURCES: Readonly<Record<string, string>> = {
  inline: "'unsafe-inline'",
  eval: "'unsafe-eval'",
  "wasm-eval": "'wasm-unsafe-eval'",
  self: "'self'",
  data: "data:",
  blob: "blob:",
  filesystem: "filesystem:",
};
/** Of an element or attribute; the page policy has the name without it. */
const nameOf = (directive: string): string => directive.replace(/-(elem|attr)$/, "");

const nothing = (advice: string): CspProposal => ({ addition: null, setting: null, risk: "none", advice });

export function proposalOf({ directive, blocked }: CspKind, csp: Csp): CspProposal {
  if (blocked === "extension")
    return nothing("An extension of somebody's browser did it, not a page of yours. Leave it.");
  if (/trusted-types/.test(directive))
    return nothing(
      "A script made markup or script of text. Find it on that page and have it set text instead; headers.csp.trustedTypes is what stops injected markup.",
    );
  const source = SOURCES[blocked] ?? (blocked.includes("://") ? blocked : undefined);
  if (source === undefined) return nothing("What was blocked has no address that could be allowed.");
  const name = nameOf(directive);
  const addition = `${name} ${source}`;
  const setting = settingFor(name, source);
  if (setting !== null)
    return {
      addition,
      setting,
      risk: "some",
      advice:
        name === "connect-src"
          ? "Allow it if a script of yours calls it: whatever runs in a page may send there what it sees."
          : "Allow it if a page of yours shows pictures from there: that server then learns who looks at the page.",
    };
  return { addition, setting: null, risk: "high", advice: warningOf(name, blocked, csp) };
}

/** As the policy's own pattern has it: no setting takes an address without TLS. */
function settingFor(name: string, source: string): CspProposal["setting"] {
  const isSecure = /^(https|wss):\/\/[a-z0-9.-]+(:[0-9]{1,5})?$/.test(source);
  if (name === "connect-src" && isSecure) return { path: "headers.csp.connectSources", value: source };
  if (name === "img-src" && (isSecure || source === "blob:"))
    return { path: "headers.csp.imageSources", value: source };
  return null;
}

function warningOf(name: string, blocked: string, csp: Csp): string {
  if (blocked.startsWith("http://") || blocked.startsWith("ws://"))
    return "It comes without TLS: whoever is on the way could put anything in its place. Have it served over HTTPS.";
  if (name === "script-src" || name === "default-src" || name === "worker-src") {
    if (blocked === "inline")
      return csp.scripts === "nonce"
        ? "Dangerous: injected script would run. Move it into a file, or give it the page's nonce (reply.cspNonce())."
        : "Dangerous: injected script would run. Move it into a file.";
    if (blocked === "eval" || blocked === "wasm-eval")
      return "Dangerous: text would become script. Find what calls eval or new Function, and replace it.";
    return "Dangerous: whoever can write there runs script here, with the rights of whoever looks at the page. Serve the file yourself.";
  }
  if (name === "style-src")
    return blocked === "inline"
      ? "Dangerous: injected styles can read out what is on the page. Move them into a file or a class."
      : "Dangerous: styles of others can read out what is on the page. Serve the file yourself.";
  if (name === "frame-ancestors")
    return "Dangerous: another site would show the page in a frame and have people press what they do not see.";
  if (name === "form-action") return "Dangerous: forms with passwords could be sent there.";
  if (name === "base-uri") return "Dangerous: every relative address of the page would lead there.";
  return "No setting allows it, because nothing of the kind should be needed. Serve it yourself, or leave it out.";
}
