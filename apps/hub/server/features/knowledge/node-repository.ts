/** Concepts in SQL, of one tenant: each statement names it, and row-level security stands behind. */
import {
  cappedCountSql,
  cappedTotal,
  columns,
  keyedRows,
  keysetSql,
  type KeysetWindow,
  type ListOrder,
  type TenantSql,
} from "aegis/stores/postgres";
import { COUNTED_ROWS } from "aegis/paging";
import { type KnowledgeNode, type LessonKey, type NodeSort, type NodeSummary, titleKey } from "./node.ts";

export interface NodeSearch {
  /** Part of the title or summary; "" for all. */
  readonly q: string;
  readonly lesson: LessonKey | undefined;
  readonly sort: NodeSort;
}

const id = { sql: "n.id", type: "uuid" };
const ORDERS: Readonly<Record<NodeSort, ListOrder>> = {
  title: { columns: [{ sql: "n.title_key", type: "text" }, id], isDescending: false },
  "-title": { columns: [{ sql: "n.title_key", type: "text" }, id], isDescending: true },
  updated_at: { columns: [{ sql: "n.updated_at", type: "timestamptz" }, id], isDescending: false },
  "-updated_at": { columns: [{ sql: "n.updated_at", type: "timestamptz" }, id], isDescending: true },
  created_at: { columns: [{ sql: "n.created_at", type: "timestamptz" }, id], isDescending: false },
  "-created_at": { columns: [{ sql: "n.created_at", type: "timestamptz" }, id], isDescending: true },
};

const EDGES = `(select count(*)::int from hub_knowledge_edges e
  where e.tenant_id = $1 and (e.from_id = n.id or e.to_id = n.id)) as edges`;
const WHOLE = "id, title, summary, body, version, created_at, updated_at";

