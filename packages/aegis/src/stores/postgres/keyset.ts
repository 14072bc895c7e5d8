/**
 * Pages by the key of a row instead of by counting rows off: `(title, id) > ($1, $2)` is one place in an index, an offset
 * is a walk through all that comes before. The columns are an application's own text, the values are parameters.
 */
import type { CursorPosition } from "../../lib/cursor.ts";
import { count, type Row, rowOf, text } from "./rows.ts";

export interface ListOrder {
  /** The last one makes the key unique. Types as SQL names them; times with milliseconds at most, or a key would not be exact. */
  readonly columns: readonly { readonly sql: string; readonly type: string }[];
  readonly isDescending: boolean;
}

export interface KeysetWindow {
  readonly limit: number;
  readonly offset: number;
  readonly position: CursorPosition | undefined;
}

export interface KeysetSql {
  /** To be put after "where", with "and" where there are others. */
  readonly where: string;
  /** The columns of the key as texts k0, k1, …: to be selected. */
  readonly key: string;
  readonly orderBy: string;
  /** "limit … offset …". */
  readonly bounds: string;
  readonly values: readonly unknown[];
}

/** `firstParameter`: how many parameters the statement has before. */
export function keysetSql(order: ListOrder, window: KeysetWindow, firstParameter: number): KeysetSql {
  const { columns, isDescending } = order;
  const { position, limit, offset } = window;
  if (position !== undefined && position.key.length !== columns.length)
    throw new TypeError("a position has another key than its list");
  const isBackward = position?.direction === "before";
  const isDown = isDescending !== isBackward;
  const values: unknown[] = [...(position?.key ?? [])];
  const parameter = (place: number): string => `$${firstParameter + place + 1}`;
  const row = (parts: readonly string[]): string => `(${parts.join(", ")})`;
  const where =
    position === undefined
      ? "true"
      : `${row(columns.map(({ sql }) => sql))} ${isDown ? "<" : ">"} ${row(columns.map(({ type }, place) => `${parameter(place)}::${type}`))}`;
  const limitAt = parameter(values.length);
  const offsetAt = parameter(values.length + 1);
  values.push(limit, offset);
  return {
    where,
    key: columns.map(({ sql }, place) => `${sql}::text as k${place}`).join(", "),
    orderBy: `order by ${columns.map(({ sql }) => `${sql} ${isDown ? "desc" : "asc"}`).join(", ")}`,
    bounds: `limit ${limitAt}::bigint offset ${offsetAt}::bigint`,
    values,
  };
}

/** Rows as the list has them, whichever way they were read, each with its key. */
export function keyedRows<T>(
  rows: readonly unknown[],
  order: ListOrder,
  window: KeysetWindow,
  read: (row: Row) => T,
): readonly { readonly item: T; readonly key: readonly string[] }[] {
  const found = rows.map((one) => {
    const row = rowOf(one);
    return { item: read(row), key: order.columns.map((_column, place) => text(row, `k${place}`)) };
  });
  return window.position?.direction === "before" ? found.toReversed() : found;
}

/** How many rows a query has, as far as anybody wants to know: `select 1 from … where …` is put in. */
export const cappedCountSql = (query: string, cap: number): string =>
  // aegis-ignore sql-injection until 2027-11-20: the query is a statement with parameters; its callers write it down
  `select count(*)::int as n from (${query} limit ${cap + 1}) counted`;

export function cappedTotal(
  row: unknown,
  cap: number,
): { readonly count: number; readonly isCapped: boolean } {
  const found = count(rowOf(row), "n");
  return { count: Math.min(found, cap), isCapped: found > cap };
}
