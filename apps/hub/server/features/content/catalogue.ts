/** The course catalogue: read once at start, checked, frozen. A bad course stops the start. */
import { readdir, readFile } from "node:fs/promises";
import Type from "typebox";
import { Value } from "typebox/value";
import type { Block } from "./blocks.ts";
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
    topics: Type.Array(Type.String({ maxLength: 40 }), { minItems: 1, maxItems: 8 }),
    lessons: Type.Array(slug, { minItems: 1, maxItems: 50, uniqueItems: true }),
  },
  { additionalProperties: false },
);

const WORDS_A_MINUTE = 200;

/** @throws LessonError naming the file and what is wrong in it. */
export async function loadCatalogue(directory: URL): Promise<Catalogue> {
  const folders = (await readdir(directory, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  const loaded = await Promise.all(
    folders.map(({ name }) => loadCourse(name, new URL(`${name}/`, directory))),
  );
  loaded.sort((a, b) => a.order - b.order);
  const courses = new Map(loaded.map(({ course }) => [course.slug, course]));
  const lessons = new Map(
    loaded.flatMap(({ course, lessons: list }) =>
      list.map((lesson) => [`${course.slug}/${lesson.slug}`, lesson]),
    ),
  );
  const summaries = loaded.map(({ course: { lessons: _lessons, ...summary } }) => summary);
  return {
    list: () => summaries,
    course: (wanted) => courses.get(wanted),
    lesson: (course, wanted) => lessons.get(`${course}/${wanted}`),
  };
}

async function loadCourse(
  name: string,
  folder: URL,
): Promise<{ order: number; course: Course; lessons: readonly Lesson[] }> {
  const data: unknown = JSON.parse(await readFile(new URL("course.json", folder), "utf8"));
  if (!Value.Check(courseSchema, data))
    throw new LessonError(
      `${name}/course.json: ${Value.Errors(courseSchema, data)[0]?.instancePath ?? ""} is not valid`,
    );
  const parsed = await Promise.all(
    data.lessons.map(async (file) => {
      const { words, ...lesson } = parseLesson(
        await readFile(new URL(`${file}.md`, folder), "utf8"),
        `${name}/${file}.md`,
      );
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
