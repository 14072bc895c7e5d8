/** Reads a lesson's Markdown into blocks. What has no block here (raw HTML, pictures) is refused: it would reach readers unchecked. */
import { Marked, type MarkedToken, type Token, type Tokens } from "marked";
import type { Block, Inline, ParsedLesson, Tone } from "./blocks.ts";
import { decodeEntities, UnknownEntity } from "./entities.ts";

export type { Block, Inline, ParsedLesson as Lesson, Tone } from "./blocks.ts";

export class LessonError extends Error {
  override readonly name = "LessonError";
}

/** An instance of its own: `marked.use` elsewhere in the process must not change what a lesson may hold. */
const marked = new Marked();

const HANDLED = [
  "heading",
  "paragraph",
  "text",
  "list",
  "code",
  "blockquote",
  "table",
  "hr",
  "escape",
  "strong",
  "em",
  "codespan",
  "link",
] as const;
type HandledToken = Extract<MarkedToken, { type: (typeof HANDLED)[number] }>;

const isHandled = (token: Token): token is HandledToken => HANDLED.some((type) => type === token.type);

/** Maps, not objects: a quote that begins with "**constructor**" must find nothing. */
const TONES: ReadonlyMap<string, Tone> = new Map([
  ["Remember.", "remember"],
  ["Try it.", "try"],
  ["Watch out.", "watch"],
]);
const CONSTRUCTS: ReadonlyMap<string, string> = new Map([
  ["html", "raw HTML"],
  ["image", "an image"],
  ["br", "a hard line break"],
  ["del", "struck-out text"],
  ["checkbox", "a task list"],
]);

/** Stands where a file was not UTF-8, and where the lexer met a number that is no character, such as "&#0;". */
const REPLACEMENT = "\ufffd";
const NO_CHARACTER = "what is no character (U+FFFD)";

/** @throws LessonError naming the file and what is wrong in it. */
export function parseLesson(markdown: string, file = "lesson"): ParsedLesson {
  const tokens = marked.lexer(markdown).filter(({ type }) => type !== "space" && type !== "def");
  const [title, summary, ...rest] = tokens;
  if (title === undefined || !isHandled(title) || title.type !== "heading" || title.depth !== 1)
    throw new LessonError(`${file}: the first line must be "# Title"`);
  if (summary === undefined || !isHandled(summary) || summary.type !== "paragraph")
    throw new LessonError(`${file}: the second paragraph must be the summary`);
  const reader = new Reader(file);
  if (markdown.includes(REPLACEMENT)) reader.refuse(NO_CHARACTER);
  return {
    title: plain(reader.inlines(title)),
    summary: reader.plainOnly(summary, "a summary with markup"),
    words: markdown.match(/\S*[\p{L}\p{N}]\S*/gu)?.length ?? 0,
    blocks: rest.map((token) => reader.block(token)),
  };
}

class Reader {
  readonly #file: string;
  readonly #ids = new Set<string>();

  constructor(file: string) {
    this.#file = file;
  }

