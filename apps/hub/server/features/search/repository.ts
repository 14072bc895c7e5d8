/**
 * Full text of PostgreSQL over all sources, within one tenant's transaction. Row-level security decides which rows there
 * are: this names no tenant. What was found is marked by two characters that no text may hold, and leaves as ranges.
 */
import { columns, type TenantSql } from "aegis/stores/postgres";
import type { Asked } from "./asked.ts";
import type { SearchSource } from "./sources.ts";

export interface Range {
  readonly start: number;
  readonly end: number;
}
export interface Marked {
  readonly text: string;
  readonly ranges: readonly Range[];
}
export interface Found {
  readonly kind: string;
  readonly id: string;
  readonly address: string;
  readonly title: Marked;
  readonly snippet: Marked;
}
export interface SearchAnswer {
  readonly items: readonly Found[];
  /** Of each kind, whichever kinds are shown. */
  readonly counts: ReadonlyMap<string, number>;
}

const [START, STOP] = ["\uE000", "\uE001"];
const MARKS = `StartSel=${START}, StopSel=${STOP}`;
const TITLE = `${MARKS}, HighlightAll=true`;
const SNIPPET = `${MARKS}, MaxFragments=2, MaxWords=24, MinWords=10, FragmentDelimiter=" … "`;
/** A part of a text in which a snippet is looked for: finding one reads all that it is given. */
const LOOKED_AT = 20_000;

/** $1 to $3: the query as a whole, without its last word, and that as a beginning. */
const ASKED = `select case when $3 = '' then websearch_to_tsquery('english', $1)
  else websearch_to_tsquery('english', $1) || (websearch_to_tsquery('english', $2) && to_tsquery('english', $3)) end as query`;

export const searchRepository = (sources: readonly SearchSource[]) => (sql: TenantSql) => ({
  async search(
    asked: Asked,
    kinds: readonly string[],
    { limit, offset }: { readonly limit: number; readonly offset: number },
  ): Promise<SearchAnswer> {
    const query = [asked.whole, asked.before, asked.beginning];
    const { rows } = await sql.query(
      `with asked as materialized (${ASKED}), hits as materialized (${sources.map(hitsOf).join(" union all ")})
       select coalesce((select json_agg(c) from (select kind, count(*)::int as n from hits group by kind) c), '[]') as counts,
         coalesce((select json_agg(p order by p.rank desc, p.kind, p.id) from (
           select kind, id, rank from hits where kind = any($4::text[])
           order by rank desc, kind, id limit $5::int offset $6::int) p), '[]') as page`,
      [...query, kinds, limit, offset],
    );
    const row = columns.rowOf(rows[0]);
    const page = listOf(row["page"]).map((hit) => ({
      kind: columns.text(hit, "kind"),
      id: columns.text(hit, "id"),
    }));
    const found = new Map<string, Found>();
    for (const source of sources) {
      const ids = page.filter(({ kind }) => kind === source.kind).map(({ id }) => id);
      if (ids.length === 0) continue;
      const texts = await sql.query(textsOf(source), [...query, ids, TITLE, SNIPPET]);
      for (const one of texts.rows) {
        const item = foundOf(source.kind, columns.rowOf(one));
        found.set(`${item.kind} ${item.id}`, item);
      }
    }
    return {
      items: page.flatMap(({ kind, id }) => found.get(`${kind} ${id}`) ?? []),
      counts: new Map(
        listOf(row["counts"]).map((count) => [columns.text(count, "kind"), columns.count(count, "n")]),
      ),
    };
  },
});

/** Weighed by where it is found and, a little, against length: a long text has every word somewhere. */
const hitsOf = ({ kind, table, id, search, condition = "true" }: SearchSource): string =>
  `select '${kind}' as kind, ${id} as id, ts_rank(${search}, asked.query, 1) as rank
   from ${table}, asked where (${search}) @@ asked.query and ${condition}`;

const withoutMarks = (text: string): string => `translate(${text}, '${START}${STOP}', '')`;

const textsOf = ({ table, id, title, text, address, condition = "true" }: SearchSource): string =>
  `with asked as (${ASKED})
   select ${id} as id, ${address} as address, ts_headline('english', ${withoutMarks(title)}, asked.query, $5) as title,
     ts_headline('english', ${withoutMarks(`left(${text}, ${LOOKED_AT})`)}, asked.query, $6) as snippet
   from ${table}, asked where ${id} = any($4::text[]) and ${condition}`;

function foundOf(kind: string, row: Readonly<Record<string, unknown>>): Found {
  return {
    kind,
    id: columns.text(row, "id"),
    address: columns.text(row, "address"),
    title: markedOf(columns.text(row, "title")),
    snippet: markedOf(columns.text(row, "snippet").replaceAll(/\s+/gu, " ").trim()),
  };
}

/** Text and where the marks were: whoever shows it makes no HTML of it. */
export function markedOf(marked: string): Marked {
  const ranges: Range[] = [];
  let text = "";
  let start: number | undefined;
  for (const part of marked.split(/([\uE000\uE001])/u)) {
    if (part === START) start = text.length;
    else if (part === STOP) {
      if (start !== undefined && text.length > start) ranges.push({ start, end: text.length });
      start = undefined;
    } else text += part;
  }
  return { text, ranges };
}

function listOf(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  if (!Array.isArray(value)) throw new TypeError("the database gave no list");
  return value.map((one) => columns.rowOf(one));
}
