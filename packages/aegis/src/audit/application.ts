/** What an application's own routes tell of: beside the library's events, in the same log and the same chain. */
import type { FastifyRequest } from "fastify";
import type { Audit } from "./auditor.ts";

/** Looked for by its beginning (`?event=app.course`): a name with anything else in it would be found by nobody. */
const NAME = /^[a-z][a-z_]{0,31}$/;

export type RecordEvent = (
  request: FastifyRequest,
  name: string,
  facts?: Readonly<Record<string, string | number | boolean>>,
) => void;

export const recorder =
  (audit: Audit, userIdOf: (request: FastifyRequest) => string | undefined): RecordEvent =>
  (request, name, facts) => {
    if (!NAME.test(name))
      throw new TypeError(
        `An event is named by 1 to 32 small letters and "_", not ${JSON.stringify(name.slice(0, 64))}.`,
      );
    const userId = userIdOf(request);
    audit(request, {
      event: `app.${name}`,
      outcome: "success",
      ...(userId === undefined ? {} : { user_id: userId }),
      ...(facts === undefined ? {} : { facts }),
    });
  };
