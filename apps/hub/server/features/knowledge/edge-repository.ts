/** Edges in SQL, of one tenant. Both ends are rows of the same tenant: the keys say so, and a deleted node takes its edges along. */
import { columns, type TenantSql } from "aegis/stores/postgres";
import { type Edge, EDGE_KINDS } from "./node.ts";

const EDGE = "from_id, to_id, kind";

export function edgeRepository(sql: TenantSql) {
  const { tenantId } = sql;
  const edges = async (condition: string, values: readonly unknown[]): Promise<readonly Edge[]> => {
    const { rows } = await sql.query(
      `select ${EDGE} from hub_knowledge_edges where tenant_id = $1 and ${condition} order by kind, from_id, to_id`,
      [tenantId, ...values],
    );
    return rows.map(edgeOf);
  };
  return {
    of: (nodeId: string) => edges("(from_id = $2 or to_id = $2)", [nodeId]),
    /** Of any of them, one end at least. */
    touching: (ids: readonly string[]) =>
      edges("(from_id = any($2::uuid[]) or to_id = any($2::uuid[]))", [ids]),
    /** Both ends among them. */
    within: (ids: readonly string[]) => edges("from_id = any($2::uuid[]) and to_id = any($2::uuid[])", [ids]),

    /** False where it is there already. */
    async add({ fromId, toId, kind }: Edge): Promise<boolean> {
      const { rowCount } = await sql.query(
        `insert into hub_knowledge_edges (tenant_id, ${EDGE}) values ($1, $2, $3, $4) on conflict do nothing`,
        [tenantId, fromId, toId, kind],
      );
      return rowCount === 1;
    },

    async remove({ fromId, toId, kind }: Edge): Promise<boolean> {
      const { rowCount } = await sql.query(
        "delete from hub_knowledge_edges where tenant_id = $1 and from_id = $2 and to_id = $3 and kind = $4",
        [tenantId, fromId, toId, kind],
      );
      return rowCount === 1;
    },

    /** Whether one needs the other, directly or through others; each node is looked at once. */
    async needs(fromId: string, toId: string): Promise<boolean> {
      const { rows } = await sql.query(
        `with recursive needed (id) as (
           select $2::uuid
           union select e.to_id from hub_knowledge_edges e join needed on e.from_id = needed.id
             where e.tenant_id = $1 and e.kind = 'needs')
         select 1 from needed where id = $3`,
        [tenantId, fromId, toId],
      );
      return rows.length > 0;
    },
  };
}

function edgeOf(value: unknown): Edge {
  const row = columns.rowOf(value);
  return {
    fromId: columns.text(row, "from_id"),
    toId: columns.text(row, "to_id"),
    kind: columns.word(row, "kind", EDGE_KINDS),
  };
}
