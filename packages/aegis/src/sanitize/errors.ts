import { errorsOf, type ErrorTable } from "../errors.ts";

export const sanitizeErrors = {
  AEGIS_SANITIZE_REFUSED: {
    status: 400,
    title: "Text cannot be taken",
    detail: "A text is too long or too deeply nested to be cleaned.",
    hint: "Beyond sanitize.htmlMaxLength, htmlMaxDepth or htmlNodeLimit, or beyond the field's own length once it is cleaned.",
  },
} as const satisfies ErrorTable;

export const sanitizeError = errorsOf(sanitizeErrors);
