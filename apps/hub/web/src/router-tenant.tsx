/** The pages of a tenant, and of the way into one. */
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { takeInvitationToken } from "./features/tenant/invitation-token.ts";
import { root, signedInOnly, whole } from "./router-root.tsx";

const invitation = createRoute({
  getParentRoute: () => root,
  path: "/invitation",
  beforeLoad: takeInvitationToken,
  component: lazyRouteComponent(() => import("./features/tenant/invitation-page.tsx"), "InvitationPage"),
});
const tenantMembers = createRoute({
  getParentRoute: () => root,
  path: "/tenant/members",
  beforeLoad: signedInOnly,
  validateSearch: ({ page }: Record<string, unknown>): { readonly page?: number } =>
    whole(page, 1_000_000) ? { page } : {},
  component: lazyRouteComponent(() => import("./features/tenant/members-page.tsx"), "MembersPage"),
});
const tenantInvitations = createRoute({
  getParentRoute: () => root,
  path: "/tenant/invitations",
  beforeLoad: signedInOnly,
  component: lazyRouteComponent(() => import("./features/tenant/invitations-page.tsx"), "InvitationsPage"),
});
const tenantRoles = createRoute({
  getParentRoute: () => root,
  path: "/tenant/roles",
  beforeLoad: signedInOnly,
  component: lazyRouteComponent(() => import("./features/tenant/roles-page.tsx"), "RolesPage"),
});
const tenantSettings = createRoute({
  getParentRoute: () => root,
  path: "/tenant/settings",
  beforeLoad: signedInOnly,
  component: lazyRouteComponent(() => import("./features/tenant/settings-page.tsx"), "SettingsPage"),
});
const tenantNew = createRoute({
  getParentRoute: () => root,
  path: "/tenant/new",
  beforeLoad: signedInOnly,
  component: lazyRouteComponent(() => import("./features/tenant/open-page.tsx"), "OpenPage"),
});

export const tenantRoutes = [
  invitation,
  tenantMembers,
  tenantInvitations,
  tenantRoles,
  tenantSettings,
  tenantNew,
] as const;
