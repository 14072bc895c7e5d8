import { AegisError } from "aegis";

const securityErrors = {
  HUB_PROOF_NOT_FOUND: {
    status: 404,
    title: "Not found",
    detail: "No saved run of the verifier has this control, or its file is gone.",
    hint: "Runs are read from PROOFS_DIRECTORY; save one there: aegis verify URL --save FILE.",
  },
} as const;

export const securityError = (code: keyof typeof securityErrors): AegisError =>
  new AegisError(code, securityErrors[code]);
