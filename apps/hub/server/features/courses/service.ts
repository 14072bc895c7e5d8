/** What can be done with courses. Every method is one transaction of one tenant: all of it, or nothing. */
import type { KeysetWindow, TenantDatabase, TenantSql } from "aegis/stores/postgres";
import {
  type Course,
  COURSES_LIMIT,
  type CourseText,
  type Lesson,
  LESSONS_LIMIT,
  PICTURES_LIMIT,
  picturesOf,
  type State,
  tidyTitle,
  TITLE_LENGTH,
  titleKey,
} from "./course.ts";
import { courseRepository, type CourseSearch } from "./course-repository.ts";
import { courseError, titleRefused } from "./errors.ts";
import { lessonRepository } from "./lesson-repository.ts";
import { plainText, richTree } from "./rich-tree.ts";

/** Of lessons that show one picture. */
const MOST_NAMED = 10;

export const courseRepositories = (sql: TenantSql) => ({
  courses: courseRepository(sql),
  lessons: lessonRepository(sql),
});
type Repositories = ReturnType<typeof courseRepositories>;

export interface CourseWiring {
  readonly database: TenantDatabase<Repositories>;
  readonly now: () => number;
  readonly uuid: () => string;
}

/** Who asks: where they work, and whether they may see what is not published. */
export interface Asker {
  readonly tenant: string;
  readonly isAuthor: boolean;
}

export interface CourseChanges extends Partial<CourseText> {
  readonly version: number;
  readonly state?: State;
  readonly lessons?: readonly string[];
}
export interface LessonChanges {
  readonly version: number;
  readonly title?: string;
  readonly body?: string;
  readonly state?: State;
}

export type CourseService = ReturnType<typeof courseService>;
export type WholeCourse = Awaited<ReturnType<CourseService["read"]>>;
export type WholeLesson = Awaited<ReturnType<CourseService["readLesson"]>>;

