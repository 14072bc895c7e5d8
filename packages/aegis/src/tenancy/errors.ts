import { errorsOf, type ErrorTable } from "../errors.ts";

export const tenancyErrors = {
  AEGIS_TENANCY_IDENTITY_HEADER: {
    status: 400,
    title: "Identity headers are not accepted",
    detail: "Who is asking is known from the sign-in. Leave headers such as X-User-ID and X-Tenant-ID out.",
    hint: "A header of tenancy.identityHeaderNames, and tenancy.identityHeaders is refuse; the audit event names it.",
  },
  AEGIS_TENANCY_REQUIRED: {
    status: 403,
    title: "No tenant",
    detail: "You are not working in a tenant, or are not a member of it any more. Switch to one of yours.",
    hint: "The session, token or key names no tenant, or one that its person is no member of, or that is closed; merged on purpose.",
  },
  AEGIS_TENANCY_ROLE: {
    status: 403,
    title: "Not allowed",
    detail: "Your role in this tenant does not allow that. Ask one of its administrators.",
    hint: "The caller is a member with less than the role that the route or the change asks for.",
  },
  AEGIS_TENANCY_NOT_FOUND: {
    status: 404,
    title: "Not found",
    detail: "There is no such thing in your tenant.",
    hint: "No tenant, member or invitation with that id where the caller may see it.",
  },
  AEGIS_TENANCY_TAKEN: {
    status: 409,
    title: "Name taken",
    detail: "There is a tenant with this name already. Choose another name.",
    hint: "Names are unique whatever their case.",
  },
  AEGIS_TENANCY_FULL: {
    status: 409,
    title: "Limit reached",
    detail: "There is no room for more: of members, of open invitations, or of tenants of yours.",
    hint: "tenancy.membersLimit, tenancy.openInvitationsLimit or tenancy.ownedTenantsLimit.",
  },
  AEGIS_TENANCY_LAST_OWNER: {
    status: 409,
    title: "The last owner stays",
    detail: "A tenant needs an owner. Make somebody else an owner first.",
    hint: "A removal or change of role that would leave the tenant without an owner.",
  },
  AEGIS_TENANCY_INVITATION_REFUSED: {
    status: 403,
    title: "Invitation not accepted",
    detail: "This invitation has ended, was used, or is for another e-mail address than your verified one.",
    hint: "Unknown, expired, withdrawn, used, or the account's verified address is not the invited one; merged on purpose.",
  },
  AEGIS_TENANCY_LETTERS_SPENT: {
    status: 429,
    title: "Too many invitations",
    detail: "This address, or your tenant, was sent enough for today. Try again tomorrow.",
    hint: "Letters per address and per tenant in 24 hours: an inviter must not become a sender of mail to anybody.",
  },
} as const satisfies ErrorTable;

export const tenancyError = errorsOf(tenancyErrors);
