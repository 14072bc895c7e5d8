/** Courses that authors of the tenant write. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { call } from "./client.ts";
import {
  list,
  nothing,
  nullable,
  number,
  object,
  optional,
  type Parser,
  record,
  text,
  word,
} from "./parse.ts";
import { sendFile, type Sending } from "./send-file.ts";

export const TITLE_LENGTH = 120;
export const SUMMARY_LENGTH = 400;

export const RICH_TAGS = [
  ..."p br hr h2 h3 h4 strong em u s sub sup mark code kbd pre blockquote ul ol li dl dt dd".split(" "),
  ..."a img figure figcaption table caption thead tbody tr th td".split(" "),
] as const;

/** Rich text as the server took it apart: there is no HTML in it that a page could run. */
export interface RichElement {
  readonly tag: string;
  readonly children: readonly RichNode[];
  readonly href?: string | undefined;
  readonly src?: string | undefined;
  readonly alt?: string | undefined;
  /** Of cells, from 2 to 50. */
  readonly colspan?: number | undefined;
  readonly rowspan?: number | undefined;
}
export type RichNode = string | RichElement;

const richNode: Parser<RichNode> = (value) => {
  if (typeof value === "string") return value;
  const data = record(value);
  const optionalText = optional(text);
  return {
    tag: word(...RICH_TAGS)(data["tag"]),
    children: list(richNode)(data["children"]),
    href: optionalText(data["href"]),
    src: optionalText(data["src"]),
    alt: optionalText(data["alt"]),
    colspan: optional(number)(data["colspan"]),
    rowspan: optional(number)(data["rowspan"]),
  };
};
export const richNodes = list(richNode);

const state = word("draft", "published");
const lessonSummary = object({ id: text, title: text, state });
const summary = object({
  id: text,
  title: text,
  summary: text,
  state,
  lesson_count: number,
  updated_at: text,
});
const page = object({
  items: list(summary),
  total: number,
  next_cursor: nullable(text),
  previous_cursor: nullable(text),
});
const course = object({
  id: text,
  title: text,
  summary: text,
  state,
  version: number,
  updated_at: text,
  lessons: list(lessonSummary),
});
const lesson = object({
  id: text,
  title: text,
  state,
  version: number,
  updated_at: text,
  course: object({ id: text, title: text }),
  content: richNodes,
  previous: nullable(lessonSummary),
  next: nullable(lessonSummary),
});
const picture = object({ id: text, src: text, name: text });

export type PublishState = ReturnType<typeof state>;
export type TenantCourseSummary = ReturnType<typeof summary>;
export type TenantCourse = ReturnType<typeof course>;
export type TenantLesson = ReturnType<typeof lesson>;
export type LessonLink = ReturnType<typeof lessonSummary>;

const PATH = "/api/courses";
const one = (id: string) => `${PATH}/${encodeURIComponent(id)}`;
const lessonAt = (id: string, lessonId: string) => `${one(id)}/lessons/${encodeURIComponent(lessonId)}`;
const KEY = ["tenant", "courses"];
/** All that is known of them: a change of one is seen in lists and neighbours. */
export const tenantCoursesKey: readonly string[] = KEY;
export const picturesOf = (id: string) => `${one(id)}/pictures/`;

export const tenantCoursesQuery = ({ q, cursor }: { q: string; cursor: string | undefined }) =>
  queryOptions({
    queryKey: [...KEY, "list", q, cursor ?? ""],
    queryFn: () => {
      const query = new URLSearchParams({ per_page: "20" });
      if (q !== "") query.set("q", q);
      if (cursor !== undefined) query.set("cursor", cursor);
      return call("GET", `${PATH}?${query.toString()}`, page);
    },
    placeholderData: keepPreviousData,
  });
export const tenantCourseQuery = (id: string) =>
  queryOptions({ queryKey: [...KEY, "course", id], queryFn: () => call("GET", one(id), course) });
export const tenantLessonQuery = (id: string, lessonId: string) =>
  queryOptions({
    queryKey: [...KEY, "lesson", id, lessonId],
    queryFn: () => call("GET", lessonAt(id, lessonId), lesson),
  });

export const createCourse = (wanted: { title: string; summary: string }) =>
  call("POST", PATH, course, wanted);
/** The version that was seen goes along: whoever saved meanwhile is not overwritten. */
export const changeCourse = (
  id: string,
  changes: {
    version: number;
    title?: string;
    summary?: string;
    state?: PublishState;
    lessons?: readonly string[];
  },
) => call("PATCH", one(id), course, changes);
export const deleteCourse = (id: string) => call("DELETE", one(id), nothing);

export const createLesson = (id: string, wanted: { title: string; body: string }) =>
  call("POST", `${one(id)}/lessons`, lesson, wanted);
export const changeLesson = (
  id: string,
  lessonId: string,
  changes: { version: number; title?: string; body?: string; state?: PublishState },
) => call("PATCH", lessonAt(id, lessonId), lesson, changes);
export const deleteLesson = (id: string, lessonId: string) => call("DELETE", lessonAt(id, lessonId), nothing);

export const previewLesson = async (id: string, body: string) =>
  (await call("POST", `${one(id)}/preview`, object({ content: richNodes }), { body })).content;
export const sendPicture = (id: string, file: File, sending: Sending) =>
  sendFile(`${one(id)}/pictures`, file, picture, sending);
