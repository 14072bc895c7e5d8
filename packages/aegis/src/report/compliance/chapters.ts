/** Rows of an assessment by the chapters of their framework: nobody reads 345 of them as one list. */
import type { Assessment, Row } from "./assess.ts";

export interface Chapter {
  readonly id: string;
  readonly title: string;
  readonly rows: readonly Row[];
}

/** "1" is the chapter of "1.2.3" and of "1", not of "10.1". */
const isOf = (chapter: string, id: string): boolean =>
  id === chapter || (id.startsWith(chapter) && /^[.(]/.test(id.slice(chapter.length)));

/** In the framework's order, each row once; a short framework is one chapter without an id. */
export function chaptersOf({ framework: { chapters = [] }, rows }: Assessment): readonly Chapter[] {
  const named = chapters.map(({ id, title }) => ({
    id,
    title,
    rows: rows.filter(({ requirement }) => isOf(id, requirement.id)),
  }));
  const placed = new Set(named.flatMap((one) => one.rows));
  const others = rows.filter((row) => !placed.has(row));
  return [
    ...named,
    { id: "", title: named.length === 0 ? "All requirements" : "Others", rows: others },
  ].filter((one) => one.rows.length > 0);
}
