import { pageQuery } from "aegis/paging";
import Type from "typebox";
import { BODY_LENGTH, COURSE_SORTS, LESSONS_LIMIT, STATES, SUMMARY_LENGTH, TITLE_LENGTH } from "./course.ts";

const closed = { additionalProperties: false } as const;
/** Nothing that makes text look like other text: control characters, and marks that turn its direction. */
const line = (maxLength: number, minLength = 0) =>
  Type.String({
    minLength,
    maxLength,
    pattern: "^[^\\p{Cc}\\u2028\\u2029\\u202A-\\u202E\\u2066-\\u2069]*$",
  });

const id = Type.String({ pattern: "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$" });
const version = Type.Integer({ minimum: 1, maximum: 999_999_999 });
const state = Type.Enum([...STATES]);
const title = line(TITLE_LENGTH, 1);
const summary = line(SUMMARY_LENGTH);
/** Cleaned before a handler sees it; nothing else of it is ever stored. */
const body = Type.String({ maxLength: BODY_LENGTH, sanitize: "rich" });

export const schemas = {
  course: Type.Object({ id }),
  lesson: Type.Object({ id, lesson: id }),
  picture: Type.Object({ id, picture: id }),
  list: Type.Object(
    {
      ...pageQuery(),
      q: Type.Optional(line(100)), // PostgreSQL holds no NUL character
      sort: Type.Optional(Type.Enum([...COURSE_SORTS])),
    },
    closed,
  ),
  createCourse: Type.Object({ title, summary: Type.Optional(summary) }, closed),
  changeCourse: Type.Object(
    {
      version,
      title: Type.Optional(title),
      summary: Type.Optional(summary),
      state: Type.Optional(state),
      /** All of its lessons, in the order that they are to have. */
      lessons: Type.Optional(Type.Array(id, { maxItems: LESSONS_LIMIT, uniqueItems: true })),
    },
    closed,
  ),
  createLesson: Type.Object({ title, body: Type.Optional(body) }, closed),
  changeLesson: Type.Object(
    {
      version,
      title: Type.Optional(title),
      body: Type.Optional(body),
      state: Type.Optional(state),
    },
    closed,
  ),
  preview: Type.Object({ body }, closed),
};
export type Schemas = typeof schemas;
