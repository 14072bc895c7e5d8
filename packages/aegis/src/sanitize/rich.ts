/**
 * Rich text by allow-list: parsed as browsers do, and written anew, so that nothing of the original's spelling is left
 * to be read in another way. What parses differently once it is written is parsed and written again, until it stays as
 * it is: mutation needs a text that changes, and this one no longer does.
 */
import { html } from "parse5";
import { linkAddress, pictureAddress } from "./address.ts";
import { addressesIn } from "./linkify.ts";
import { type Element, type Node, type ParseBounds, parseMarkup, type TooMuch } from "./parse.ts";
import { withoutUnseen } from "./text.ts";

export interface MarkupRule extends ParseBounds {
  readonly tags: ReadonlySet<string>;
  readonly attributes: ReadonlySet<string>;
  readonly linkProtocols: readonly string[];
  /** Addresses in the text become links. */
  readonly linkify: boolean;
}

export type Cleaned = { readonly value: string } | { readonly refused: TooMuch };

/** Written texts settle after one or two; what does not settle is shown as what it is: characters. */
const MOST_PASSES = 8;

export function cleanMarkup(text: string, rule: MarkupRule): Cleaned {
  let value = withoutUnseen(text);
  for (let pass = 0; pass < MOST_PASSES; pass++) {
    const parsed = parseMarkup(value, rule);
    if ("refused" in parsed) return parsed;
    const written = writeAll(parsed.nodes, rule, false);
    if (written === value) return { value };
    value = written;
  }
  const plain = parseMarkup(value, rule);
  return "refused" in plain ? plain : { value: escapeText(textOf(plain.nodes)) };
}

/** Their content is no text for people, or is parsed by rules of its own: they go with all that is in them. */
const DROPPED = new Set(
  "applet audio base canvas embed frame frameset head iframe link math meta noembed noframes noscript object optgroup option param plaintext script select source style svg template textarea title track video xmp".split(
    " ",
  ),
);
const VOID = new Set(["br", "hr", "img"]);
/** Links among strangers vouch for nothing, tell the other side nothing, and open no way back. */
const LINK_RELATION = "nofollow noopener noreferrer ugc";

const writeAll = (nodes: readonly Node[], rule: MarkupRule, inLink: boolean): string =>
  nodes.map((node) => write(node, rule, inLink)).join("");

function write(node: Node, rule: MarkupRule, inLink: boolean): string {
  if (node.nodeName === "#text" && "value" in node) return writeText(node.value, rule, inLink);
  if (!("tagName" in node)) return ""; // comments, document types
  const name = node.tagName;
  if (node.namespaceURI !== html.NS.HTML || DROPPED.has(name)) return "";
  const isLink = name === "a";
  const content = (): string => writeAll(node.childNodes, rule, inLink || isLink);
  if (!rule.tags.has(name)) return content();
  const attributes = attributesOf(node, rule);
  if (name === "img" && !attributes.startsWith(" src=")) return "";
  if (VOID.has(name)) return `<${name}${attributes}>`;
  const inner = content();
  // The standard drops a first line break in <pre>: one more keeps the text as it is.
  const lead = name === "pre" && inner.startsWith("\n") ? "\n" : "";
  return `<${name}${attributes}>${lead}${inner}</${name}>`;
}

function writeText(value: string, rule: MarkupRule, inLink: boolean): string {
  const text = withoutUnseen(value);
  if (!rule.linkify || inLink || !rule.tags.has("a")) return escapeText(text);
  return addressesIn(text)
    .map(({ text: part, address }) => {
      const href = address === undefined ? undefined : linkAddress(address, rule.linkProtocols);
      return href === undefined
        ? escapeText(part)
        : `<a href="${escapeAttribute(href)}" rel="${LINK_RELATION}">${escapeText(part)}</a>`;
    })
    .join("");
}

function attributesOf({ tagName, attrs }: Element, rule: MarkupRule): string {
  const kept = new Map<string, string>();
  for (const { name, value, prefix } of attrs) {
    if (prefix !== undefined || !rule.attributes.has(`${tagName}.${name}`)) continue;
    const text = attributeValue(name, value, rule);
    if (text !== undefined) kept.set(name, text);
  }
  if (kept.get("href")?.includes(":") === true) kept.set("rel", LINK_RELATION);
  return [...kept]
    .toSorted(([a], [b]) => orderOf(a) - orderOf(b) || (a < b ? -1 : 1))
    .map(([name, value]) => ` ${name}="${escapeAttribute(value)}"`)
    .join("");
}

const orderOf = (name: string): number => (name === "href" || name === "src" ? 0 : 1);

function attributeValue(name: string, value: string, rule: MarkupRule): string | undefined {
  switch (name) {
    case "href":
      return linkAddress(value, rule.linkProtocols);
    case "src":
      return pictureAddress(value);
    case "scope":
      return /^(row|col|rowgroup|colgroup)$/.test(value) ? value : undefined;
    case "width":
    case "height":
      return /^[1-9]\d{0,3}$/.test(value) ? value : undefined;
    case "colspan":
    case "rowspan":
      return /^([1-9]|[1-4]\d|50)$/.test(value) ? value : undefined; // a thousand rows of one cell are no table
    case "start":
      return /^-?\d{1,6}$/.test(value) ? value : undefined;
    default:
      return withoutUnseen(value);
  }
}

const textOf = (nodes: readonly Node[]): string =>
  nodes
    .map((node) =>
      node.nodeName === "#text" && "value" in node
        ? withoutUnseen(node.value)
        : "tagName" in node && node.namespaceURI === html.NS.HTML && !DROPPED.has(node.tagName)
          ? textOf(node.childNodes)
          : "",
    )
    .join("");

export const escapeText = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** "<" and ">" too: no parser that loses its way in a quoted value may find a tag in it. */
const escapeAttribute = (text: string): string => escapeText(text).replaceAll('"', "&quot;");
