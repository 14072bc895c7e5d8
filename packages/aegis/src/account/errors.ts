import { errorsOf, type ErrorTable } from "../errors.ts";

export const accountErrors = {
  AEGIS_ACCOUNT_TAKEN: {
    status: 409,
    title: "Not available",
    detail: "That user name cannot be used.",
    hint: "An account with that user name exists. A taken e-mail address is never told: its owner gets a mail.",
  },
  AEGIS_ACCOUNT_REGISTRATION_CLOSED: {
    status: 403,
    title: "Registration closed",
    detail: "Accounts are made by an administrator here.",
    hint: "account.selfRegistration is false.",
  },
  AEGIS_ACCOUNT_UNVERIFIED: {
    status: 403,
    title: "Address not verified",
    detail: "Type the code that was sent to your e-mail address first.",
    hint: "The password was right; account.emailVerification is required, and the address is not verified.",
  },
  AEGIS_ACCOUNT_CODE_REFUSED: {
    status: 400,
    title: "Code refused",
    detail: "That code is wrong, was used, or has expired. After a few wrong ones, ask for a new code.",
    hint: "A wrong, spent, expired or over-tried code are merged here on purpose.",
  },
  AEGIS_ACCOUNT_CODES_SPENT: {
    status: 429,
    title: "Too many codes",
    detail: "You have asked for ten codes within a day. Ask again tomorrow.",
    hint: "One account has codes sent to new addresses ten times in 24 hours, so that nobody mails strangers with it.",
  },
  AEGIS_ACCOUNT_NOT_FOUND: {
    status: 404,
    title: "Not found",
    detail: "There is no such account.",
    hint: "The id is not one of an account.",
  },
  AEGIS_ACCOUNT_LAST_ADMIN: {
    status: 409,
    title: "The only administrator",
    detail: "Nobody could look after the accounts any more. Let in another administrator first.",
    hint: "No other account with the role admin is left that is neither suspended nor about to be deleted.",
  },
  AEGIS_ACCOUNT_OWN: {
    status: 409,
    title: "Not on yourself",
    detail: "Another administrator must do this to your account.",
    hint: "An administrator asked for something on their own account that would lock them out or go around a check.",
  },
} as const satisfies ErrorTable;

export const accountError = errorsOf(accountErrors);
