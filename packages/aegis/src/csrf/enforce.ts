import type { FastifyInstance, FastifyRequest } from "fastify";
import { type DeepReadonly, isRecord } from "../lib/freeze.ts";
import type { Random } from "../lib/random.ts";
import type { PurposeKeys } from "../lib/secret-keys.ts";
import { addGuard } from "../lib/guard.ts";
import { routeConfig } from "../lib/route.ts";
import { csrfError } from "./errors.ts";
import { judgeOrigin, type OriginVerdict } from "./origin.ts";
import type { CsrfPolicy } from "./policy.ts";
import { csrfTokens } from "./token.ts";

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS", "TRACE"]);
/** What an HTML form can send without asking first (Fetch standard, "CORS-safelisted"). */
const FORM_TYPES = /^(application\/x-www-form-urlencoded|multipart\/form-data|text\/plain)\b/i;

export interface CsrfWiring {
  readonly keys: PurposeKeys;
  readonly random: Random;
  readonly judge: (request: FastifyRequest) => OriginVerdict;
  readonly onRefusal: (request: FastifyRequest, code: string) => void;
}

/** Where a request comes from, by what the browser says of it. */
export const originJudge =
  (policy: DeepReadonly<CsrfPolicy>, publicOrigin: string | undefined) =>
  (request: FastifyRequest): OriginVerdict => {
    const { origin, "sec-fetch-site": site } = request.headers;
    if (origin === undefined && site === undefined) return "silent"; // most programs: asked on the way of every request
    const own = [
      `${request.protocol}://${request.host}`,
      ...(publicOrigin === undefined ? [] : [publicOrigin]),
    ];
    return judgeOrigin(policy, { fetchSite: single(site), origin, own });
  };

export function enforceCsrf(
  app: FastifyInstance,
  policy: DeepReadonly<CsrfPolicy>,
  wiring: CsrfWiring,
): void {
  const refuse = (request: FastifyRequest, code: Parameters<typeof csrfError>[0]) => {
    wiring.onRefusal(request, code);
    return csrfError(code, { status: policy.refusalStatus });
  };
  const tokens = csrfTokens(wiring.keys);
  const needsToken = (request: FastifyRequest): boolean =>
    policy.tokenRequired &&
    request.session !== null &&
    !SAFE_METHODS.has(request.method) &&
    routeConfig(request).csrf !== "origin-only";
  const checkToken = (request: FastifyRequest, token: string | undefined): void => {
    if (token === undefined || token === "") throw refuse(request, "AEGIS_CSRF_TOKEN_MISSING");
    if (request.session === null || !tokens.isGood(request.session.id, token))
      throw refuse(request, "AEGIS_CSRF_TOKEN_INVALID");
  };

  addGuard(app, (request) => {
    if (SAFE_METHODS.has(request.method)) return undefined;
    const verdict = wiring.judge(request);
    if (policy.originCheck && verdict === "foreign") throw refuse(request, "AEGIS_CSRF_CROSS_SITE");
    // Without the browser's word and without a token, only a content type that no form can send is left as evidence.
    const byOriginOnly = routeConfig(request).csrf === "origin-only";
    if (policy.originCheck && verdict === "silent" && byOriginOnly && isForm(request))
      throw refuse(request, "AEGIS_CSRF_CROSS_SITE");
    const token = headerToken(request);
    if (needsToken(request) && (token !== undefined || !isForm(request))) checkToken(request, token);
    return undefined;
  });

  // A form carries its token in the body, which is read only now; nothing has been acted on yet.
  app.addHook("preValidation", (request, _reply, done) => {
    if (!isForm(request)) return done();
    const { csrf_token: token, ...fields } = isRecord(request.body) ? request.body : {};
    if (needsToken(request) && headerToken(request) === undefined)
      checkToken(request, typeof token === "string" ? token : undefined);
    request.body = fields;
    done();
  });

  app.get("/csrf-token", {
    config: {
      access: "public",
      session: "passive",
      stages: ["second-factor", "password-change", "enrolment"], // their next step needs a token too
    },
    handler: async (request) => ({
      // Signed out there is nothing to protect; the token is then bound to no session and opens nothing.
      csrf_token: tokens.make(request.session?.id ?? "anonymous", wiring.random),
    }),
  });
}

const isForm = (request: FastifyRequest): boolean => FORM_TYPES.test(request.headers["content-type"] ?? "");

const headerToken = (request: FastifyRequest): string | undefined =>
  single(request.headers["x-csrftoken"]) ?? single(request.headers["x-csrf-token"]);

/** A header that was sent twice has no one meaning: it counts as wrong, not as absent. */
function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(",") : value;
}
