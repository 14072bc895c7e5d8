import { call } from "./client.ts";
import {
  flag,
  list,
  nullable,
  number,
  object,
  type Parser,
  record,
  ShapeError,
  text,
  word,
} from "./parse.ts";

const neighbour = object({ slug: text, title: text });
const summary = {
  slug: text,
  title: text,
  summary: text,
  level: word("introductory", "intermediate", "advanced"),
  minutes: number,
  lesson_count: number,
  topics: list(text),
};
const course = object(summary);
const lessonSummary = object({ slug: text, title: text, summary: text, minutes: number });

export type Inline =
  | { readonly type: "text" | "code"; readonly text: string }
  | { readonly type: "strong" | "em"; readonly children: readonly Inline[] }
  | { readonly type: "link"; readonly href: string; readonly children: readonly Inline[] };

export type Block =
  | {
      readonly type: "heading";
      readonly depth: number;
      readonly id: string;
      readonly children: readonly Inline[];
    }
  | { readonly type: "paragraph"; readonly children: readonly Inline[] }
  | { readonly type: "list"; readonly ordered: boolean; readonly items: readonly (readonly Block[])[] }
  | { readonly type: "code"; readonly language: string | null; readonly text: string }
  | {
      readonly type: "callout";
      readonly tone: "remember" | "try" | "watch";
      readonly children: readonly Block[];
    }
  | { readonly type: "quote"; readonly children: readonly Block[] }
  | {
      readonly type: "table";
      readonly head: readonly (readonly Inline[])[];
      readonly rows: readonly (readonly (readonly Inline[])[])[];
    }
  | { readonly type: "divider" };

const inline: Parser<Inline> = (value) => {
  const data = record(value);
  switch (data["type"]) {
    case "text":
    case "code":
      return { type: data["type"], text: text(data["text"]) };
    case "strong":
    case "em":
      return { type: data["type"], children: list(inline)(data["children"]) };
    case "link":
      return { type: "link", href: text(data["href"]), children: list(inline)(data["children"]) };
    default:
      throw new ShapeError("a part of the lesson is of an unknown kind");
  }
};

const block: Parser<Block> = (value) => {
  const data = record(value);
  switch (data["type"]) {
    case "heading":
      return {
        type: "heading",
        depth: number(data["depth"]),
        id: text(data["id"]),
        children: list(inline)(data["children"]),
      };
    case "paragraph":
      return { type: "paragraph", children: list(inline)(data["children"]) };
    case "list":
      return { type: "list", ordered: flag(data["ordered"]), items: list(list(block))(data["items"]) };
    case "code":
      return { type: "code", language: nullable(text)(data["language"]), text: text(data["text"]) };
    case "callout":
      return {
        type: "callout",
        tone: word("remember", "try", "watch")(data["tone"]),
        children: list(block)(data["children"]),
      };
    case "quote":
      return { type: "quote", children: list(block)(data["children"]) };
    case "table":
      return {
        type: "table",
        head: list(list(inline))(data["head"]),
        rows: list(list(list(inline)))(data["rows"]),
      };
    case "divider":
      return { type: "divider" };
    default:
      throw new ShapeError("a part of the lesson is of an unknown kind");
  }
};

const wholeCourse = object({ ...summary, lessons: list(lessonSummary) });
const lesson = object({
  course: neighbour,
  slug: text,
  title: text,
  summary: text,
  minutes: number,
  position: number,
  blocks: list(block),
  previous: nullable(neighbour),
  next: nullable(neighbour),
});

export type CourseSummary = ReturnType<typeof course>;

export const listCourses = () => call("GET", "/api/content", object({ items: list(course), total: number }));
export const readCourse = (slug: string) =>
  call("GET", `/api/content/${encodeURIComponent(slug)}`, wholeCourse);
export const readLesson = (courseSlug: string, slug: string) =>
  call("GET", `/api/content/${encodeURIComponent(courseSlug)}/lessons/${encodeURIComponent(slug)}`, lesson);
