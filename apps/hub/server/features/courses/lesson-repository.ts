/** Lessons and pictures of courses in SQL, of one tenant. */
import { columns, type TenantSql } from "aegis/stores/postgres";
import { type Lesson, type LessonSummary, STATES } from "./course.ts";

const WHOLE = "id, course_id, title, body, state, version, updated_at";
/** A picture that no lesson names may be one that its author is about to place. */
const UNPLACED_MS = 86_400_000;

/** A lesson that shows a picture. */
export interface ShownIn {
  readonly title: string;
  readonly course: string;
  /** It, and its course. */
  readonly isPublished: boolean;
}

export function lessonRepository(sql: TenantSql) {
  const { tenantId } = sql;
  return {
    async of(courseId: string): Promise<readonly LessonSummary[]> {
      const { rows } = await sql.query(
        "select id, title, state from hub_lessons where tenant_id = $1 and course_id = $2 order by place, id",
        [tenantId, courseId],
      );
      return rows.map((row) => summaryOf(columns.rowOf(row)));
    },

    async find(courseId: string, lessonId: string): Promise<Lesson | undefined> {
      const { rows } = await sql.query(
        `select ${WHOLE} from hub_lessons where tenant_id = $1 and course_id = $2 and id = $3`,
        [tenantId, courseId, lessonId],
      );
      return rows[0] === undefined ? undefined : lessonOf(columns.rowOf(rows[0]));
    },

    /** As the last one. */
    insert: ({ id, courseId, title, body, updatedAt }: Lesson, plain: string) =>
      sql.query(
        `insert into hub_lessons (tenant_id, course_id, id, title, body, plain, created_at, updated_at, place)
         values ($1, $2, $3, $4, $5, $6, $7, $7,
           (select coalesce(max(place), 0) + 1 from hub_lessons where tenant_id = $1 and course_id = $2))`,
        [tenantId, courseId, id, title, body, plain, columns.at(updatedAt)],
      ),

    /** False where the version is another, or the lesson gone: one statement decides. */
    async update(lesson: Lesson, plain: string): Promise<boolean> {
      const { id, courseId, version, title, body, state, updatedAt } = lesson;
      const { rowCount } = await sql.query(
        `update hub_lessons set title = $5, body = $6, plain = $7, state = $8, updated_at = $9, version = version + 1
         where tenant_id = $1 and course_id = $2 and id = $3 and version = $4`,
        [tenantId, courseId, id, version, title, body, plain, state, columns.at(updatedAt)],
      );
      return rowCount === 1;
    },

    arrange: (courseId: string, ids: readonly string[]) =>
      sql.query(
        `update hub_lessons l set place = wanted.place
         from unnest($3::uuid[]) with ordinality as wanted(id, place)
         where l.tenant_id = $1 and l.course_id = $2 and l.id = wanted.id`,
        [tenantId, courseId, ids],
      ),

    async remove(courseId: string, lessonId: string): Promise<boolean> {
      const { rowCount } = await sql.query(
        "delete from hub_lessons where tenant_id = $1 and course_id = $2 and id = $3",
        [tenantId, courseId, lessonId],
      );
      return rowCount === 1;
    },

    async pictures(courseId: string): Promise<number> {
      const { rows } = await sql.query(
        "select count(*)::int as n from hub_course_pictures where tenant_id = $1 and course_id = $2",
        [tenantId, courseId],
      );
      return columns.count(columns.rowOf(rows[0]), "n");
    },

    async hasPicture(courseId: string, uploadId: string): Promise<boolean> {
      const { rows } = await sql.query(
        "select 1 from hub_course_pictures where tenant_id = $1 and course_id = $2 and upload_id = $3",
        [tenantId, courseId, uploadId],
      );
      return rows.length === 1;
    },

    /** Lessons whose text shows a picture, whatever course they are of. */
    async showing(uploadId: string, limit: number): Promise<readonly ShownIn[]> {
      const { rows } = await sql.query(
        `select l.title, c.title as course, l.state, c.state as course_state
         from hub_course_pictures p
         join hub_courses c on c.tenant_id = $1 and c.id = p.course_id
         join hub_lessons l on l.tenant_id = $1 and l.course_id = p.course_id
           and position(p.upload_id::text in l.body) > 0
         where p.tenant_id = $1 and p.upload_id = $2 order by c.title, l.place, l.id limit $3`,
        [tenantId, uploadId, limit],
      );
      return rows.map((found) => {
        const row = columns.rowOf(found);
        const states = [columns.word(row, "state", STATES), columns.word(row, "course_state", STATES)];
        return {
          title: columns.text(row, "title"),
          course: columns.text(row, "course"),
          isPublished: states.every((state) => state === "published"),
        };
      });
    },

    addPicture: (courseId: string, uploadId: string, now: number) =>
      sql.query(
        `insert into hub_course_pictures (tenant_id, course_id, upload_id, created_at) values ($1, $2, $3, $4)
         on conflict do nothing`,
        [tenantId, courseId, uploadId, columns.at(now)],
      ),

    /** Those that no lesson of the course names: they would fill it for ever. The files stay their owners'. */
    dropUnplaced: (courseId: string, now: number) =>
      sql.query(
        `delete from hub_course_pictures p where p.tenant_id = $1 and p.course_id = $2 and p.created_at < $3
           and not exists (select 1 from hub_lessons l where l.tenant_id = $1 and l.course_id = $2
             and position(p.upload_id::text in l.body) > 0)`,
        [tenantId, courseId, columns.at(now - UNPLACED_MS)],
      ),
  };
}

const summaryOf = (row: Readonly<Record<string, unknown>>): LessonSummary => ({
  id: columns.text(row, "id"),
  title: columns.text(row, "title"),
  state: columns.word(row, "state", STATES),
});

const lessonOf = (row: Readonly<Record<string, unknown>>): Lesson => ({
  ...summaryOf(row),
  courseId: columns.text(row, "course_id"),
  body: columns.text(row, "body"),
  version: columns.count(row, "version"),
  updatedAt: columns.time(row, "updated_at"),
});
