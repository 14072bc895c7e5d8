import type { FastifyInstance, preHandlerHookHandler } from "fastify";
import { isRecord } from "../lib/freeze.ts";
import { sanitizeError } from "./errors.ts";
import { cleanFields, sanitizedFields } from "./fields.ts";
import type { Sanitizer } from "./sanitizer.ts";

/**
 * Routes whose body's schema declares fields to clean (`sanitize: "rich"`, "strict", "linkify" or "text" on a text) get
 * a step for it; no other route does any work.
 */
export function enforceSanitize(app: FastifyInstance, sanitize: Sanitizer): void {
  app.addHook("onRoute", (route) => {
    const fields = sanitizedFields(isRecord(route.schema) ? route.schema.body : undefined);
    if (fields.length === 0) return;
    const clean: preHandlerHookHandler = (request, _reply, done) => {
      const errors = cleanFields(request.body, fields, sanitize);
      if (errors.length > 0) throw sanitizeError("AEGIS_SANITIZE_REFUSED", { errors });
      done();
    };
    route.preHandler = [clean, ...[route.preHandler ?? []].flat()];
  });
}
