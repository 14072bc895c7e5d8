import { describe, expect, it } from "vitest";
import type { Block, Inline } from "./blocks.ts";
import { loadCatalogue } from "./catalogue.ts";
import { parseLesson, plain } from "./markdown.ts";

const catalogue = await loadCatalogue(new URL("./courses/", import.meta.url));
const parse = (body: string) => parseLesson(`# Title\n\nA summary.\n\n${body}`, "test.md").blocks;

describe("a lesson", () => {
  it("becomes blocks of plain data, with text as it was written", () => {
    expect(parse("Is `a < b` & *c* > [d](https://x.example)?")).toEqual([
      {
        type: "paragraph",
        children: [
          { type: "text", text: "Is " },
          { type: "code", text: "a < b" },
          { type: "text", text: " & " },
          { type: "em", children: [{ type: "text", text: "c" }] },
          { type: "text", text: " > " },
          { type: "link", href: "https://x.example", children: [{ type: "text", text: "d" }] },
          { type: "text", text: "?" },
        ],
      },
    ]);
  });

  it("knows callouts by their first word", () => {
    expect(parse("> **Watch out.** Do not.")).toEqual([
      {
        type: "callout",
        tone: "watch",
        children: [{ type: "paragraph", children: [{ type: "text", text: "Do not." }] }],
      },
    ]);
    expect(parse("> Said somebody.")[0]?.type).toBe("quote");
  });

  it.each([
    ["raw HTML", "<script>alert(1)</script>"],
    ["HTML in a line", "x <img src=x onerror=alert(1)> y"],
    ["a picture", "![x](https://x.example/y.png)"],
    ["a script link", "[x](javascript:alert(1))"],
    ["a link to another host without scheme", "[x](//evil.example)"],
    ["a plain HTTP link", "[x](http://x.example)"],
    ["a heading twice", "## Same\n\n## Same"],
    ["a heading too deep", "#### Deep"],
  ])("refuses %s", (_what, body) => {
    expect(() => parse(body)).toThrow(/^test\.md: |cannot hold/);
  });

  it("refuses a file without title or summary", () => {
    expect(() => parseLesson("Just text.", "x.md")).toThrow("x.md: the first line");
    expect(() => parseLesson("# Title\n\n## No summary", "x.md")).toThrow("x.md: the second paragraph");
  });
});

describe("the catalogue", () => {
  const lessons = catalogue
    .list()
    .flatMap(({ slug }) =>
      (catalogue.course(slug)?.lessons ?? []).map((lesson) => catalogue.lesson(slug, lesson.slug)),
    );

  it("has courses in order, each lesson with its neighbours", () => {
    expect(catalogue.list().length).toBeGreaterThanOrEqual(4);
    for (const { slug, lesson_count: count } of catalogue.list()) {
      const list = catalogue.course(slug)?.lessons ?? [];
      expect(list).toHaveLength(count);
      list.forEach((lesson, index) => {
        expect(catalogue.lesson(slug, lesson.slug)).toMatchObject({
          position: index + 1,
          previous: list[index - 1] === undefined ? null : { slug: list[index - 1]?.slug },
          next: list[index + 1] === undefined ? null : { slug: list[index + 1]?.slug },
        });
      });
    }
  });

  it("has lessons worth reading: long enough, ending with questions", () => {
    const words = (blocks: readonly Block[]): number => JSON.stringify(blocks).split(/\s+/).length;
    for (const lesson of lessons) {
      expect([lesson?.slug, words(lesson?.blocks ?? [])]).toEqual([
        lesson?.slug,
        expect.toSatisfy((count: number) => count > 250),
      ]);
      const heading = lesson?.blocks.findLast((block) => block.type === "heading");
      expect(heading?.type === "heading" ? plain(heading.children) : "").toBe("Check yourself");
    }
  });

  it("links only to what is there", () => {
    const links = (inlines: readonly Inline[]): string[] =>
      inlines.flatMap((inline) =>
        inline.type === "link" ? [inline.href] : "children" in inline ? links(inline.children) : [],
      );
    const found = lessons.flatMap((lesson) =>
      (lesson?.blocks ?? []).flatMap((block) => (block.type === "paragraph" ? links(block.children) : [])),
    );
    for (const href of found.filter((one) => one.startsWith("/courses/"))) {
      const [, , course = "", lesson = ""] = href.split("/");
      expect(catalogue.lesson(course, lesson)).toBeDefined();
    }
  });

  it("finds nothing under names that nobody gave", () => {
    for (const name of ["", "__proto__", "constructor", "../sessions"])
      expect([catalogue.course(name), catalogue.lesson("sessions", name)]).toEqual([undefined, undefined]);
  });
});
