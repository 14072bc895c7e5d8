import { isUserSort, type UserSort } from "./api/admin.ts";
import { createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import {
  courseQuery,
  coursesQuery,
  devicesQuery,
  lessonQuery,
  policyQuery,
  profileQuery,
} from "./api/queries.ts";
import { takeResetToken } from "./features/account/reset-token.ts";
import { ahead, root, signedInOnly, whole } from "./router-root.tsx";
import { isPageSize } from "./api/page-sizes.ts";
import { tenantCourseRoutes } from "./router-courses.tsx";
import { knowledgeRoutes } from "./router-knowledge.tsx";
import { securityRoutes } from "./router-security.tsx";
import { simulationRoutes } from "./router-simulations.tsx";
import { tenantRoutes } from "./router-tenant.tsx";

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

interface NextSearch {
  readonly next?: string;
}
interface LoginSearch extends NextSearch {
  readonly registered?: string;
  readonly signedOut?: boolean;
  readonly reset?: boolean;
}

// Only a path of this origin: anything else would send people away after they have signed in (open redirect).
const nextOf = ({ next }: Record<string, unknown>): NextSearch =>
  typeof next === "string" && /^\/(?![/\\])/.test(next) ? { next } : {};

const login = createRoute({
  getParentRoute: () => root,
  path: "/login",
  validateSearch: (search: Record<string, unknown>): LoginSearch => ({
    ...nextOf(search),
    ...(typeof search["registered"] === "string" ? { registered: search["registered"].slice(0, 64) } : {}),
    ...(search["signedOut"] === true ? { signedOut: true } : {}),
    ...(search["reset"] === true ? { reset: true } : {}),
  }),
  component: lazyRouteComponent(() => import("./features/account/login-page.tsx"), "LoginPage"),
});
const register = createRoute({
  getParentRoute: () => root,
  path: "/register",
  loader: () => ahead(policyQuery),
  component: lazyRouteComponent(() => import("./features/account/register-page.tsx"), "RegisterPage"),
});
const forgot = createRoute({
  getParentRoute: () => root,
  path: "/forgot",
  loader: () => ahead(policyQuery),
  component: lazyRouteComponent(() => import("./features/account/forgot-page.tsx"), "ForgotPage"),
});
const reset = createRoute({
  getParentRoute: () => root,
  path: "/reset",
  beforeLoad: takeResetToken,
  loader: () => ahead(policyQuery),
  component: lazyRouteComponent(() => import("./features/account/reset-page.tsx"), "ResetPage"),
});
const changePassword = createRoute({
  getParentRoute: () => root,
  path: "/change-password",
  validateSearch: nextOf,
  loader: () => ahead(policyQuery),
  component: lazyRouteComponent(
    () => import("./features/account/change-password-page.tsx"),
    "ChangePasswordPage",
  ),
});
const enrol = createRoute({
  getParentRoute: () => root,
  path: "/enrol",
  validateSearch: nextOf,
  loader: () => ahead(policyQuery),
  component: lazyRouteComponent(() => import("./features/security/enrol-page.tsx"), "EnrolPage"),
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
const accountSecurity = createRoute({
  getParentRoute: () => root,
  path: "/account/security",
  beforeLoad: signedInOnly,
  loader: () => ahead(policyQuery),
  component: lazyRouteComponent(() => import("./features/security/security-page.tsx"), "SecurityPage"),
});
const accountData = createRoute({
  getParentRoute: () => root,
  path: "/account/data",
  beforeLoad: signedInOnly,
  loader: () => ahead(policyQuery),
  component: lazyRouteComponent(() => import("./features/data/data-page.tsx"), "DataPage"),
});
const apiKeys = createRoute({
  getParentRoute: () => root,
  path: "/account/api-keys",
  beforeLoad: signedInOnly,
  loader: () => ahead(policyQuery),
  component: lazyRouteComponent(() => import("./features/api-keys/api-keys-page.tsx"), "ApiKeysPage"),
});

const uploads = createRoute({
  getParentRoute: () => root,
  path: "/uploads",
  beforeLoad: signedInOnly,
  validateSearch: ({ page }: Record<string, unknown>): { readonly page?: number } =>
    whole(page, 1_000_000) ? { page } : {},
  component: lazyRouteComponent(() => import("./features/uploads/uploads-page.tsx"), "UploadsPage"),
});

interface UsersSearch {
  readonly q?: string;
  readonly page?: number;
  readonly per_page?: number;
  readonly sort?: UserSort;
}

const adminUsers = createRoute({
  getParentRoute: () => root,
  path: "/admin/users",
  beforeLoad: signedInOnly,
  validateSearch: ({ q, page, per_page: size, sort }: Record<string, unknown>): UsersSearch => ({
    ...(isUserSort(sort) ? { sort } : {}),
    // The router reads a search of digits as a number.
    ...(typeof q === "string" || typeof q === "number" ? { q: String(q).slice(0, 100) } : {}),
    ...(whole(page, 1_000_000) ? { page } : {}),
    ...(isPageSize(size) ? { per_page: size } : {}),
  }),
  component: lazyRouteComponent(() => import("./features/admin/users-page.tsx"), "UsersPage"),
});
const adminUser = createRoute({
  getParentRoute: () => root,
  path: "/admin/users/$id",
  beforeLoad: signedInOnly,
  component: lazyRouteComponent(() => import("./features/admin/user-page.tsx"), "UserPage"),
});
interface KeysSearch {
  readonly q?: string;
  readonly page?: number;
  readonly stale?: boolean;
  readonly per_page?: number;
}
const adminKeys = createRoute({
  getParentRoute: () => root,
  path: "/admin/api-keys",
  beforeLoad: signedInOnly,
  validateSearch: ({ q, page, stale, per_page: size }: Record<string, unknown>): KeysSearch => ({
    ...(typeof q === "string" || typeof q === "number" ? { q: String(q).slice(0, 100) } : {}),
    ...(whole(page, 1_000_000) ? { page } : {}),
    ...(stale === true ? { stale } : {}),
    ...(isPageSize(size) ? { per_page: size } : {}),
  }),
  component: lazyRouteComponent(() => import("./features/admin/keys-page.tsx"), "KeysPage"),
});
interface TenantsSearch {
  readonly q?: string;
  readonly page?: number;
  readonly per_page?: number;
}
const adminTenants = createRoute({
  getParentRoute: () => root,
  path: "/admin/tenants",
  beforeLoad: signedInOnly,
  validateSearch: ({ q, page, per_page: size }: Record<string, unknown>): TenantsSearch => ({
    ...(typeof q === "string" || typeof q === "number" ? { q: String(q).slice(0, 64) } : {}),
    ...(whole(page, 1_000_000) ? { page } : {}),
    ...(isPageSize(size) ? { per_page: size } : {}),
  }),
  component: lazyRouteComponent(() => import("./features/admin/tenants-page.tsx"), "TenantsPage"),
});
const protection = createRoute({
  getParentRoute: () => root,
  path: "/security",
  loader: () => ahead(policyQuery),
  component: lazyRouteComponent(() => import("./features/protection/protection-page.tsx"), "ProtectionPage"),
});

export const router = createRouter({
  routeTree: root.addChildren([
    catalogue,
    course,
    lesson,
    login,
    register,
    forgot,
    reset,
    changePassword,
    enrol,
    profile,
    sessions,
    accountSecurity,
    accountData,
    apiKeys,
    ...tenantRoutes,
    ...knowledgeRoutes,
    ...simulationRoutes,
    ...tenantCourseRoutes,
    adminTenants,
    uploads,
    adminUsers,
    adminUser,
    adminKeys,
    ...securityRoutes,
    protection,
  ]),
  defaultPreload: "intent",
  defaultPreloadStaleTime: 0,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
