import { describe, expect, it } from "vitest";
import type { Block } from "./blocks.ts";
import { LessonError, parseLesson, plain } from "./markdown.ts";

const blocksOf = (body: string): readonly Block[] => parseLesson(`# Title\n\nSummary.\n\n${body}`).blocks;
const refusal = (body: string): string => {
  try {
    parseLesson(`# Title\n\nSummary.\n\n${body}`, "course/lesson.md");
  } catch (error) {
    if (error instanceof LessonError) return error.message;
    throw error;
  }
  return "accepted";
};
const paragraph = (text: string): Block => ({ type: "paragraph", children: [{ type: "text", text }] });

describe("a lesson's Markdown", () => {
  it("gives the title, the summary and the number of words", () => {
    expect(parseLesson("# Two *words*\n\nOne sentence.\n\n---\n\nThree more words.")).toMatchObject({
      title: "Two words",
      summary: "One sentence.",
      words: 7,
    });
  });

  it("becomes headings with ids, of depth 2 and 3", () => {
    expect(blocksOf("## What `Secure` does!\n\n### And why")).toEqual([
      {
        type: "heading",
        depth: 2,
        id: "what-secure-does",
        children: [
          { type: "text", text: "What " },
          { type: "code", text: "Secure" },
          { type: "text", text: " does!" },
        ],
      },
      { type: "heading", depth: 3, id: "and-why", children: [{ type: "text", text: "And why" }] },
    ]);
  });

  it("becomes emphasis and links, nested", () => {
    expect(blocksOf("**very *much*** [so](/courses/a)")).toEqual([
      {
        type: "paragraph",
        children: [
          {
            type: "strong",
            children: [
              { type: "text", text: "very " },
              { type: "em", children: [{ type: "text", text: "much" }] },
            ],
          },
          { type: "text", text: " " },
          { type: "link", href: "/courses/a", children: [{ type: "text", text: "so" }] },
        ],
      },
    ]);
  });

  it("becomes lists of blocks, ordered or not, tight or loose, and nested", () => {
    const inner: Block = { type: "list", ordered: false, items: [[paragraph("b")]] };
    expect(blocksOf("1. a\n   - b\n2. c")).toEqual([
      { type: "list", ordered: true, items: [[paragraph("a"), inner], [paragraph("c")]] },
    ]);
    expect(blocksOf("- a\n\n  more\n\n- b")).toEqual([
      { type: "list", ordered: false, items: [[paragraph("a"), paragraph("more")], [paragraph("b")]] },
    ]);
  });

  it("becomes code with the first word of its info string as language, or none", () => {
    expect(blocksOf('```ts title="x"\na && b < c &amp; "d"\n```\n\n```\nplain\n```')).toEqual([
      { type: "code", language: "ts", text: 'a && b < c &amp; "d"' },
      { type: "code", language: null, text: "plain" },
    ]);
  });

  it("becomes tables of inline content, with escaped bars", () => {
    expect(blocksOf("| a | b |\n| --- | --- |\n| `x` | y \\| z |")).toEqual([
      {
        type: "table",
        head: [[{ type: "text", text: "a" }], [{ type: "text", text: "b" }]],
        rows: [[[{ type: "code", text: "x" }], [{ type: "text", text: "y | z" }]]],
      },
    ]);
  });

  it("becomes callouts, quotes and dividers", () => {
    expect(blocksOf("> **Remember.** Keep it.\n>\n> Twice.")).toEqual([
      { type: "callout", tone: "remember", children: [paragraph("Keep it."), paragraph("Twice.")] },
    ]);
    expect(blocksOf("> **Try it.** *Now*")).toMatchObject([
      { type: "callout", tone: "try", children: [{ children: [{ type: "em" }] }] },
    ]);
    expect(blocksOf("> **Watch out.** X")).toMatchObject([{ type: "callout", tone: "watch" }]);
    expect(blocksOf("> Said.\n\n---")).toEqual([
      { type: "quote", children: [paragraph("Said.")] },
      { type: "divider" },
    ]);
  });

  it("takes a quote for a callout only by the three known words, not by what objects inherit", () => {
    for (const lead of ["constructor", "__proto__", "Note."])
      expect(blocksOf(`> **${lead}** text`)).toMatchObject([{ type: "quote" }]);
  });
});

