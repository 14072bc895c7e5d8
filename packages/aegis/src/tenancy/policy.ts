/**
 * Threat: whoever asks names the tenant (X-Customer-ID, X-Tenant-ID) and is believed; or somebody who was a member still
 * acts as one. Rule: the tenant is the session's, changed only by a switch that looks the membership up; who is what in it
 * is looked up again by every request that works there; identity headers are taken off or refused, and logged.
 * References: ASVS 5.0 8.2.2, 8.3.1, 8.3.2, 8.4.1; OWASP API1:2023; requirements TEN-1 to TEN-3.
 */
import type Type from "typebox";
import { count, type Environment, flag, oneOf, seconds, section, texts } from "../lib/schema.ts";

const DAY = 86_400;

export const tenancyPolicySchema = section(
  {
    enabled: flag("Whether there are tenants: without, no session works in one."),
    identityHeaders: oneOf(
      ["ignore", "refuse"],
      "Requests that say who they are from by a header. ignore: it is taken off and logged. refuse: 400.",
    ),
    identityHeaderNames: texts("^[a-z][a-z0-9-]*$", "Those headers, in lower case."),
    selfService: flag("Whether anybody who is signed in may open a tenant; otherwise administrators do."),
    ownedTenantsLimit: count(1, 1000, "Tenants that one account may own where it opens them itself."),
    membersLimit: count(1, 1_000_000, "Members of one tenant."),
    openInvitationsLimit: count(1, 10_000, "Invitations of one tenant that nobody has accepted yet."),
    invitationSeconds: seconds(300, 90 * DAY, "How long an invitation can be accepted."),
  },
  "Tenants: whose data a request works on.",
);

export type TenancyPolicy = Type.Static<typeof tenancyPolicySchema>;

export const tenancyDefaults = (_environment: Environment): TenancyPolicy => ({
  enabled: false,
  identityHeaders: "ignore", // old clients go on working while they are changed; nobody believes them
  identityHeaderNames: [
    "x-customer-id",
    "x-user-id",
    "x-tenant-id",
    "x-org-id",
    "x-organization-id",
    "x-account-id",
    "x-user",
    "x-username",
    "x-user-email",
    "x-user-role",
    "x-user-roles",
    "x-remote-user",
    "x-auth-user",
  ],
  selfService: false,
  ownedTenantsLimit: 3,
  membersLimit: 10_000,
  openInvitationsLimit: 200,
  invitationSeconds: 7 * DAY,
});
