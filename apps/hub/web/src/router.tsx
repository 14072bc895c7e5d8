import {
  createRootRoute,
  createRoute,
  createRouter,
  type ErrorComponentProps,
  lazyRouteComponent,
  redirect,
} from "@tanstack/react-router";
import type { FetchQueryOptions } from "@tanstack/react-query";
import {
  courseQuery,
  coursesQuery,
  devicesQuery,
  lessonQuery,
  policyQuery,
  profileQuery,
  queryClient,
  sessionQuery,
} from "./api/queries.ts";
import { Layout } from "./ui/layout.tsx";
import { NotFoundPage } from "./ui/not-found.tsx";
import { ErrorState } from "./ui/states.tsx";

const PageError = ({ error, reset }: ErrorComponentProps) => <ErrorState error={error} retry={reset} />;

const root = createRootRoute({
  component: Layout,
  notFoundComponent: NotFoundPage,
  errorComponent: PageError,
});

/** A page's data is asked for on intent and while its code loads; the page itself shows how that went. */
function ahead<T>(query: FetchQueryOptions<T, Error, T, string[]>): void {
  void queryClient.prefetchQuery(query);
}

/** Only whoever is signed in; others are shown the way, and back. */
async function signedInOnly({ location }: { location: { href: string } }): Promise<void> {
  const session = await queryClient.ensureQueryData(sessionQuery).catch(() => undefined);
  if (session === null) throw redirect({ to: "/login", search: { next: location.href } });
}

const catalogue = createRoute({
  getParentRoute: () => root,
  path: "/",
  loader: () => ahead(coursesQuery),
  component: lazyRouteComponent(() => import("./features/catalogue/catalogue-page.tsx"), "CataloguePage"),
});
const course = createRoute({
  getParentRoute: () => root,
  path: "/courses/$course",
  loader: ({ params }) => ahead(courseQuery(params.course)),
  component: lazyRouteComponent(() => import("./features/catalogue/course-page.tsx"), "CoursePage"),
});
const lesson = createRoute({
  getParentRoute: () => root,
  path: "/courses/$course/$lesson",
  loader: ({ params }) => ahead(lessonQuery(params.course, params.lesson)),
  component: lazyRouteComponent(() => import("./features/catalogue/lesson-page.tsx"), "LessonPage"),
});

interface LoginSearch {
  readonly next?: string;
  readonly registered?: string;
  readonly signedOut?: boolean;
}

const login = createRoute({
  getParentRoute: () => root,
  path: "/login",
  validateSearch: (search: Record<string, unknown>): LoginSearch => ({
    // Only a path of this origin: anything else would send people away after they have signed in (open redirect).
    ...(typeof search["next"] === "string" && /^\/(?![/\\])/.test(search["next"])
      ? { next: search["next"] }
      : {}),
    ...(typeof search["registered"] === "string" ? { registered: search["registered"].slice(0, 64) } : {}),
    ...(search["signedOut"] === true ? { signedOut: true } : {}),
  }),
  component: lazyRouteComponent(() => import("./features/account/login-page.tsx"), "LoginPage"),
});
const register = createRoute({
  getParentRoute: () => root,
  path: "/register",
  loader: () => ahead(policyQuery),
  component: lazyRouteComponent(() => import("./features/account/register-page.tsx"), "RegisterPage"),
});
const profile = createRoute({
  getParentRoute: () => root,
  path: "/profile",
  beforeLoad: signedInOnly,
  loader: () => ahead(profileQuery),
  component: lazyRouteComponent(() => import("./features/account/profile-page.tsx"), "ProfilePage"),
});
const sessions = createRoute({
  getParentRoute: () => root,
  path: "/sessions",
  beforeLoad: signedInOnly,
  loader: () => ahead(devicesQuery),
  component: lazyRouteComponent(() => import("./features/sessions/sessions-page.tsx"), "SessionsPage"),
});
const protection = createRoute({
  getParentRoute: () => root,
  path: "/security",
  loader: () => ahead(policyQuery),
  component: lazyRouteComponent(() => import("./features/protection/protection-page.tsx"), "ProtectionPage"),
});

export const router = createRouter({
  routeTree: root.addChildren([catalogue, course, lesson, login, register, profile, sessions, protection]),
  defaultPreload: "intent",
  defaultPreloadStaleTime: 0,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