describe("text of a lesson", () => {
  it("comes out raw, not escaped for HTML", () => {
    expect(blocksOf(`a < b & c > "d" 'e'`)).toEqual([paragraph(`a < b & c > "d" 'e'`)]);
  });

  it("has its entities decoded, once", () => {
    expect(blocksOf("&lt;b&gt; &#233; &#x1F36A; &amp;lt;")).toEqual([paragraph("<b> é 🍪 &lt;")]);
  });

  it("keeps entities in code as they were written", () => {
    expect(blocksOf("`&amp;lt; <b>`")).toEqual([
      { type: "paragraph", children: [{ type: "code", text: "&amp;lt; <b>" }] },
    ]);
  });

  it("takes an escaped character for itself", () => {
    const [block] = blocksOf("\\<b> \\&amp;");
    expect(block?.type === "paragraph" ? plain(block.children) : "").toBe("<b> &amp;");
  });

  it.each(["&copy;", "&constructor;", "&NBSP;"])(
    "refuses the entity %s rather than show it undecoded",
    (entity) =>
      expect(refusal(`x ${entity}`)).toBe(
        `course/lesson.md: a lesson cannot hold the entity ${entity} (write the character itself)`,
      ),
  );

  it("refuses what is no character: a bad number, or a file that was not saved as UTF-8", () => {
    const message = "course/lesson.md: a lesson cannot hold what is no character (U+FFFD)";
    for (const bad of ["&#0;", "&#xD800;", "&#x110000;", "\ufffd", "`\ufffd`", "```ts\n\ufffd\n```"])
      expect([bad, refusal(`x ${bad}\n\n${bad}`)]).toEqual([bad, message]);
  });
});

describe("a link in a lesson", () => {
  it.each([
    "https://www.rfc-editor.org/rfc/rfc6265",
    "mailto:help@gammons.example",
    "/courses/sessions#x",
    "/",
  ])("may go to %s", (href) =>
    expect(blocksOf(`[x](${href})`)).toEqual([
      { type: "paragraph", children: [{ type: "link", href, children: [{ type: "text", text: "x" }] }] },
    ]),
  );

  it("has the entities of its address decoded", () => {
    expect(blocksOf("[x](/a?b&amp;c)")).toMatchObject([{ children: [{ href: "/a?b&c" }] }]);
  });

  it.each([
    "http://example.org",
    "javascript:alert(1)",
    "JAVASCRIPT:alert(1)",
    "data:text/html,x",
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/&#9;/evil.example",
    "&#x2f;/evil.example",
    "java&#10;script:alert(1)",
    "https:evil.example",
    "https:///evil.example",
    "https://",
    "relative",
    "#fragment",
    "",
  ])('is refused to "%s"', (href) =>
    expect(refusal(`[x](${href})`)).toMatch(/^course\/lesson\.md: a lesson cannot hold a link to /),
  );

  it("is refused by every way of writing it", () => {
    expect(refusal("<javascript:alert(1)>")).toContain("a link to javascript:alert(1)");
    expect(refusal("[x][1]\n\n[1]: javascript:alert(1)")).toContain("a link to javascript:alert(1)");
    expect(refusal("see www.example.org")).toContain("a link to http://www.example.org");
    expect(refusal('[x](/a "title")')).toContain("a link with a title");
  });
});

describe("a lesson", () => {
  it.each([
    ["raw HTML as a block", "<div>x</div>", "raw HTML"],
    ["raw HTML in a line", "x <b>y</b>", "raw HTML"],
    ["raw HTML in a list", "- <script>x</script>", "raw HTML"],
    ["raw HTML in a table", "| a |\n| - |\n| <i>x</i> |", "raw HTML"],
    ["raw HTML in a heading", "## <i>x</i>", "raw HTML"],
    ["an HTML comment", "<!-- x -->", "raw HTML"],
    ["an image", "![x](/y.png)", "an image"],
    ["an image in a link", "[![x](/y.png)](/z)", "an image"],
    ["a hard line break", "x  \ny", "a hard line break"],
    ["struck-out text", "~~x~~", "struck-out text"],
    ["a task list", "- [ ] x", "a task list"],
    ["a list that starts late", "3. x", "a list that starts at 3"],
    ["a second title", "# x", "a heading of depth 1"],
    ["a deep heading", "#### x", "a heading of depth 4"],
    ["a heading twice", "## x\n\n### X!", 'the heading "X!" twice'],
    ["a heading that gives no id", "## ???", 'the heading "???", which gives no id'],
    ["an empty callout", "> **Remember.**", "a callout without text"],
  ])("refuses %s, naming the file and the construct", (_, body, construct) => {
    expect(refusal(body)).toBe(`course/lesson.md: a lesson cannot hold ${construct}`);
  });

  it("refuses to begin without a title or a plain summary", () => {
    expect(() => parseLesson("Text.", "a.md")).toThrow('a.md: the first line must be "# Title"');
    expect(() => parseLesson("", "a.md")).toThrow('a.md: the first line must be "# Title"');
    expect(() => parseLesson("# T\n\n- x", "a.md")).toThrow("a.md: the second paragraph must be the summary");
    expect(() => parseLesson("# T\n\nWith `code`.", "a.md")).toThrow(
      "a.md: a lesson cannot hold a summary with markup",
    );
  });
});
