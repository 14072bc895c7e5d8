/** Lists in pages by number: what is asked for, what stands beside the rows, and the way to the others. Pure. */
import Type from "typebox";

export const PER_PAGE = 25;

/** For a querystring's schema. The size is bounded: whoever asks does not decide what an answer costs. */
export const numberQuery = () => ({
  page: Type.Optional(Type.String({ pattern: "^[1-9][0-9]{0,5}$" })),
  per_page: Type.Optional(Type.String({ pattern: "^([1-9][0-9]?|100)$" })),
});

export interface NumberQuery {
  readonly page?: string;
  readonly per_page?: string;
}

export interface Numbered {
  readonly page: number;
  readonly limit: number;
  readonly offset: number;
}

export function numbered({ page = "1", per_page: size = String(PER_PAGE) }: NumberQuery): Numbered {
  const [number, limit] = [Number(page), Number(size)];
  return { page: number, limit, offset: (number - 1) * limit };
}

/** What a query was made of; undefined is left out. */
export type Filters = Readonly<Record<string, string | undefined>>;

export function linkTo(path: string, parts: Filters): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parts)) if (value !== undefined) query.set(name, value);
  return `${path}?${query.toString()}`;
}

export interface NumberedFacts {
  readonly total: number;
  readonly page: number;
  readonly per_page: number;
  readonly links: Readonly<Record<"self" | "first" | "previous" | "next" | "last", string | null>>;
}

/** Beside the items of an answer (DAT-2). `filters` go along in the links. */
export function numberedFacts(
  { page, limit }: Numbered,
  total: number,
  path: string,
  filters: Filters = {},
): NumberedFacts {
  const last = Math.max(1, Math.ceil(total / limit));
  const link = (to: number): string =>
    linkTo(path, { ...filters, page: String(to), per_page: String(limit) });
  return {
    total,
    page,
    per_page: limit,
    links: {
      self: link(page),
      first: link(1),
      previous: page > 1 ? link(Math.min(page - 1, last)) : null,
      next: page < last ? link(page + 1) : null,
      last: link(last),
    },
  };
}
