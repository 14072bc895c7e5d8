import { pageQuery } from "aegis/paging";
import Type from "typebox";
import { BODY_LENGTH, EDGE_KINDS, LESSONS_LIMIT, NODE_SORTS, SUMMARY_LENGTH, TITLE_LENGTH } from "./node.ts";

const closed = { additionalProperties: false } as const;
/** Nothing that makes text look like other text: control characters, and marks that turn its direction. */
const UNSEEN = "\\u202A-\\u202E\\u2066-\\u2069";
const line = (maxLength: number) =>
  Type.String({ maxLength, pattern: `^[^\\p{Cc}\\u2028\\u2029${UNSEEN}]*$` });
const lines = (maxLength: number) =>
  Type.String({ maxLength, pattern: `^([^\\p{Cc}${UNSEEN}]|[\\t\\n\\r])*$` });

const id = Type.String({ pattern: "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$" });
const slug = Type.String({ pattern: "^[a-z0-9-]{1,80}$" });
const kind = Type.Enum([...EDGE_KINDS]);

const fields = {
  title: line(TITLE_LENGTH),
  summary: line(SUMMARY_LENGTH),
  body: lines(BODY_LENGTH),
  lessons: Type.Array(Type.Object({ course: slug, lesson: slug }, closed), {
    maxItems: LESSONS_LIMIT,
    uniqueItems: true,
  }),
};

export const schemas = {
  id: Type.Object({ id }),
  edge: Type.Object({ id, kind, to: id }),
  list: Type.Object(
    {
      ...pageQuery(),
      q: Type.Optional(line(100)),
      sort: Type.Optional(Type.Enum([...NODE_SORTS])),
      /** "course/lesson": concepts that are linked to it. */
      lesson: Type.Optional(Type.String({ pattern: "^[a-z0-9-]{1,80}/[a-z0-9-]{1,80}$" })),
    },
    closed,
  ),
  graph: Type.Object(
    { around: Type.Optional(id), depth: Type.Optional(Type.String({ pattern: "^[1-3]$" })) },
    closed,
  ),
  whole: Type.Object(fields, closed),
  create: Type.Object(
    {
      title: fields.title,
      summary: Type.Optional(fields.summary),
      body: Type.Optional(fields.body),
      lessons: Type.Optional(fields.lessons),
    },
    closed,
  ),
  change: Type.Partial(Type.Object(fields, closed), { ...closed, minProperties: 1 }),
  link: Type.Object({ kind, to_id: id }, closed),
};
export type Schemas = typeof schemas;
