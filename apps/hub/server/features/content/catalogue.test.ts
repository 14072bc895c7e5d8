import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Block, Inline } from "./blocks.ts";
import { type Catalogue, type Lesson, loadCatalogue } from "./catalogue.ts";
import { plain } from "./markdown.ts";

const shipped = await loadCatalogue(new URL("./courses/", import.meta.url));
const lessons: readonly Lesson[] = shipped
  .list()
  .flatMap(
    ({ slug }) => shipped.course(slug)?.lessons.map((lesson) => shipped.lesson(slug, lesson.slug)) ?? [],
  )
  .filter((lesson) => lesson !== undefined);
const named = lessons.map((lesson) => [`${lesson.course.slug}/${lesson.slug}`, lesson] as const);

const linksIn = (inlines: readonly Inline[]): string[] =>
  inlines.flatMap((inline) => {
    if ("text" in inline) return [];
    return inline.type === "link" ? [inline.href] : linksIn(inline.children);
  });

const linksOf = (blocks: readonly Block[]): string[] =>
  blocks.flatMap((block) => {
    switch (block.type) {
      case "heading":
      case "paragraph":
        return linksIn(block.children);
      case "list":
        return block.items.flatMap(linksOf);
      case "callout":
      case "quote":
        return linksOf(block.children);
      case "table":
        return [block.head, ...block.rows].flat().flatMap(linksIn);
      case "code":
      case "divider":
        return [];
    }
  });

const idsOf = (lesson: Lesson): string[] =>
  lesson.blocks.flatMap((block) => (block.type === "heading" ? [block.id] : []));

function resolves(href: string): boolean {
  const { pathname, hash } = new URL(href, "https://hub.invalid");
  const [, root, course = "", lesson, ...rest] = pathname.split("/");
  if (root !== "courses" || rest.length > 0) return false;
  if (lesson === undefined) return hash === "" && shipped.course(course) !== undefined;
  const found = shipped.lesson(course, lesson);
  return found !== undefined && (hash === "" || idsOf(found).includes(hash.slice(1)));
}

