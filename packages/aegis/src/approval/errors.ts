import { errorsOf, type ErrorTable } from "../errors.ts";

export const approvalErrors = {
  AEGIS_APPROVAL_REFUSED: {
    status: 409,
    title: "Cannot be decided",
    detail: "This request was decided, has expired, or is not yours to decide.",
    hint: "Another administrator must decide: neither who asked nor whom it is about.",
  },
  AEGIS_APPROVAL_VOID: {
    status: 409,
    title: "Void",
    detail:
      "Who asked for this is no administrator any more. Reject it; whoever still wants it must ask anew.",
    hint: "The account that asked is suspended, about to be deleted, or has lost the role admin since.",
  },
  AEGIS_APPROVAL_PENDING: {
    status: 409,
    title: "Already asked for",
    detail: "This was asked for already and waits for another administrator.",
    hint: "A request for the same account is pending.",
  },
} as const satisfies ErrorTable;

export const approvalError = errorsOf(approvalErrors);