  block(token: Token): Block {
    if (!isHandled(token)) return this.refuse(construct(token));
    switch (token.type) {
      case "heading": {
        if (token.depth !== 2 && token.depth !== 3) return this.refuse(`a heading of depth ${token.depth}`);
        const children = this.inlines(token);
        return { type: "heading", depth: token.depth, id: this.#id(plain(children)), children };
      }
      case "paragraph":
      case "text":
        return { type: "paragraph", children: this.inlines(token) };
      case "list":
        return this.#list(token);
      case "code":
        return { type: "code", language: token.lang?.split(/\s/)[0] || null, text: token.text };
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
        return this.refuse(construct(token));
    }
  }

  inlines(token: Tokens.Heading | Tokens.Paragraph | Tokens.Text): readonly Inline[] {
    return token.tokens === undefined
      ? [{ type: "text", text: this.#decode(token.text) }]
      : this.#inlineList(token.tokens);
  }

  plainOnly(token: Tokens.Paragraph, otherwise: string): string {
    const inlines = this.inlines(token);
    return inlines.every(({ type }) => type === "text") ? plain(inlines) : this.refuse(otherwise);
  }

  #blocks(tokens: readonly Token[]): Block[] {
    return tokens.filter(({ type }) => type !== "space").map((token) => this.block(token));
  }

  #inlineList(tokens: readonly Token[]): Inline[] {
    return tokens.map((token) => this.#inline(token));
  }

  #inline(token: Token): Inline {
    if (!isHandled(token)) return this.refuse(construct(token));
    switch (token.type) {
      case "text":
        return { type: "text", text: this.#decode(token.text) };
      case "escape":
        return { type: "text", text: token.text };
      case "strong":
      case "em":
        return { type: token.type, children: this.#inlineList(token.tokens) };
      case "codespan":
        // Entities mean nothing inside code (CommonMark 6.1), so "&amp;" stays as it was written.
        return { type: "code", text: token.text };
      case "link": {
        const href = this.#decode(token.href);
        if (!isAllowedLink(href)) return this.refuse(`a link to ${href}`);
        if (token.title) return this.refuse("a link with a title");
        return { type: "link", href, children: this.#inlineList(token.tokens) };
      }
      default:
        return this.refuse(construct(token));
    }
  }

  #list(token: Tokens.List): Block {
    if (token.ordered && token.start !== 1) return this.refuse(`a list that starts at ${token.start}`);
    if (token.items.some(({ task }) => task)) return this.refuse("a task list");
    return {
      type: "list",
      ordered: token.ordered,
      items: token.items.map((item) => this.#blocks(item.tokens)),
    };
  }

  #quote(token: Tokens.Blockquote): Block {
    const children = this.#blocks(token.tokens);
    const [first, ...rest] = children;
    if (first?.type !== "paragraph") return { type: "quote", children };
    const [lead, ...inlines] = first.children;
    const tone = lead?.type === "strong" ? TONES.get(plain(lead.children)) : undefined;
    if (tone === undefined) return { type: "quote", children };
    if (plain(inlines).trim() === "") return this.refuse("a callout without text");
    return {
      type: "callout",
      tone,
      children: [{ type: "paragraph", children: trimStart(inlines) }, ...rest],
    };
  }

  #id(text: string): string {
    const id = text
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-|-$/g, "");
    if (id === "") return this.refuse(`the heading "${text}", which gives no id`);
    if (this.#ids.has(id)) return this.refuse(`the heading "${text}" twice`);
    this.#ids.add(id);
    return id;
  }

  #decode(text: string): string {
    if (text.includes(REPLACEMENT)) return this.refuse(NO_CHARACTER);
    try {
      return decodeEntities(text);
    } catch (error) {
      if (error instanceof UnknownEntity) return this.refuse(`${error.message} (write the character itself)`);
      throw error;
    }
  }

  refuse(what: string): never {
    throw new LessonError(`${this.#file}: a lesson cannot hold ${what}`);
  }
}

const construct = ({ type }: Token): string => CONSTRUCTS.get(type) ?? `a ${type} here`;

/**
 * White space, control characters and "\" go first: browsers drop the first two and read the third as "/",
 * so "/\evil.example" would leave the site.
 */
const isAllowedLink = (href: string): boolean =>
  !/[\s\\\p{Cc}]/u.test(href) &&
  (/^\/(?!\/)/.test(href) || (/^(https:\/\/|mailto:)[^/]/.test(href) && URL.canParse(href)));

/** The space between "**Remember.**" and what is to be remembered. */
function trimStart(inlines: readonly Inline[]): readonly Inline[] {
  const [first, ...rest] = inlines;
  if (first?.type !== "text") return inlines;
  const text = first.text.trimStart();
  return text === "" ? rest : [{ type: "text", text }, ...rest];
}

export const plain = (inlines: readonly Inline[]): string =>
  inlines.map((inline) => ("text" in inline ? inline.text : plain(inline.children))).join("");