/** What is searched for is text, and no pattern. */
const likeText = (text: string): string => `%${text.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;

export function nodeRepository(sql: TenantSql) {
  const { tenantId } = sql;
  const one = async (text: string, values: readonly unknown[]) => (await sql.query(text, values)).rows[0];
  return {
    async list({ q, lesson, sort }: NodeSearch, window: KeysetWindow) {
      const order = ORDERS[sort];
      const values: unknown[] = [tenantId];
      const conditions = ["n.tenant_id = $1"];
      if (q !== "") {
        values.push(likeText(titleKey(q)), likeText(q));
        conditions.push("(n.title_key like $2 or n.summary ilike $3)");
      }
      if (lesson !== undefined) {
        values.push(lesson.course, lesson.lesson);
        conditions.push(`exists (select 1 from hub_knowledge_lessons l where l.tenant_id = $1 and l.node_id = n.id
          and l.course = $${values.length - 1} and l.lesson = $${values.length})`);
      }
      const where = conditions.join(" and ");
      const keyset = keysetSql(order, window, values.length);
      // Edges are counted for what is shown, not for what an offset passes over.
      const found = await sql.query(
        // aegis-ignore sql-injection until 2027-11-20: keysetSql makes it of column names that are written down in ORDERS
        `select n.*, ${EDGES} from (
           select n.id, n.title, n.title_key, n.summary, n.created_at, n.updated_at, ${keyset.key}
           from hub_knowledge_nodes n where ${where} and ${keyset.where} ${keyset.orderBy} ${keyset.bounds}) n
         ${keyset.orderBy}`,
        [...values, ...keyset.values],
      );
      const counted = await one(
        cappedCountSql(`select 1 from hub_knowledge_nodes n where ${where}`, COUNTED_ROWS),
        values,
      );
      return {
        rows: keyedRows(found.rows, order, window, summaryOf),
        total: cappedTotal(counted, COUNTED_ROWS),
      };
    },

    async find(nodeId: string): Promise<KnowledgeNode | undefined> {
      const row = await one(`select ${WHOLE} from hub_knowledge_nodes where tenant_id = $1 and id = $2`, [
        tenantId,
        nodeId,
      ]);
      return row === undefined ? undefined : nodeOf(row);
    },

    async summaries(ids: readonly string[]): Promise<readonly NodeSummary[]> {
      const { rows } = await sql.query(
        `select n.id, n.title, n.summary, n.updated_at, ${EDGES} from hub_knowledge_nodes n
         where n.tenant_id = $1 and n.id = any($2::uuid[]) order by n.title_key, n.id`,
        [tenantId, ids],
      );
      return rows.map((row) => summaryOf(columns.rowOf(row)));
    },

    /** The ones with most edges. */
    async central(limit: number): Promise<readonly string[]> {
      const { rows } = await sql.query(
        `select n.id from hub_knowledge_nodes n left join (
           select from_id as id, 1 as one from hub_knowledge_edges where tenant_id = $1
           union all select to_id, 1 from hub_knowledge_edges where tenant_id = $1) e on e.id = n.id
         where n.tenant_id = $1 group by n.id, n.updated_at order by count(e.one) desc, n.updated_at desc, n.id limit $2`,
        [tenantId, limit],
      );
      return rows.map((row) => columns.text(columns.rowOf(row), "id"));
    },

    /** One after the other, within a tenant: what is counted now is still so when it is written. */
    lockTenant: () =>
      sql.query("select pg_advisory_xact_lock(hashtextextended('hub knowledge ' || $1, 0))", [tenantId]),

    async count(): Promise<number> {
      const row = await one("select count(*)::int as n from hub_knowledge_nodes where tenant_id = $1", [
        tenantId,
      ]);
      return columns.count(columns.rowOf(row), "n");
    },

    insert: ({ id: nodeId, title, summary, body, createdAt }: KnowledgeNode) =>
      sql.query(
        `insert into hub_knowledge_nodes (tenant_id, id, title, title_key, summary, body, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $7)`,
        [tenantId, nodeId, title, titleKey(title), summary, body, columns.at(createdAt)],
      ),

    /** False where the version is another, or the node gone: one statement decides. */
    async update({ id: nodeId, title, summary, body, version, updatedAt }: KnowledgeNode): Promise<boolean> {
      const { rowCount } = await sql.query(
        `update hub_knowledge_nodes set title = $4, title_key = $5, summary = $6, body = $7, updated_at = $8,
           version = version + 1 where tenant_id = $1 and id = $2 and version = $3`,
        [tenantId, nodeId, version, title, titleKey(title), summary, body, columns.at(updatedAt)],
      );
      return rowCount === 1;
    },

    async remove(nodeId: string, version: number): Promise<boolean> {
      const { rowCount } = await sql.query(
        "delete from hub_knowledge_nodes where tenant_id = $1 and id = $2 and version = $3",
        [tenantId, nodeId, version],
      );
      return rowCount === 1;
    },

    async lessons(nodeId: string): Promise<readonly LessonKey[]> {
      const { rows } = await sql.query(
        "select course, lesson from hub_knowledge_lessons where tenant_id = $1 and node_id = $2 order by place",
        [tenantId, nodeId],
      );
      return rows.map((found) => {
        const row = columns.rowOf(found);
        return { course: columns.text(row, "course"), lesson: columns.text(row, "lesson") };
      });
    },

    async setLessons(nodeId: string, lessons: readonly LessonKey[]): Promise<void> {
      await sql.query("delete from hub_knowledge_lessons where tenant_id = $1 and node_id = $2", [
        tenantId,
        nodeId,
      ]);
      await sql.query(
        `insert into hub_knowledge_lessons (tenant_id, node_id, course, lesson, place)
         select $1, $2, l.course, l.lesson, l.place
         from unnest($3::text[], $4::text[]) with ordinality as l(course, lesson, place)`,
        [tenantId, nodeId, lessons.map(({ course }) => course), lessons.map(({ lesson }) => lesson)],
      );
    },
  };
}

function summaryOf(row: Readonly<Record<string, unknown>>): NodeSummary {
  return {
    id: columns.text(row, "id"),
    title: columns.text(row, "title"),
    summary: columns.text(row, "summary"),
    edges: columns.count(row, "edges"),
    updatedAt: columns.time(row, "updated_at"),
  };
}

function nodeOf(value: unknown): KnowledgeNode {
  const row = columns.rowOf(value);
  return {
    id: columns.text(row, "id"),
    title: columns.text(row, "title"),
    summary: columns.text(row, "summary"),
    body: columns.text(row, "body"),
    version: columns.count(row, "version"),
    createdAt: columns.time(row, "created_at"),
    updatedAt: columns.time(row, "updated_at"),
  };
}
