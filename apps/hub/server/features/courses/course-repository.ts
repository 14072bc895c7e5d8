/** Courses in SQL, of one tenant: each statement names it, and row-level security stands behind. */
import { COUNTED_ROWS } from "aegis/paging";
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
import { type Course, type CourseSort, type CourseSummary, STATES, titleKey } from "./course.ts";

export interface CourseSearch {
  /** Part of the title or summary; "" for all. */
  readonly q: string;
  readonly sort: CourseSort;
  /** Learners see what is published. */
  readonly withDrafts: boolean;
}

const id = { sql: "c.id", type: "uuid" };
const ORDERS: Readonly<Record<CourseSort, ListOrder>> = {
  title: { columns: [{ sql: "c.title_key", type: "text" }, id], isDescending: false },
  "-updated_at": { columns: [{ sql: "c.updated_at", type: "timestamptz" }, id], isDescending: true },
};
const WHOLE = "id, title, summary, state, version, created_at, updated_at";

/** What is searched for is text, and no pattern. */
const likeText = (text: string): string => `%${text.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;

export function courseRepository(sql: TenantSql) {
  const { tenantId } = sql;
  const one = async (text: string, values: readonly unknown[]) => (await sql.query(text, values)).rows[0];
  const found = async (courseId: string, more: string): Promise<Course | undefined> => {
    const row = await one(`select ${WHOLE} from hub_courses where tenant_id = $1 and id = $2${more}`, [
      tenantId,
      courseId,
    ]);
    return row === undefined ? undefined : courseOf(columns.rowOf(row));
  };
  return {
    async list({ q, sort, withDrafts }: CourseSearch, window: KeysetWindow) {
      const order = ORDERS[sort];
      const values: unknown[] = [tenantId];
      const conditions = ["c.tenant_id = $1"];
      if (q !== "") {
        values.push(likeText(titleKey(q)), likeText(q));
        conditions.push("(c.title_key like $2 or c.summary ilike $3)");
      }
      if (!withDrafts) conditions.push("c.state = 'published'");
      const where = conditions.join(" and ");
      const keyset = keysetSql(order, window, values.length);
      // Lessons are counted for what is shown, not for what an offset passes over.
      const page = await sql.query(
        // aegis-ignore sql-injection until 2027-11-20: keysetSql makes it of column names that are written down in ORDERS
        `select c.*, (select count(*)::int from hub_lessons l where l.tenant_id = $1 and l.course_id = c.id
           ${withDrafts ? "" : "and l.state = 'published'"}) as lessons from (
           select c.id, c.title, c.title_key, c.summary, c.state, c.version, c.created_at, c.updated_at, ${keyset.key}
           from hub_courses c where ${where} and ${keyset.where} ${keyset.orderBy} ${keyset.bounds}) c
         ${keyset.orderBy}`,
        [...values, ...keyset.values],
      );
      const counted = await one(
        cappedCountSql(`select 1 from hub_courses c where ${where}`, COUNTED_ROWS),
        values,
      );
      return {
        rows: keyedRows(page.rows, order, window, (row): CourseSummary => ({
          ...courseOf(row),
          lessons: columns.count(row, "lessons"),
        })),
        total: cappedTotal(counted, COUNTED_ROWS),
      };
    },

    find: (courseId: string) => found(courseId, ""),
    /** One writer after the other, until the transaction ends: what is counted now is still so when it is written. */
    lock: (courseId: string) => found(courseId, " for update"),
    lockTenant: () =>
      sql.query("select pg_advisory_xact_lock(hashtextextended('hub courses ' || $1, 0))", [tenantId]),

    async count(): Promise<number> {
      const row = await one("select count(*)::int as n from hub_courses where tenant_id = $1", [tenantId]);
      return columns.count(columns.rowOf(row), "n");
    },

    insert: ({ id: courseId, title, summary, createdAt }: Course) =>
      sql.query(
        `insert into hub_courses (tenant_id, id, title, title_key, summary, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $6)`,
        [tenantId, courseId, title, titleKey(title), summary, columns.at(createdAt)],
      ),

    /** False where the version is another, or the course gone: one statement decides. */
    async update(course: Course): Promise<boolean> {
      const { id: courseId, version, title, summary, state, updatedAt } = course;
      const { rowCount } = await sql.query(
        `update hub_courses set title = $4, title_key = $5, summary = $6, state = $7, updated_at = $8,
           version = version + 1 where tenant_id = $1 and id = $2 and version = $3`,
        [tenantId, courseId, version, title, titleKey(title), summary, state, columns.at(updatedAt)],
      );
      return rowCount === 1;
    },

    /** Its lessons changed, and it did not: the version stays. */
    touch: (courseId: string, now: number) =>
      sql.query("update hub_courses set updated_at = $3 where tenant_id = $1 and id = $2", [
        tenantId,
        courseId,
        columns.at(now),
      ]),

    async remove(courseId: string): Promise<boolean> {
      const { rowCount } = await sql.query("delete from hub_courses where tenant_id = $1 and id = $2", [
        tenantId,
        courseId,
      ]);
      return rowCount === 1;
    },
  };
}

function courseOf(row: Readonly<Record<string, unknown>>): Course {
  return {
    id: columns.text(row, "id"),
    title: columns.text(row, "title"),
    summary: columns.text(row, "summary"),
    state: columns.word(row, "state", STATES),
    version: columns.count(row, "version"),
    createdAt: columns.time(row, "created_at"),
    updatedAt: columns.time(row, "updated_at"),
  };
}
