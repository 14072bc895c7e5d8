/**
 * What is searched. A source is a table, or a view, with an id, a title, texts and a tsvector in English; tables of tenants'
 * rows are shut by row-level security, so a source says nothing of tenants. Everything here is constant text of the program:
 * nothing that anybody sends comes into it.
 */
export interface SearchSource {
  readonly kind: string;
  readonly table: string;
  /** SQL over a row of the table: the id as text, unique within the kind. */
  readonly id: string;
  readonly title: string;
  /** What snippets are made of. */
  readonly text: string;
  /** A column, or the expression of an index, of the type tsvector. */
  readonly search: string;
  /** Where the page of it is, in the UI. */
  readonly address: string;
  /** Rows that may be found at all; constant, too. */
  readonly condition?: string;
}

/** One line for each kind of thing. */
export const searchSources = [
  {
    kind: "course",
    table: "hub_course_documents",
    id: "id",
    title: "title",
    text: "body",
    search: "search",
    address: "'/courses/' || id",
  },
  {
    kind: "lesson",
    table: "hub_lessons",
    id: "id::text",
    title: "title",
    text: "plain",
    search: "search",
    address: "'/tenant/courses/' || course_id::text || '/lessons/' || id::text",
    // A draft is nobody's to find, its authors' neither.
    condition: `state = 'published' and exists (select 1 from hub_courses c
      where c.tenant_id = hub_lessons.tenant_id and c.id = hub_lessons.course_id and c.state = 'published')`,
  },
  {
    kind: "node",
    table: "hub_knowledge_nodes",
    id: "id::text",
    title: "title",
    text: String.raw`summary || E'\n' || body`,
    search: "search",
    address: "'/knowledge/' || id::text",
  },
  {
    kind: "simulation",
    table: "hub_simulations",
    id: "id::text",
    title: "name",
    text: "description",
    search: "search",
    address: "'/simulations/' || id::text",
  },
] as const satisfies readonly SearchSource[];