export function courseService({ database, now, uuid }: CourseWiring) {
  const titled = (title: string): string => {
    const tidy = tidyTitle(title);
    if (tidy === "" || [...tidy].length > TITLE_LENGTH || titleKey(tidy).length > 360) throw titleRefused();
    return tidy;
  };
  const plainOf = ({ courseId, body }: Pick<Lesson, "courseId" | "body">): string =>
    plainText(richTree(body, picturesOf(courseId)));

  const whole = async ({ courses, lessons }: Repositories, id: string, isAuthor: boolean) => {
    const course = await courses.find(id);
    if (course === undefined || !(isAuthor || course.state === "published"))
      throw courseError("HUB_COURSE_NOT_FOUND");
    const all = await lessons.of(id);
    return { course, lessons: isAuthor ? all : all.filter(({ state }) => state === "published") };
  };
  const wholeLesson = async (use: Repositories, id: string, lessonId: string, isAuthor: boolean) => {
    const { course, lessons } = await whole(use, id, isAuthor);
    const place = lessons.findIndex((one) => one.id === lessonId);
    const lesson = place < 0 ? undefined : await use.lessons.find(id, lessonId);
    if (lesson === undefined) throw courseError("HUB_COURSE_NOT_FOUND");
    return { course, lesson, previous: lessons[place - 1] ?? null, next: lessons[place + 1] ?? null };
  };
  const locked = async ({ courses }: Repositories, id: string): Promise<Course> => {
    const course = await courses.lock(id);
    if (course === undefined) throw courseError("HUB_COURSE_NOT_FOUND");
    return course;
  };

  return {
    list: (tenant: string, search: CourseSearch, window: KeysetWindow) =>
      database.inTenant(tenant, ({ courses }) => courses.list(search, window)),

    read: ({ tenant, isAuthor }: Asker, id: string) =>
      database.inTenant(tenant, (use) => whole(use, id, isAuthor)),

    create: (tenant: string, { title, summary }: CourseText) => {
      const [id, at] = [uuid(), now()];
      const course: Course = {
        id,
        title: titled(title),
        summary: summary.normalize("NFC").trim(),
        state: "draft",
        version: 1,
        createdAt: at,
        updatedAt: at,
      };
      return database.inTenant(tenant, async (use) => {
        await use.courses.lockTenant();
        if ((await use.courses.count()) >= COURSES_LIMIT) throw courseError("HUB_COURSE_FULL");
        await use.courses.insert(course);
        return whole(use, id, true);
      });
    },

    change: (tenant: string, id: string, { lessons, ...changes }: CourseChanges) => {
      const { version, title, summary, state } = changes;
      return database.inTenant(tenant, async (use) => {
        const course = await locked(use, id);
        const next: Course = {
          ...course,
          version,
          updatedAt: now(),
          ...(title === undefined ? {} : { title: titled(title) }),
          ...(summary === undefined ? {} : { summary: summary.normalize("NFC").trim() }),
          ...(state === undefined ? {} : { state }),
        };
        if (!(await use.courses.update(next))) throw courseError("HUB_COURSE_CHANGED");
        if (lessons !== undefined) {
          // One that came or went meanwhile would be put anywhere: the editor looks again.
          const there = new Set((await use.lessons.of(id)).map((lesson) => lesson.id));
          if (lessons.length !== there.size || !lessons.every((one) => there.has(one)))
            throw courseError("HUB_COURSE_CHANGED");
          await use.lessons.arrange(id, lessons);
        }
        return whole(use, id, true);
      });
    },

    remove: (tenant: string, id: string) =>
      database.inTenant(tenant, async ({ courses }) => {
        if (!(await courses.remove(id))) throw courseError("HUB_COURSE_NOT_FOUND");
      }),

    readLesson: ({ tenant, isAuthor }: Asker, id: string, lessonId: string) =>
      database.inTenant(tenant, (use) => wholeLesson(use, id, lessonId, isAuthor)),

    createLesson: (tenant: string, courseId: string, { title, body }: { title: string; body: string }) => {
      const lesson: Lesson = {
        id: uuid(),
        courseId,
        title: titled(title),
        body,
        state: "draft",
        version: 1,
        updatedAt: now(),
      };
      return database.inTenant(tenant, async (use) => {
        await locked(use, courseId);
        if ((await use.lessons.of(courseId)).length >= LESSONS_LIMIT) throw courseError("HUB_COURSE_FULL");
        await use.lessons.insert(lesson, plainOf(lesson));
        await use.courses.touch(courseId, lesson.updatedAt);
        return wholeLesson(use, courseId, lesson.id, true);
      });
    },

    changeLesson: (tenant: string, courseId: string, lessonId: string, changes: LessonChanges) => {
      const { version, title, body, state } = changes;
      return database.inTenant(tenant, async (use) => {
        const lesson = await use.lessons.find(courseId, lessonId);
        if (lesson === undefined) throw courseError("HUB_COURSE_NOT_FOUND");
        const next: Lesson = {
          ...lesson,
          version,
          updatedAt: now(),
          ...(title === undefined ? {} : { title: titled(title) }),
          ...(body === undefined ? {} : { body }),
          ...(state === undefined ? {} : { state }),
        };
        if (!(await use.lessons.update(next, plainOf(next)))) throw courseError("HUB_COURSE_CHANGED");
        await use.courses.touch(courseId, next.updatedAt);
        return wholeLesson(use, courseId, lessonId, true);
      });
    },

    removeLesson: (tenant: string, courseId: string, lessonId: string) =>
      database.inTenant(tenant, async ({ lessons }) => {
        if (!(await lessons.remove(courseId, lessonId))) throw courseError("HUB_COURSE_NOT_FOUND");
      }),

    /** Before a file is taken in: whether there is room for it. */
    roomForPicture: (tenant: string, courseId: string) =>
      database.inTenant(tenant, async (use) => {
        await locked(use, courseId);
        if ((await use.lessons.pictures(courseId)) < PICTURES_LIMIT) return;
        await use.lessons.dropUnplaced(courseId, now());
        if ((await use.lessons.pictures(courseId)) >= PICTURES_LIMIT) throw courseError("HUB_COURSE_FULL");
      }),

    addPicture: (tenant: string, courseId: string, uploadId: string) =>
      database.inTenant(tenant, async (use) => {
        await locked(use, courseId);
        // Counted again: others may have come while the file was on its way.
        if ((await use.lessons.pictures(courseId)) >= PICTURES_LIMIT) throw courseError("HUB_COURSE_FULL");
        await use.lessons.addPicture(courseId, uploadId, now());
      }),

    /** What shows a picture, by names that the asker may know: drafts are for authors. */
    lessonsShowing: ({ tenant, isAuthor }: Asker, uploadId: string): Promise<readonly string[]> =>
      database.inTenant(tenant, async ({ lessons }) => {
        const all = await lessons.showing(uploadId, MOST_NAMED);
        const known = all.filter(({ isPublished }) => isAuthor || isPublished);
        const names = known.map(({ title, course }) => `The lesson “${title}” of the course “${course}”.`);
        return known.length < all.length ? [...names, "A draft of an author."] : names;
      }),

    /** @throws HUB_COURSE_NOT_FOUND where it is no picture of a course that the asker may read */
    checkPicture: ({ tenant, isAuthor }: Asker, courseId: string, uploadId: string) =>
      database.inTenant(tenant, async (use) => {
        const course = await use.courses.find(courseId);
        const isSeen = course !== undefined && (isAuthor || course.state === "published");
        if (!isSeen || !(await use.lessons.hasPicture(courseId, uploadId)))
          throw courseError("HUB_COURSE_NOT_FOUND");
      }),
  };
}
