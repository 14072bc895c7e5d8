/**
 * Threat: markup of a stranger that runs in a reader's page (cross-site scripting), changes its meaning between two
 * parsers (mutation), leads away under a false name, or takes minutes to clean. Rule: what a field declares to be rich
 * is parsed as browsers do and written anew from an allow-list; every other element, attribute and address is left out;
 * what cannot be cleaned within bounds is refused. References: ASVS 5.0 1.3.1, 1.3.2, 1.3.4; CWE-79; CWE-1007;
 * requirements XSS-1, XSS-2.
 */
import type Type from "typebox";
import { count, type Environment, section, wordsOf } from "../lib/schema.ts";

/**
 * The elements that a policy can choose from. None of them changes how its content is parsed, brings a namespace of its
 * own or loads anything but a picture; so no policy can open a hole by naming one.
 */
export const safeTags = [
  "p",
  "br",
  "hr",
  "h1",
  "h2",
  "h3",
  "h4",
  "h5",
  "h6",
  "strong",
  "em",
  "b",
  "i",
  "u",
  "s",
  "sub",
  "sup",
  "small",
  "mark",
  "code",
  "kbd",
  "samp",
  "pre",
  "blockquote",
  "q",
  "cite",
  "abbr",
  "ul",
  "ol",
  "li",
  "dl",
  "dt",
  "dd",
  "a",
  "img",
  "figure",
  "figcaption",
  "table",
  "caption",
  "thead",
  "tbody",
  "tfoot",
  "tr",
  "th",
  "td",
  "div",
  "span",
] as const;

/** "element.attribute". No `style`, `class`, `id` or `name`: they paint over the page or shadow its scripts' variables. */
export const safeAttributes = [
  "a.href",
  "a.title",
  "abbr.title",
  "img.src",
  "img.alt",
  "img.title",
  "img.width",
  "img.height",
  "ol.start",
  "td.colspan",
  "td.rowspan",
  "th.colspan",
  "th.rowspan",
  "th.scope",
] as const;

export const linkProtocols = ["http", "https", "mailto", "tel"] as const;

export const sanitizePolicySchema = section(
  {
    tags: wordsOf(safeTags, "Elements that rich text may have."),
    attributes: wordsOf(safeAttributes, "Attributes that they may have, as element.attribute."),
    linkProtocols: wordsOf(linkProtocols, "Where links may lead, beside places of this site."),
    htmlMaxLength: count(1, 1_000_000, "Longest rich text, in UTF-16 units, before and after it is cleaned."),
    htmlMaxDepth: count(4, 256, "Deepest nesting of elements."),
    htmlNodeLimit: count(10, 100_000, "Most elements, those that are left out included."),
  },
  "Markup in what people write.",
);

export type SanitizePolicy = Type.Static<typeof sanitizePolicySchema>;

export const sanitizeDefaults = (_environment: Environment): SanitizePolicy => ({
  tags: [...safeTags],
  attributes: [...safeAttributes],
  linkProtocols: ["http", "https", "mailto"],
  htmlMaxLength: 100_000, // a long lesson
  htmlMaxDepth: 32,
  htmlNodeLimit: 10_000,
});
