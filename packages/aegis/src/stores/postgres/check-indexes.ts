/**
 * Finds foreign keys without an index. What breaks without: each delete or change of a row that others refer to reads the
 * whole table of the others, under locks; and so does each look-up from that side. PostgreSQL makes an index for what is
 * referred to, and none for what refers. Requirement DAT-1.
 */
import type { SqlClient } from "./client.ts";
import { rowOf, text, texts } from "./rows.ts";

export interface IndexFinding {
  readonly kind: "foreign_key_without_index";
  /** "public.lessons (course_id)". */
  readonly subject: string;
  readonly message: string;
}

/**
 * An index serves where its first columns are those of the key, in any order: whole (not partial), valid, and of a kind
 * that finds equals by any leading columns.
 */
const UNINDEXED = `select quote_ident(n.nspname) || '.' || quote_ident(c.relname) as "table", k.conname as name,
    array(select quote_ident(a.attname) from unnest(k.conkey) with ordinality as u(number, place)
      join pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.number order by u.place)::text[] as columns
  from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
  where k.contype = 'f' and k.conparentid = 0 and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
    and not exists (
      select 1 from pg_index i join pg_class ic on ic.oid = i.indexrelid join pg_am m on m.oid = ic.relam
      where i.indrelid = k.conrelid and i.indisvalid and i.indpred is null and m.amname in ('btree', 'hash')
        and i.indnkeyatts >= cardinality(k.conkey)
        and (i.indkey::int2[])[0:cardinality(k.conkey) - 1] @> k.conkey
        and (i.indkey::int2[])[0:cardinality(k.conkey) - 1] <@ k.conkey)
  order by 1, 2`;

/** Reads the catalogue alone, as whichever role. */
export async function checkIndexes(sql: SqlClient): Promise<readonly IndexFinding[]> {
  const { rows } = await sql.query(UNINDEXED);
  return rows.map((one) => {
    const row = rowOf(one);
    const [table, columns] = [text(row, "table"), texts(row, "columns").join(", ")];
    return {
      kind: "foreign_key_without_index",
      subject: `${table} (${columns})`,
      message: `The foreign key ${text(row, "name")} of ${table} has no index. Run: create index on ${table} (${columns}).`,
    };
  });
}
