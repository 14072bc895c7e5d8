import { errorsOf, type ErrorTable } from "../errors.ts";

export const passkeyErrors = {
  AEGIS_PASSKEY_REFUSED: {
    status: 401,
    title: "Passkey refused",
    detail: "That passkey is not known here, or the request took too long. Try again.",
    hint: "Unknown credential, a wrong signature, a challenge that is not ours, past or spent; the log line holds the cause.",
  },
  AEGIS_PASSKEY_NOT_ADDED: {
    status: 400,
    title: "Passkey not added",
    detail:
      "That passkey could not be added. Try again; a passkey that is here already cannot be added twice.",
    hint: "The registration did not verify, the credential is known, or the account has too many.",
  },
  AEGIS_PASSKEY_NOT_FOUND: {
    status: 404,
    title: "Not found",
    detail: "There is no such passkey.",
    hint: "The id is not one of this account's passkeys.",
  },
} as const satisfies ErrorTable;

export const passkeyError = errorsOf(passkeyErrors);
