/** The four ways to clean a text (XSS-1). Each gives back what it would give again: cleaning twice changes nothing. */
import type { DeepReadonly } from "../lib/freeze.ts";
import type { SanitizePolicy } from "./policy.ts";
import { type Cleaned, cleanMarkup, type MarkupRule } from "./rich.ts";
import { cleanText } from "./text.ts";

/**
 * `rich`: markup by the policy's allow-list. `strict`: markup in, none out; what is left is escaped. `linkify`: no
 * markup but links, and addresses in the text become some. These three give HTML. `text`: plain text that is no markup
 * and must be escaped where it is shown, as every template here does; it loses only what nobody sees.
 */
export type SanitizeKind = "rich" | "strict" | "linkify" | "text";

export const sanitizeKinds: readonly SanitizeKind[] = ["rich", "strict", "linkify", "text"];

export type Sanitizer = (kind: SanitizeKind, text: string) => Cleaned;

export function sanitizer(policy: DeepReadonly<SanitizePolicy>): Sanitizer {
  const bounds = {
    htmlMaxLength: policy.htmlMaxLength,
    htmlMaxDepth: policy.htmlMaxDepth,
    htmlNodeLimit: policy.htmlNodeLimit,
    linkProtocols: policy.linkProtocols,
  };
  const rules: Readonly<Record<Exclude<SanitizeKind, "text">, MarkupRule>> = {
    rich: {
      ...bounds,
      tags: new Set(policy.tags),
      attributes: new Set(policy.attributes),
      linkify: false,
    },
    strict: { ...bounds, tags: new Set(), attributes: new Set(), linkify: false },
    linkify: { ...bounds, tags: new Set(["a"]), attributes: new Set(["a.href"]), linkify: true },
  };
  return (kind, text) => (kind === "text" ? { value: cleanText(text) } : cleanMarkup(text, rules[kind]));
}
