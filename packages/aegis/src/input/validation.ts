/** Turns a validator's findings into every failing field with its reason (VAL-2). */
import type { FastifySchemaValidationError } from "fastify";
import type { FieldError } from "../errors.ts";

export function fieldErrors(findings: readonly FastifySchemaValidationError[]): FieldError[] {
  return findings.slice(0, 100).map((finding) => {
    const base = finding.instancePath.slice(1).replaceAll("/", ".");
    const named = finding.params["missingProperty"] ?? finding.params["additionalProperty"];
    const field = typeof named === "string" ? (base === "" ? named : `${base}.${named}`) : base;
    return { field: field.slice(0, 128), ...reasonOf(finding) };
  });
}

function reasonOf({
  keyword,
  params,
  message,
}: FastifySchemaValidationError): Pick<FieldError, "reason" | "message"> {
  const limit = Number(params["limit"]);
  switch (keyword) {
    case "required":
      return { reason: "required", message: "This field is needed." };
    case "additionalProperties":
      return { reason: "unknown_field", message: "There is no such field here." };
    case "minLength":
      return { reason: "too_short", message: `At least ${limit} characters.` };
    case "maxLength":
      return { reason: "too_long", message: `At most ${limit} characters.` };
    case "minimum":
      return { reason: "too_small", message: `At least ${limit}.` };
    case "maximum":
      return { reason: "too_large", message: `At most ${limit}.` };
    case "minItems":
      return { reason: "too_few", message: `Choose at least ${limit}.` };
    case "maxItems":
      return { reason: "too_many", message: `Choose at most ${limit}.` };
    case "uniqueItems":
      return { reason: "repeated", message: "Each may be there once." };
    case "pattern":
      return { reason: "bad_characters", message: "It has characters that are not allowed here." };
    case "format":
      return { reason: "bad_format", message: `It is not a valid ${String(params["format"])}.` };
    case "type":
      return { reason: "wrong_type", message: `It must be ${String(params["type"])}.` };
    case "enum":
      return { reason: "not_allowed", message: "It is none of the allowed values." };
    default:
      return { reason: keyword, message: message === undefined ? "It is not valid." : `It ${message}.` };
  }
}
