/** Reads a lesson's Markdown into blocks. What has no block here (raw HTML, pictures) is refused: it would reach readers unchecked. */
import { lexer, type MarkedToken, type Token, type Tokens } from "marked";
import type { Block, Inline, ParsedLesson, Tone } from "./blocks.ts";

export class LessonError extends Error {
  override readonly name = "LessonError";
}

const TONES: Readonly<Record<string, Tone>> = {
  "Remember.": "remember",
  "Try it.": "try",
  "Watch out.": "watch",
};

/** @throws LessonError naming the file and what is wrong in it. */
export function parseLesson(markdown: string, file: string): ParsedLesson {
  const tokens = lexer(markdown).filter(({ type }) => type !== "space" && type !== "def");
  const [title, summary, ...rest] = tokens;
  if (title?.type !== "heading" || title["depth"] !== 1)
    throw new LessonError(`${file}: the first line must be "# Title"`);
  if (summary?.type !== "paragraph")
    throw new LessonError(`${file}: the second paragraph must be the summary`);
  const reader = new Reader(file);
  return {
    title: plain(reader.inlines(title)),
    summary: plain(reader.inlines(summary)),
    words: markdown.split(/\s+/).length,
    blocks: rest.map((token) => reader.block(token)),
  };
}

class Reader {
  readonly #file: string;
  readonly #ids = new Set<string>();

  constructor(file: string) {
    this.#file = file;
  }

  block(generic: Token): Block {
    const token = known(generic);
    switch (token.type) {
      case "heading":
        if (token.depth !== 2 && token.depth !== 3) return this.#refuse(`a heading of depth ${token.depth}`);
        return {
          type: "heading",
          depth: token.depth,
          id: this.#id(token.text),
          children: this.inlines(token),
        };
      case "paragraph":
      case "text":
        return { type: "paragraph", children: this.inlines(token) };
      case "list":
        return {
          type: "list",
          ordered: token.ordered,
          items: token.items.map((item) => this.#blocks(item.tokens)),
        };
      case "code":
        return {
          type: "code",
          language: token.lang === undefined || token.lang === "" ? null : token.lang,
          text: token.text,
        };
      case "blockquote":
        return this.#quote(token);
      case "table":
        return {
          type: "table",
          head: token.header.map((cell) => this.#inlineList(cell.tokens)),
          rows: token.rows.map((row) => row.map((cell) => this.#inlineList(cell.tokens))),
        };
      case "hr":
        return { type: "divider" };
      default:
        return this.#refuse(token.type);
    }
  }

  inlines(token: Token): readonly Inline[] {
    const tokens = "tokens" in token ? token.tokens : undefined;
    return tokens === undefined ? [{ type: "text", text: decode(token.raw) }] : this.#inlineList(tokens);
  }

  #blocks(tokens: readonly Token[]): Block[] {
    return tokens.filter(({ type }) => type !== "space").map((token) => this.block(token));
  }

  #inlineList(tokens: readonly Token[]): Inline[] {
    return tokens.map((generic): Inline => {
      const token = known(generic);
      switch (token.type) {
        case "text":
        case "escape":
          return { type: "text", text: decode(token.text) };
        case "strong":
        case "em":
          return { type: token.type, children: this.#inlineList(token.tokens) };
        case "codespan":
          return { type: "code", text: decode(token.text) };
        case "link":
          if (!/^(https:\/\/|mailto:|\/(?!\/))/.test(token.href))
            return this.#refuse(`a link to ${token.href}`);
          return { type: "link", href: token.href, children: this.#inlineList(token.tokens) };
        default:
          return this.#refuse(token.type);
      }
    });
  }

  #quote(token: Tokens.Blockquote): Block {
    const children = this.#blocks(token.tokens);
    const [first, ...rest] = children;
    const lead = first?.type === "paragraph" ? first.children[0] : undefined;
    const tone = lead?.type === "strong" ? TONES[plain(lead.children)] : undefined;
    if (first?.type !== "paragraph" || tone === undefined) return { type: "quote", children };
    const [next, ...others] = first.children.slice(1);
    const trimmed: Inline[] =
      next?.type === "text"
        ? [{ type: "text", text: next.text.trimStart() }, ...others]
        : first.children.slice(1);
    return { type: "callout", tone, children: [{ type: "paragraph", children: trimmed }, ...rest] };
  }

  #id(text: string): string {
    const base = text
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-|-$/g, "");
    if (this.#ids.has(base)) return this.#refuse(`the heading "${text}" twice`);
    this.#ids.add(base);
    return base;
  }

  #refuse(what: string): never {
    throw new LessonError(`${this.#file}: a lesson cannot hold ${what}`);
  }
}

const KINDS: ReadonlySet<string> = new Set(
  (
    "heading paragraph text list code blockquote table hr html image br del def space " +
    "escape strong em codespan link list_item checkbox"
  ).split(" "),
);

/** The lexer types tokens loosely; without extensions all of them are of its closed set. */
const isKnown = (token: Token): token is MarkedToken => KINDS.has(token.type);

function known(token: Token): MarkedToken {
  if (!isKnown(token)) throw new LessonError(`a lesson cannot hold ${token.type}`);
  return token;
}

export const plain = (inlines: readonly Inline[]): string =>
  inlines.map((inline) => ("text" in inline ? inline.text : plain(inline.children))).join("");

const ENTITIES: Readonly<Record<string, string>> = {
  "&amp;": "&",
  "&lt;": "<",
  "&gt;": ">",
  "&quot;": '"',
  "&#39;": "'",
};

/** The lexer escapes text for HTML; here it stays text. */
const decode = (text: string): string =>
  text.replace(/&(amp|lt|gt|quot|#39);/g, (entity) => ENTITIES[entity] ?? entity);
