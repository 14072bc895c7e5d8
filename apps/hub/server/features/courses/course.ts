/** A course that a tenant's authors write. Limits: what one tenant can make grow. */
export const STATES = ["draft", "published"] as const;
export type State = (typeof STATES)[number];

export const COURSES_LIMIT = 500;
/** Of one course: a page holds them all. */
export const LESSONS_LIMIT = 100;
export const PICTURES_LIMIT = 200;
export const TITLE_LENGTH = 120;
export const SUMMARY_LENGTH = 400;
/** Of rich text, before and after it is cleaned. */
export const BODY_LENGTH = 100_000;

export interface CourseText {
  readonly title: string;
  readonly summary: string;
}

export interface Course extends CourseText {
  readonly id: string;
  readonly state: State;
  /** Counts up with each change: who changes it names the version that they have seen. */
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface CourseSummary extends Course {
  /** As many as the reader may see. */
  readonly lessons: number;
}

export interface LessonSummary {
  readonly id: string;
  readonly title: string;
  readonly state: State;
}

export interface Lesson extends LessonSummary {
  readonly courseId: string;
  /** Rich text, cleaned. */
  readonly body: string;
  readonly version: number;
  readonly updatedAt: number;
}

export const COURSE_SORTS = ["title", "-updated_at"] as const;
export type CourseSort = (typeof COURSE_SORTS)[number];

export const titleKey = (title: string): string => title.normalize("NFKC").toLowerCase();
export const tidyTitle = (typed: string): string => typed.normalize("NFC").replaceAll(/\s+/gu, " ").trim();
export const picturesOf = (courseId: string): string => `/api/courses/${courseId}/pictures/`;
