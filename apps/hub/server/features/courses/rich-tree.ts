/**
 * Rich text as a tree, because the pages of the hub make no HTML of text (Trusted Types, "none"): a page builds elements
 * from names that it knows. What comes here has been cleaned; this still lets nothing through but what is named here, so
 * that a row which came into the table another way shows no more than a lesson may.
 */
import { type DefaultTreeAdapterTypes, parseFragment } from "parse5";

export const RICH_TAGS = [
  "p",
  "br",
  "hr",
  "h2",
  "h3",
  "h4",
  "strong",
  "em",
  "u",
  "s",
  "sub",
  "sup",
  "mark",
  "code",
  "kbd",
  "pre",
  "blockquote",
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
  "tr",
  "th",
  "td",
] as const;
export type RichTag = (typeof RICH_TAGS)[number];

export interface RichElement {
  readonly tag: RichTag;
  readonly children: readonly RichNode[];
  /** Of links. */
  readonly href?: string;
  /** Of pictures. */
  readonly src?: string;
  readonly alt?: string;
  /** Of cells: how many they are wide and high, from 2 to 50. */
  readonly colspan?: number;
  readonly rowspan?: number;
}
export type RichNode = string | RichElement;

/** The page has its own h1; other names for the same thing become one. */
const ALIASES: Readonly<Record<string, RichTag>> = {
  h1: "h2",
  h5: "h4",
  h6: "h4",
  b: "strong",
  i: "em",
  cite: "em",
  samp: "code",
  tfoot: "tbody",
};
const DEEPEST = 64;
/** Cleaned before; a row that came into the table another way makes no cell as wide as a page. */
const spanOf = (value = ""): number => (/^([2-9]|[1-4]\d|50)$/.test(value) ? Number(value) : 1);

/** `pictures`: where the course's own pictures are. A picture from anywhere else is left out. */
export const richTree = (html: string, pictures: string): readonly RichNode[] =>
  nodesOf(parseFragment(html).childNodes, pictures, 0);

function nodesOf(
  nodes: readonly DefaultTreeAdapterTypes.ChildNode[],
  pictures: string,
  depth: number,
): RichNode[] {
  if (depth > DEEPEST) return [];
  return nodes.flatMap((node): RichNode[] => {
    if (node.nodeName === "#text" && "value" in node) return node.value === "" ? [] : [node.value];
    if (!("tagName" in node)) return [];
    const tag = ALIASES[node.tagName] ?? RICH_TAGS.find((one) => one === node.tagName);
    const children = nodesOf(node.childNodes, pictures, depth + 1);
    if (tag === undefined) return children;
    const value = (name: string) => node.attrs.find((one) => one.name === name)?.value;
    if (tag === "a") {
      const href = value("href");
      return href === undefined || !/^(https?:|mailto:|\/(?!\/)|#)/.test(href)
        ? children
        : [{ tag, children, href }];
    }
    if (tag === "td" || tag === "th") {
      const [colspan, rowspan] = [spanOf(value("colspan")), spanOf(value("rowspan"))];
      return [{ tag, children, ...(colspan > 1 ? { colspan } : {}), ...(rowspan > 1 ? { rowspan } : {}) }];
    }
    if (tag !== "img") return [{ tag, children }];
    const src = value("src") ?? "";
    const isOwn = src.startsWith(pictures) && /^[0-9a-f-]{36}$/.test(src.slice(pictures.length));
    return isOwn ? [{ tag, children: [], src, alt: (value("alt") ?? "").trim() }] : [];
  });
}

const BLOCKS = new Set<RichTag>([
  "p",
  "br",
  "hr",
  "h2",
  "h3",
  "h4",
  "pre",
  "li",
  "dt",
  "dd",
  "tr",
  "td",
  "th",
]);

/** What there is to read, for search. */
export const plainText = (nodes: readonly RichNode[]): string =>
  nodes
    .map((node) => {
      if (typeof node === "string") return node;
      const inner = node.tag === "img" ? (node.alt ?? "") : plainText(node.children);
      return BLOCKS.has(node.tag) ? `${inner}\n` : inner;
    })
    .join("");
