/**
 * "aegis/paging": the one way in which lists come in pages (DAT-2). By number, as far as counting is cheap; by cursor, at
 * the same cost however deep. Threat: a page of a million rows, an offset of a million, or a count of them all, asked for
 * in a loop. Rule: the size of a page, the rows that numbers reach and the rows that are counted are bounded.
 */
import Type from "typebox";
import { inputError } from "./input/errors.ts";
import { type Filters, linkTo, numbered, numberQuery, type NumberQuery, PER_PAGE } from "./lib/pages.ts";
import { CURSOR_MAX_LENGTH, type CursorPosition, type Cursors, type CursorScope } from "./lib/cursor.ts";

export { numbered, type Numbered, numberedFacts, numberQuery, PER_PAGE } from "./lib/pages.ts";
export { type CursorPosition, cursors, type Cursors, type CursorScope } from "./lib/cursor.ts";

/** Rows that page numbers reach, and that are counted: beyond it a list goes on by cursor, and its total says "at least". */
export const COUNTED_ROWS = 10_000;

/** For a querystring's schema, which closes itself: `Type.Object({ ...pageQuery(), q: … }, { additionalProperties: false })`. */
export const pageQuery = () => ({
  ...numberQuery(),
  cursor: Type.Optional(Type.String({ pattern: "^[A-Za-z0-9_-]+$", maxLength: CURSOR_MAX_LENGTH })),
});

export interface PageQuery extends NumberQuery {
  readonly cursor?: string;
}

/** What a store is asked for: so many rows, and one more that says whether there are others. */
export interface ListWindow {
  readonly limit: number;
  readonly offset: number;
  readonly position: CursorPosition | undefined;
}

export interface PageRequest {
  readonly window: ListWindow;
  readonly perPage: number;
  /** Undefined: by cursor. */
  readonly page: number | undefined;
  readonly scope: CursorScope;
}

/** @throws AegisError 400 for a cursor that is not of this list, both at once, and a page beyond what is counted */
export function readPage(query: PageQuery, scope: CursorScope, cursors: Cursors): PageRequest {
  const { page, per_page: size = String(PER_PAGE), cursor } = query;
  const perPage = Number(size);
  if (cursor !== undefined) {
    if (page !== undefined)
      throw refused("page", "conflict", "Give a page or a cursor, and not both of them.");
    const position = cursors.open(scope, cursor);
    if (position === undefined)
      throw refused("cursor", "unknown", "This is no cursor of this list. Begin again at its first page.");
    return { window: { limit: perPage + 1, offset: 0, position }, perPage, page: undefined, scope };
  }
  const { page: number, offset } = numbered(query);
  if (offset + perPage > COUNTED_ROWS && number > 1)
    throw refused("page", "too_deep", `Page numbers reach ${COUNTED_ROWS} rows. Go on by cursor.`);
  return { window: { limit: perPage + 1, offset, position: undefined }, perPage, page: number, scope };
}

const refused = (field: string, reason: string, message: string): Error =>
  inputError("AEGIS_INPUT_INVALID", { errors: [{ field, reason, message }] });

/** As a store answers: rows in the order of the list, each with the key that says where it lies. */
export interface Keyed<T> {
  readonly item: T;
  readonly key: readonly string[];
}

export interface Total {
  readonly count: number;
  /** True: there are at least so many. */
  readonly isCapped: boolean;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly total: number;
  readonly total_capped: boolean;
  /** Null where the list is read by cursor. */
  readonly page: number | null;
  readonly per_page: number;
  readonly next_cursor: string | null;
  readonly previous_cursor: string | null;
  readonly links: Readonly<Record<"self" | "first" | "previous" | "next", string | null>>;
}

/** `path` and `filters` make the links: what was searched for goes along. */
export function pageOf<T>(
  { window, perPage, page, scope }: PageRequest,
  rows: readonly Keyed<T>[],
  total: Total,
  {
    path,
    filters = {},
    cursors,
  }: {
    readonly path: string;
    readonly filters?: Filters;
    readonly cursors: Cursors;
  },
): Page<T> {
  const isBackward = window.position?.direction === "before";
  const hasMore = rows.length > perPage;
  // A store reads backward from its cursor: the row too many is then the first.
  const shown = hasMore ? (isBackward ? rows.slice(rows.length - perPage) : rows.slice(0, perPage)) : rows;
  const hasBefore = page === undefined ? (isBackward ? hasMore : true) : page > 1;
  const hasAfter = isBackward ? true : hasMore;
  const at = (row: Keyed<T> | undefined, direction: CursorPosition["direction"], exists: boolean) =>
    row === undefined || !exists ? null : cursors.seal(scope, { direction, key: row.key });
  const previous = at(shown[0], "before", hasBefore);
  const next = at(shown.at(-1), "after", hasAfter);
  const link = (place: PageQuery): string =>
    linkTo(path, { ...filters, ...place, per_page: String(perPage) });
  const byCursor = (cursor: string | null): string | null => (cursor === null ? null : link({ cursor }));
  const isNumbered = page !== undefined && (page + 1) * perPage <= COUNTED_ROWS;
  return {
    items: shown.map(({ item }) => item),
    total: total.count,
    total_capped: total.isCapped,
    page: page ?? null,
    per_page: perPage,
    next_cursor: next,
    previous_cursor: previous,
    links: {
      self:
        page === undefined && window.position !== undefined
          ? byCursor(cursors.seal(scope, window.position))
          : link({ page: String(page ?? 1) }),
      first: link({}),
      previous: page !== undefined && page > 1 ? link({ page: String(page - 1) }) : byCursor(previous),
      next: isNumbered && hasAfter ? link({ page: String(page + 1) }) : byCursor(next),
    },
  };
}
