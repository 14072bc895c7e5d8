/** The repository's lessons as text, for search: brought up to date in one statement at each start. */
import type { SqlClient } from "aegis/stores/postgres";
import type { Block, Inline } from "../content/blocks.ts";
import type { Catalogue } from "../content/catalogue.ts";

const SYNC = `with wanted as (
    select * from jsonb_to_recordset($1::jsonb) as d (id text, title text, course text, body text)),
  gone as (delete from hub_course_documents where id not in (select id from wanted))
  insert into hub_course_documents (id, title, course, body) select id, title, course, body from wanted
  on conflict (id) do update set title = excluded.title, course = excluded.course, body = excluded.body
  where (hub_course_documents.title, hub_course_documents.course, hub_course_documents.body)
    is distinct from (excluded.title, excluded.course, excluded.body)`;

export async function syncCourseDocuments(sql: SqlClient, catalogue: Catalogue): Promise<void> {
  const documents = catalogue.list().flatMap(({ slug, title: course }) =>
    (catalogue.course(slug)?.lessons ?? []).flatMap((listed) => {
      const lesson = catalogue.lesson(slug, listed.slug);
      if (lesson === undefined) return [];
      const body = [lesson.summary, ...lesson.blocks.map(textOf)].join("\n");
      return [{ id: `${slug}/${lesson.slug}`, title: lesson.title, course, body }];
    }),
  );
  await sql.query(SYNC, [JSON.stringify(documents)]);
}

function textOf(block: Block): string {
  switch (block.type) {
    case "heading":
    case "paragraph":
      return inline(block.children);
    case "callout":
    case "quote":
      return block.children.map(textOf).join("\n");
    case "list":
      return block.items.map((item) => item.map(textOf).join("\n")).join("\n");
    case "table":
      return [block.head, ...block.rows].map((cells) => cells.map(inline).join(" ")).join("\n");
    case "code":
      return block.text;
    case "divider":
      return "";
  }
}

const inline = (parts: readonly Inline[]): string =>
  parts.map((part) => ("children" in part ? inline(part.children) : part.text)).join("");