describe("the shipped catalogue", () => {
  it("holds five courses of four or five lessons, in their order", () => {
    expect(shipped.list().map(({ slug }) => slug)).toEqual([
      "sessions",
      "passwords",
      "cross-site",
      "headers",
      "testing",
    ]);
    for (const { lesson_count: count } of shipped.list()) expect([4, 5]).toContain(count);
  });

  it("adds up the minutes of its lessons", () => {
    for (const { slug, minutes } of shipped.list()) {
      const each = shipped.course(slug)?.lessons.map((lesson) => lesson.minutes) ?? [];
      expect(each.reduce((sum, next) => sum + next, 0)).toBe(minutes);
    }
  });

  it.each(named)("ends %s with three questions and three answers under Check yourself", (_, lesson) => {
    const last = lesson.blocks.slice(-3);
    expect(last).toMatchObject([
      { type: "heading", depth: 2, id: "check-yourself" },
      { type: "list", ordered: true },
      { type: "list", ordered: false },
    ]);
    expect(last.map((block) => (block.type === "list" ? block.items.length : 0))).toEqual([0, 3, 3]);
  });

  it.each(named)("gives %s an example in a named language, a list or table, and a callout", (_, lesson) => {
    const types = lesson.blocks.map(({ type }) => type);
    expect(types).toContain("callout");
    expect(types).toContain("code");
    expect(types.filter((type) => type === "table" || type === "list").length).toBeGreaterThan(2);
    for (const block of lesson.blocks) if (block.type === "code") expect(block.language).not.toBeNull();
  });

  it.each(named)("keeps %s at a length that is read in one sitting", (_, { minutes }) => {
    expect(minutes).toBeGreaterThanOrEqual(3);
    expect(minutes).toBeLessThanOrEqual(5);
  });

  it.each(named)("gives the headings of %s unique ids", (_, lesson) => {
    const ids = idsOf(lesson);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it.each(named)("links from %s only to what exists", (_, lesson) => {
    const broken = linksOf(lesson.blocks).filter((href) => href.startsWith("/") && !resolves(href));
    expect(broken).toEqual([]);
  });

  it("has links between lessons, so that the check above checks something", () => {
    expect(lessons.flatMap(({ blocks }) => linksOf(blocks)).length).toBeGreaterThan(5);
    expect(resolves("/courses/sessions/no-such-lesson")).toBe(false);
    expect(resolves("/courses/sessions/rotation#no-such-heading")).toBe(false);
    expect(resolves("/courses/sessions/rotation#the-race")).toBe(true);
  });

  it("holds no half-decoded text", () => {
    const titles = lessons.flatMap(({ title, summary, blocks }) => [
      title,
      summary,
      ...blocks.map((block) => (block.type === "paragraph" ? plain(block.children) : "")),
    ]);
    for (const text of titles) expect(text).not.toMatch(/&(amp|lt|gt|quot|#\d+);/);
  });
});

describe("a catalogue", () => {
  let root: string;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "hub-courses-"));
  });
  afterAll(() => rm(root, { recursive: true }));

  const course = {
    order: 1,
    title: "First",
    summary: "A course.",
    level: "introductory",
    topics: ["One"],
    lessons: ["a", "b"],
  };
  const files = {
    "first/course.json": JSON.stringify(course),
    "first/a.md": "# A\n\nThe first.\n\nText.",
    "first/b.md": `# B\n\nThe second.\n\n${"word ".repeat(197)}`,
  };
  let count = 0;
  async function load(content: Record<string, string>): Promise<Catalogue> {
    const directory = join(root, String((count += 1)));
    for (const [name, text] of Object.entries(content)) {
      const path = join(directory, name);
      await mkdir(join(path, ".."), { recursive: true });
      await writeFile(path, text);
    }
    return loadCatalogue(directory);
  }
  const without = (name: string): Record<string, string> =>
    Object.fromEntries(Object.entries(files).filter(([file]) => file !== name));

  it("shows a course and its lessons with their neighbours and minutes", async () => {
    const catalogue = await load(files);
    const summary = {
      slug: "first",
      title: "First",
      summary: "A course.",
      level: "introductory",
      minutes: 2,
      lesson_count: 2,
      topics: ["One"],
    };
    const [a, b] = [
      { slug: "a", title: "A", summary: "The first.", minutes: 1 },
      { slug: "b", title: "B", summary: "The second.", minutes: 1 },
    ];
    expect(catalogue.list()).toEqual([summary]);
    expect(catalogue.course("first")).toEqual({ ...summary, lessons: [a, b] });
    expect(catalogue.lesson("first", "a")).toEqual({
      ...a,
      course: { slug: "first", title: "First" },
      position: 1,
      blocks: [{ type: "paragraph", children: [{ type: "text", text: "Text." }] }],
      previous: null,
      next: { slug: "b", title: "B" },
    });
    expect(catalogue.lesson("first", "b")).toMatchObject({
      position: 2,
      previous: { slug: "a", title: "A" },
      next: null,
    });
  });

  it("counts a minute more from the 201st word on", async () => {
    const lesson = (words: number) => ({
      ...files,
      "first/b.md": `# B\n\nWord.\n\n${"word ".repeat(words)}`,
    });
    expect((await load(lesson(198))).lesson("first", "b")?.minutes).toBe(1);
    expect((await load(lesson(199))).lesson("first", "b")?.minutes).toBe(2);
  });

  it("finds nothing under names that objects inherit, or under a path", () => {
    for (const slug of ["__proto__", "constructor", "toString", "", "..", "first/a"]) {
      expect(shipped.course(slug)).toBeUndefined();
      expect(shipped.lesson(slug, slug)).toBeUndefined();
      expect(shipped.lesson("sessions", slug)).toBeUndefined();
    }
    expect(shipped.lesson("sessions/what-a-session-is", "")).toBeUndefined();
  });

  it("cannot be changed by who reads it", () => {
    const thawed: unknown[] = [];
    const visit = (value: unknown): void => {
      if (typeof value !== "object" || value === null) return;
      if (!Object.isFrozen(value)) thawed.push(value);
      Object.values(value).forEach(visit);
    };
    visit(shipped);
    visit(shipped.list());
    for (const { slug } of shipped.list()) visit(shipped.course(slug));
    lessons.forEach(visit);
    expect(thawed).toEqual([]);
  });

  it.each([
    [
      "a course without course.json",
      without("first/course.json"),
      "first/course.json: it cannot be read as JSON",
    ],
    [
      "a course.json that is not JSON",
      { ...files, "first/course.json": "{" },
      "first/course.json: it cannot be read",
    ],
    ["a lesson that is listed and missing", without("first/b.md"), "first/course.json: there is no b.md"],
    [
      "a lesson that nobody lists",
      { ...files, "first/c.md": "# C\n\nC." },
      "first/c.md: course.json does not list",
    ],
    ["a folder that is no slug", { "__proto__/course.json": "{}" }, "__proto__: the folder of a course"],
    [
      "a lesson with raw HTML",
      { ...files, "first/a.md": "# A\n\nA.\n\n<b>" },
      "first/a.md: a lesson cannot hold raw HTML",
    ],
    [
      "two courses of one order",
      {
        ...files,
        ...Object.fromEntries(
          Object.entries(files).map(([name, text]) => [name.replace("first", "second"), text]),
        ),
      },
      "/course.json: /order is also that of",
    ],
  ])("refuses %s", async (_, content, message) => {
    await expect(load(content)).rejects.toThrow(message);
  });

  it.each([
    ["level", { level: "expert" }, "/level"],
    ["title", { title: "" }, "/title"],
    ["lesson slug", { lessons: ["../a"] }, "/lessons/0"],
    ["repeated lesson", { lessons: ["a", "a"] }, "/lessons"],
    ["unknown field", { colour: "red" }, "/colour"],
    ["missing summary", { summary: undefined }, "the file must have required properties"],
  ])("refuses a course.json with a bad %s, naming the place", async (_, change, place) => {
    const bad = { ...files, "first/course.json": JSON.stringify({ ...course, ...change }) };
    await expect(load(bad)).rejects.toThrow(`first/course.json: ${place}`);
  });
});
