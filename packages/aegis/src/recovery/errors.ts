import { errorsOf, type ErrorTable } from "../errors.ts";

export const recoveryErrors = {
  AEGIS_RECOVERY_LINK_REFUSED: {
    status: 400,
    title: "Link not valid",
    detail:
      "This link was used or tried too often, has expired, or was replaced by a newer one. Ask for a new one.",
    hint: "The reset token is unknown, past, or spent, or was sent with five passwords that the account had before.",
  },
} as const satisfies ErrorTable;

export const recoveryError = errorsOf(recoveryErrors);
