import type { Server } from "node:http";
import type { FastifyHttpOptions, FastifyInstance } from "fastify";
import { type DeepReadonly, isRecord } from "../lib/freeze.ts";
import { inputError } from "./errors.ts";
import { readForm } from "./form.ts";
import { readJson } from "./json.ts";
import type { InputPolicy } from "./policy.ts";

/** The part of Fastify's server options that this room decides. Fastify's own defaults coerce and strip in silence. */
export function inputServerOptions(policy: DeepReadonly<InputPolicy>): FastifyHttpOptions<Server> {
  return {
    bodyLimit: policy.bodyLimitBytes,
    ajv: {
      customOptions: {
        removeAdditional: policy.unknownFields === "strip",
        coerceTypes: false,
        useDefaults: false,
        allErrors: true,
        keywords: ["sanitize"], // says how a text is cleaned; nothing to validate
      },
    },
  };
}

export function enforceInput(app: FastifyInstance, policy: DeepReadonly<InputPolicy>): void {
  app.removeAllContentTypeParsers();
  const parse = (
    type: string,
    read: (bytes: Uint8Array) => { readonly value: unknown } | { readonly refused: string },
  ) =>
    app.addContentTypeParser<Buffer>(
      type,
      { parseAs: "buffer", bodyLimit: policy.jsonLimitBytes },
      (_request, body, done) => {
        if (body.length === 0) return done(null, undefined);
        const result = read(body);
        if ("value" in result) return done(null, result.value);
        return done(
          inputError("AEGIS_INPUT_MALFORMED", {
            errors: [{ field: "", reason: result.refused, message: meaning(result.refused) }],
          }),
        );
      },
    );
  parse("application/json", (bytes) => readJson(bytes, policy.jsonMaxDepth));
  parse("application/x-www-form-urlencoded", readForm);

  app.addHook("onRoute", (route) => {
    const body: unknown = isRecord(route.schema) ? route.schema.body : undefined;
    // A schema that does not close the object lets every other field through, whatever the policy says.
    if (isRecord(body) && body["type"] === "object" && body["additionalProperties"] !== false)
      throw new Error(
        `Route ${String(route.method)} ${route.url}: its body schema needs additionalProperties: false.`,
      );
  });

  app.addHook("preValidation", (request, _reply, done) => {
    const { schema } = request.routeOptions;
    const declared = isRecord(schema) && schema["body"] !== undefined;
    const empty =
      request.body === undefined || (isRecord(request.body) && Object.keys(request.body).length === 0);
    if (declared || empty || request.routeOptions.config.body === "raw") return done();
    throw inputError("AEGIS_INPUT_INVALID", {
      errors: [{ field: "", reason: "unexpected", message: "This address takes no body." }],
    });
  });
}

const meanings: Readonly<Record<string, string>> = {
  not_utf8: "The text is not valid UTF-8.",
  not_json: "The text is not valid JSON.",
  too_deep: "The JSON is nested too deep.",
  duplicate_key: "A field is given twice.",
  forbidden_key: "A field has a name that is not allowed.",
  nul_character: "The text holds a NUL character.",
  too_many_keys: "The JSON has too many fields.",
  too_many_fields: "The form has too many fields.",
};

const meaning = (refused: string): string => meanings[refused] ?? "The body cannot be read.";
