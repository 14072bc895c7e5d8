/** Values that could not be read again for too long may have been taken back: nothing is done with them any more. */
import type { FastifyInstance } from "fastify";
import { addGuard } from "../lib/guard.ts";
import { routeConfig } from "../lib/route.ts";
import type { SecretKeys } from "../lib/secret-keys.ts";
import { secretError } from "./errors.ts";

const RETRY_AFTER_SECONDS = 30;

/** What anybody may read is served on: it needs no secret, and says whether the process lives. */
export function enforceSecrets(app: FastifyInstance, secrets: SecretKeys): void {
  const { isStale } = secrets;
  if (isStale === undefined) return;
  addGuard(app, (request) => {
    if (!isStale()) return undefined;
    const reads = request.method === "GET" || request.method === "HEAD";
    if (reads && routeConfig(request).access === "public") return undefined;
    return secretError("AEGIS_SECRET_STALE", { retryAfterSeconds: RETRY_AFTER_SECONDS });
  });
}
