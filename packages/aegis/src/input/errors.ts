import { errorsOf, type ErrorTable } from "../errors.ts";

export const inputErrors = {
  AEGIS_INPUT_INVALID: {
    status: 400,
    title: "Invalid input",
    detail: "Some fields are not as they should be.",
    hint: "The schema of the route refused the request; the fields are listed.",
  },
  AEGIS_INPUT_MALFORMED: {
    status: 400,
    title: "Malformed body",
    detail: "The body of this request cannot be read.",
    hint: "Not JSON or form data, ambiguous (a key twice), too deep, not UTF-8, or with a NUL character.",
  },
  AEGIS_INPUT_TOO_LARGE: {
    status: 413,
    title: "Body too large",
    detail: "The body of this request is too large.",
    hint: "Beyond input.bodyLimitBytes, input.jsonLimitBytes or the limit of the route.",
  },
  AEGIS_INPUT_MEDIA_TYPE: {
    status: 415,
    title: "Unsupported media type",
    detail: "This address does not take that content type.",
    hint: "The route takes application/json or form data.",
  },
} as const satisfies ErrorTable;

export const inputError = errorsOf(inputErrors);
