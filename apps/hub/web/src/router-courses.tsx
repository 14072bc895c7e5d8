/** The pages of courses that a tenant writes. */
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { root, signedInOnly } from "./router-root.tsx";

interface CoursesAddress {
  readonly q?: string;
  readonly cursor?: string;
}
const courses = createRoute({
  getParentRoute: () => root,
  path: "/tenant/courses",
  beforeLoad: signedInOnly,
  validateSearch: ({ q, cursor }: Record<string, unknown>): CoursesAddress => ({
    // The router reads a search of digits as a number.
    ...(typeof q === "string" || typeof q === "number" ? { q: String(q).slice(0, 100) } : {}),
    ...(typeof cursor === "string" && cursor.length <= 1500 ? { cursor } : {}),
  }),
  component: lazyRouteComponent(() => import("./features/courses/courses-page.tsx"), "TenantCoursesPage"),
});
const courseNew = createRoute({
  getParentRoute: () => root,
  path: "/tenant/courses/new",
  beforeLoad: signedInOnly,
  component: lazyRouteComponent(() => import("./features/courses/new-course-page.tsx"), "NewCoursePage"),
});
const course = createRoute({
  getParentRoute: () => root,
  path: "/tenant/courses/$course",
  beforeLoad: signedInOnly,
  component: lazyRouteComponent(() => import("./features/courses/course-page.tsx"), "TenantCoursePage"),
});
const lessonNew = createRoute({
  getParentRoute: () => root,
  path: "/tenant/courses/$course/lessons/new",
  beforeLoad: signedInOnly,
  component: lazyRouteComponent(() => import("./features/courses/edit-pages.tsx"), "NewLessonPage"),
});
const lesson = createRoute({
  getParentRoute: () => root,
  path: "/tenant/courses/$course/lessons/$lesson",
  beforeLoad: signedInOnly,
  component: lazyRouteComponent(() => import("./features/courses/lesson-page.tsx"), "TenantLessonPage"),
});
const lessonEdit = createRoute({
  getParentRoute: () => root,
  path: "/tenant/courses/$course/lessons/$lesson/edit",
  beforeLoad: signedInOnly,
  component: lazyRouteComponent(() => import("./features/courses/edit-pages.tsx"), "EditLessonPage"),
});

export const tenantCourseRoutes = [courses, courseNew, course, lessonNew, lesson, lessonEdit] as const;
