/** The course catalogue: read once at start, checked, frozen. A bad course stops the start. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Type from "typebox";
import Value from "typebox/value";
import type { Block } from "./blocks.ts";
import { deepFreeze } from "./freeze.ts";
import { LessonError, parseLesson } from "./markdown.ts";

export interface CourseSummary {
  readonly slug: string;
  readonly title: string;
  readonly summary: string;
  readonly level: "introductory" | "intermediate" | "advanced";
  readonly minutes: number;
  readonly lesson_count: number;
  readonly topics: readonly string[];
}

export interface LessonSummary {
  readonly slug: string;
  readonly title: string;
  readonly summary: string;
  readonly minutes: number;
}

export interface Course extends CourseSummary {
  readonly lessons: readonly LessonSummary[];
}

interface Neighbour {
  readonly slug: string;
  readonly title: string;
}

export interface Lesson extends LessonSummary {
  readonly course: Neighbour;
  /** From 1. */
  readonly position: number;
  readonly blocks: readonly Block[];
  readonly previous: Neighbour | null;
  readonly next: Neighbour | null;
}

export interface Catalogue {
  list(): readonly CourseSummary[];
  course(slug: string): Course | undefined;
  lesson(course: string, slug: string): Lesson | undefined;
}

const slug = Type.String({ pattern: "^[a-z0-9-]{1,80}$" });
const courseSchema = Type.Object(
  {
    order: Type.Integer({ minimum: 1 }),
    title: Type.String({ minLength: 1, maxLength: 120 }),
    summary: Type.String({ minLength: 1, maxLength: 400 }),
    level: Type.Enum(["introductory", "intermediate", "advanced"]),
    topics: Type.Array(Type.String({ minLength: 1, maxLength: 40 }), { minItems: 1, maxItems: 8 }),
    lessons: Type.Array(slug, { minItems: 1, maxItems: 50, uniqueItems: true }),
  },
  { additionalProperties: false },
);

const isSlug = (text: string): boolean => Value.Check(slug, text);

const WORDS_A_MINUTE = 200;

/** @throws LessonError naming the file and what is wrong in it. */
export async function loadCatalogue(directory: URL | string): Promise<Catalogue> {
  const root = typeof directory === "string" ? directory : fileURLToPath(directory);
  const folders = (await readdir(root, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  const loaded = await Promise.all(folders.map(({ name }) => loadCourse(name, join(root, name))));
  loaded.sort((a, b) => a.order - b.order);
  refuseSharedOrder(loaded);
  // Maps, not objects: a slug comes from the address, and "__proto__" must find nothing.
  const courses = new Map(loaded.map(({ course }) => [course.slug, deepFreeze(course)]));
  const lessons = new Map(
    loaded.flatMap(({ course, lessons: list }) =>
      list.map((lesson) => [`${course.slug}/${lesson.slug}`, deepFreeze(lesson)]),
    ),
  );
  const summaries = deepFreeze(loaded.map(({ course: { lessons: _lessons, ...summary } }) => summary));
  return Object.freeze({
    list: () => summaries,
    course: (wanted: string) => courses.get(wanted),
    lesson: (course: string, wanted: string) => lessons.get(`${course}/${wanted}`),
  });
}

interface LoadedCourse {
  readonly order: number;
  readonly course: Course;
  readonly lessons: readonly Lesson[];
}

async function loadCourse(name: string, folder: string): Promise<LoadedCourse> {
  if (!isSlug(name)) throw new LessonError(`${name}: the folder of a course is named by its slug`);
  const data = await readCourse(name, folder);
  await refuseStrayLessons(name, folder, data.lessons);
  const parsed = await Promise.all(
    data.lessons.map(async (file) => {
      const markdown = await readFile(join(folder, `${file}.md`), "utf8");
      const { words, ...lesson } = parseLesson(markdown, `${name}/${file}.md`);
      return { slug: file, ...lesson, minutes: Math.ceil(words / WORDS_A_MINUTE) };
    }),
  );
  const course = { slug: name, title: data.title };
  const neighbour = (index: number): Neighbour | null => {
    const lesson = parsed[index];
    return lesson === undefined ? null : { slug: lesson.slug, title: lesson.title };
  };
  return {
    order: data.order,
    course: {
      ...course,
      summary: data.summary,
      level: data.level,
      minutes: parsed.reduce((sum, { minutes }) => sum + minutes, 0),
      lesson_count: parsed.length,
      topics: data.topics,
      lessons: parsed.map(({ slug: id, title, summary, minutes }) => ({ slug: id, title, summary, minutes })),
    },
    lessons: parsed.map((lesson, index) => ({
      ...lesson,
      course,
      position: index + 1,
      previous: neighbour(index - 1),
      next: neighbour(index + 1),
    })),
  };
}

async function readCourse(name: string, folder: string): Promise<Type.Static<typeof courseSchema>> {
  const file = `${name}/course.json`;
  let data: unknown;
  try {
    data = JSON.parse(await readFile(join(folder, "course.json"), "utf8"));
  } catch (cause) {
    throw new LessonError(`${file}: it cannot be read as JSON`, { cause });
  }
  if (Value.Check(courseSchema, data)) return data;
  const [first] = Value.Errors(courseSchema, data);
  throw new LessonError(`${file}: ${first?.instancePath || "the file"} ${first?.message ?? "is not valid"}`);
}

/** Both ways: a lesson nobody lists would be written and never be read. */
async function refuseStrayLessons(name: string, folder: string, listed: readonly string[]): Promise<void> {
  const files = (await readdir(folder))
    .filter((file) => file.endsWith(".md"))
    .map((file) => file.slice(0, -3));
  const missing = listed.find((lesson) => !files.includes(lesson));
  if (missing !== undefined) throw new LessonError(`${name}/course.json: there is no ${missing}.md`);
  const unlisted = files.find((file) => !listed.includes(file));
  if (unlisted !== undefined)
    throw new LessonError(`${name}/${unlisted}.md: course.json does not list this lesson`);
}

/** Equal numbers would leave the order to the file system. */
function refuseSharedOrder(sorted: readonly LoadedCourse[]): void {
  sorted.forEach(({ order, course }, index) => {
    const before = sorted[index - 1];
    if (before?.order === order)
      throw new LessonError(`${course.slug}/course.json: /order is also that of ${before.course.slug}`);
  });
}
