/** Courses as they go over the wire. */
import { type CourseSummary, type LessonSummary, picturesOf } from "./course.ts";
import { richTree } from "./rich-tree.ts";
import type { WholeCourse, WholeLesson } from "./service.ts";

const time = (at: number): string => new Date(at).toISOString();

export const summaryView = ({ id, title, summary, state, lessons, updatedAt }: CourseSummary) => ({
  id,
  title,
  summary,
  state,
  lesson_count: lessons,
  updated_at: time(updatedAt),
});

const lessonSummaryView = ({ id, title, state }: LessonSummary) => ({ id, title, state });

export const courseView = ({ course, lessons }: WholeCourse) => ({
  id: course.id,
  title: course.title,
  summary: course.summary,
  state: course.state,
  version: course.version,
  created_at: time(course.createdAt),
  updated_at: time(course.updatedAt),
  lessons: lessons.map(lessonSummaryView),
});

export const lessonView = ({ course, lesson, previous, next }: WholeLesson) => ({
  id: lesson.id,
  title: lesson.title,
  state: lesson.state,
  version: lesson.version,
  updated_at: time(lesson.updatedAt),
  course: { id: course.id, title: course.title },
  body: lesson.body,
  content: richTree(lesson.body, picturesOf(course.id)),
  previous: previous === null ? null : lessonSummaryView(previous),
  next: next === null ? null : lessonSummaryView(next),
});

export const previewView = (courseId: string, body: string) => ({
  content: richTree(body, picturesOf(courseId)),
});
