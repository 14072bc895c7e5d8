/** Rows of tenants, read as what they are. */
import type { Invitation, Membership, Tenant } from "../../tenancy/store.ts";
import { flag, optionalTime, type Row, text, time, word } from "./rows.ts";

export const ROLES = ["learner", "author", "admin", "owner"] as const;

export const tenantFrom = (row: Row): Tenant => ({
  id: text(row, "id"),
  name: text(row, "name"),
  key: text(row, "key"),
  openRegistration: flag(row, "open_registration"),
  disabledAt: optionalTime(row, "disabled_at"),
  createdAt: time(row, "created_at"),
});

export const membershipFrom = (row: Row): Membership => ({
  tenant: tenantFrom(row),
  role: word(row, "role", ROLES),
  joinedAt: time(row, "joined_at"),
});

export const invitationFrom = (row: Row): Invitation => ({
  id: text(row, "id"),
  tenantId: text(row, "tenant_id"),
  email: text(row, "email"),
  emailKey: text(row, "email_key"),
  role: word(row, "role", ROLES),
  invitedBy: text(row, "invited_by"),
  createdAt: time(row, "created_at"),
  expiresAt: time(row, "expires_at"),
});
