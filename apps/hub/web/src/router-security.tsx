/** The pages of the security area. Filters, targets and what is searched for stand in the address. */
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { auditSearch } from "./api/audit.ts";
import { type AddressSort, isAddressSort } from "./features/attacks/address-sort.ts";
import { root, signedInOnly, whole } from "./router-root.tsx";

const guarded = { getParentRoute: () => root, beforeLoad: signedInOnly } as const;

const overview = createRoute({
  ...guarded,
  path: "/admin/security",
  component: lazyRouteComponent(() => import("./features/overview/overview-page.tsx"), "OverviewPage"),
});

export interface PostureSearch {
  /** The origin that was looked at; without: the one that was looked at last. */
  readonly target?: string;
  /** Only what is not proven. */
  readonly open?: boolean;
}
const postureSearch = ({ target, open }: Record<string, unknown>): PostureSearch => ({
  ...(typeof target === "string" && /^https?:\/\/[A-Za-z0-9.:[\]-]{1,255}$/.test(target) ? { target } : {}),
  ...(open === true ? { open } : {}),
});
const posture = createRoute({
  ...guarded,
  path: "/admin/security/posture",
  validateSearch: postureSearch,
  component: lazyRouteComponent(() => import("./features/posture/posture-page.tsx"), "PosturePage"),
});
const control = createRoute({
  ...guarded,
  path: "/admin/security/posture/$control",
  validateSearch: postureSearch,
  component: lazyRouteComponent(() => import("./features/posture/control-page.tsx"), "ControlPage"),
});

interface AttacksSearch {
  readonly sort?: AddressSort;
}
const attacks = createRoute({
  ...guarded,
  path: "/admin/security/attacks",
  validateSearch: ({ sort }: Record<string, unknown>): AttacksSearch => (isAddressSort(sort) ? { sort } : {}),
  component: lazyRouteComponent(() => import("./features/attacks/attacks-page.tsx"), "AttacksPage"),
});
interface SessionsSearch {
  readonly page?: number;
}
const MOST_PAGES = 100_000;
const sessions = createRoute({
  ...guarded,
  path: "/admin/security/sessions",
  validateSearch: ({ page }: Record<string, unknown>): SessionsSearch =>
    whole(page, MOST_PAGES) && page > 1 ? { page } : {},
  component: lazyRouteComponent(() => import("./features/attacks/sessions-page.tsx"), "LiveSessionsPage"),
});
const people = createRoute({
  ...guarded,
  path: "/admin/security/people",
  component: lazyRouteComponent(() => import("./features/admin/at-risk-page.tsx"), "AtRiskPage"),
});
const reports = createRoute({
  ...guarded,
  path: "/admin/security/csp",
  component: lazyRouteComponent(() => import("./features/csp/csp-page.tsx"), "CspPage"),
});
const upkeep = createRoute({
  ...guarded,
  path: "/admin/security/upkeep",
  component: lazyRouteComponent(() => import("./features/upkeep/upkeep-page.tsx"), "UpkeepPage"),
});
const probes = createRoute({
  ...guarded,
  path: "/admin/security/probe-accounts",
  component: lazyRouteComponent(
    () => import("./features/posture/probe-accounts-page.tsx"),
    "ProbeAccountsPage",
  ),
});
const approvals = createRoute({
  ...guarded,
  path: "/admin/approvals",
  component: lazyRouteComponent(() => import("./features/admin/approvals-page.tsx"), "ApprovalsPage"),
});
const audit = createRoute({
  ...guarded,
  path: "/admin/audit",
  validateSearch: auditSearch,
  component: lazyRouteComponent(() => import("./features/audit/audit-page.tsx"), "AuditPage"),
});

export const securityRoutes = [
  overview,
  posture,
  control,
  attacks,
  sessions,
  people,
  reports,
  upkeep,
  probes,
  approvals,
  audit,
] as const;
