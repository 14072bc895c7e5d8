/**
 * Between the tree of a rich text, the elements that are being edited, and the HTML that is sent. Elements are made one by
 * one and never of HTML: Trusted Types forbid it here, and what the server cleans is all that is ever read back.
 */
import { RICH_TAGS, type RichElement, type RichNode } from "../../api/courses.ts";

const ALIASES: Readonly<Record<string, string>> = {
  b: "strong",
  i: "em",
  strike: "s",
  del: "s",
  div: "p",
  h1: "h2",
  h5: "h4",
  h6: "h4",
  tfoot: "tbody",
};
const BLOCKS = new Set("p h2 h3 h4 ul ol blockquote pre figure table dl hr".split(" "));
const VOID = new Set(["br", "hr", "img"]);
const looks: Readonly<Record<string, string>> = {
  h2: "pt-4 text-xl font-semibold",
  h3: "pt-2 text-lg font-semibold",
  h4: "font-semibold",
  ul: "list-disc pl-6",
  ol: "list-decimal pl-6",
  blockquote: "border-l-4 border-line pl-4 text-muted",
  pre: "overflow-x-auto rounded-lg border border-line bg-sunken p-4 font-mono text-sm",
  a: "text-accent underline underline-offset-4",
  img: "my-2 inline-block h-auto max-w-full rounded-sm border border-line",
};

export function show(nodes: readonly RichNode[], into: Node): void {
  for (const node of nodes) {
    if (typeof node === "string") {
      into.appendChild(document.createTextNode(node));
      continue;
    }
    if (!RICH_TAGS.some((tag) => tag === node.tag)) continue;
    const element = document.createElement(node.tag);
    if (node.href !== undefined) element.setAttribute("href", node.href);
    if (node.src !== undefined) element.setAttribute("src", node.src);
    if (node.tag === "img") element.setAttribute("alt", node.alt ?? "");
    if (node.colspan !== undefined) element.setAttribute("colspan", String(node.colspan));
    if (node.rowspan !== undefined) element.setAttribute("rowspan", String(node.rowspan));
    show(node.children, element);
    into.appendChild(element);
  }
  if (into instanceof HTMLElement) dress(into);
}

/** What the browser makes while somebody writes looks as it will. */
export function dress(editor: HTMLElement): void {
  for (const [tag, look] of Object.entries(looks))
    for (const element of editor.querySelectorAll(tag))
      if (element.className !== look) element.className = look;
}

/** What stands in the editor now. `pictures`: where pictures of the course are; no other is taken. */
export const readTree = (editor: Node, pictures: string): readonly RichNode[] =>
  inBlocks(children(editor, pictures, false)).filter((node) => !isEmpty(node));

function children(parent: Node, pictures: string, isCode: boolean): RichNode[] {
  return [...parent.childNodes].flatMap((node): RichNode[] => {
    if (node instanceof Text) {
      const text = node.data.replaceAll("\u00a0", " ");
      return text === "" ? [] : [text];
    }
    if (!(node instanceof HTMLElement)) return [];
    const name = node.tagName.toLowerCase();
    const tag = ALIASES[name] ?? name;
    if (isCode && tag === "br") return ["\n"];
    const inner = children(node, pictures, isCode || tag === "pre");
    if (!RICH_TAGS.some((one) => one === tag)) return inner;
    if (tag === "img") {
      const src = node.getAttribute("src") ?? "";
      return src.startsWith(pictures)
        ? [{ tag, children: [], src, alt: node.getAttribute("alt") ?? "" }]
        : [];
    }
    if (tag === "a") {
      const href = node.getAttribute("href");
      return href === null || inner.length === 0 ? inner : [{ tag, children: inner, href }];
    }
    if (node instanceof HTMLTableCellElement) return [{ tag, children: inner, ...spans(node) }];
    // A paragraph holds no blocks: where browsers put some in, it ends before them.
    if (tag === "p" && inner.some(isBlock)) return inBlocks(inner);
    return [{ tag, children: inner }];
  });
}

/** Cells that take the room of others; wider than the server keeps is no wider than one. */
function spans({ colSpan, rowSpan }: HTMLTableCellElement): Pick<RichElement, "colspan" | "rowspan"> {
  const kept = (span: number): boolean => span > 1 && span <= 50;
  return {
    ...(kept(colSpan) ? { colspan: colSpan } : {}),
    ...(kept(rowSpan) ? { rowspan: rowSpan } : {}),
  };
}

const isBlock = (node: RichNode): node is RichElement => typeof node !== "string" && BLOCKS.has(node.tag);
const isEmpty = (node: RichNode): boolean =>
  typeof node === "string"
    ? node.trim() === ""
    : node.tag === "br" || (!["hr", "img"].includes(node.tag) && node.children.every(isEmpty));

/** What stands by itself between blocks becomes a paragraph, and blocks of code that follow each other become one. */
function inBlocks(nodes: readonly RichNode[]): RichNode[] {
  const blocks: RichNode[] = [];
  let loose: RichNode[] = [];
  const close = (): void => {
    if (loose.some((node) => !isEmpty(node))) blocks.push({ tag: "p", children: loose });
    loose = [];
  };
  for (const node of nodes) {
    if (!isBlock(node)) {
      loose.push(node);
      continue;
    }
    close();
    const last = blocks.at(-1);
    if (node.tag === "pre" && last !== undefined && typeof last !== "string" && last.tag === "pre")
      blocks[blocks.length - 1] = { tag: "pre", children: [...last.children, "\n", ...node.children] };
    else blocks.push(node);
  }
  close();
  return blocks;
}

const escape = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

/** What is sent. The server parses, cleans and writes it anew. */
export const htmlOf = (nodes: readonly RichNode[]): string =>
  nodes
    .map((node) => {
      if (typeof node === "string") return escape(node);
      const { tag, href, src, alt, colspan, rowspan } = node;
      const attributes = Object.entries({ href, src, alt, colspan, rowspan })
        .map(([name, value]) => (value === undefined ? "" : ` ${name}="${escape(String(value))}"`))
        .join("");
      if (VOID.has(tag)) return `<${tag}${attributes}>`;
      const inner = htmlOf(node.children);
      // The standard drops a first line break in <pre>.
      return `<${tag}${attributes}>${tag === "pre" && inner.startsWith("\n") ? "\n" : ""}${inner}</${tag}>`;
    })
    .join("");
