import { errorsOf, type ErrorTable } from "../errors.ts";

export const mfaErrors = {
  AEGIS_MFA_CODE_REFUSED: {
    status: 401,
    title: "Code refused",
    detail: "That code is wrong or was used before. After several failures codes wait for a while.",
    hint: "A wrong code, a used one, and one that must wait (throttle) are merged here on purpose; the audit event tells them apart.",
  },
  AEGIS_MFA_SETUP_REFUSED: {
    status: 400,
    title: "Not set up",
    detail: "That code does not fit. Check that the clock of your device is right, and use the newest code.",
    hint: "The code did not match the offered secret, or the set-up was begun anew meanwhile.",
  },
  AEGIS_MFA_ENABLED_ALREADY: {
    status: 409,
    title: "Already set up",
    detail: "An authenticator app is set up. Switch it off first to set up another.",
    hint: "POST /api/auth/mfa/setup while a secret is enabled.",
  },
  AEGIS_MFA_NOT_ENABLED: {
    status: 409,
    title: "Not set up",
    detail: "This account has no second factor.",
    hint: "There is nothing to switch off or renew.",
  },
  AEGIS_MFA_REQUIRED: {
    status: 409,
    title: "Second factor required",
    detail: "Your role needs a second factor: add another one before you remove this one.",
    hint: "mfa.requiredForRoles names a role of the account, and this is its last factor.",
  },
  AEGIS_MFA_REMOVAL_WAITS: {
    status: 409,
    title: "One at a time",
    detail: "You have just removed another factor. Wait half a minute, then try again.",
    hint: "Where a second factor must stay, factors of different kinds go one after the other.",
  },
} as const satisfies ErrorTable;

export const mfaError = errorsOf(mfaErrors);
