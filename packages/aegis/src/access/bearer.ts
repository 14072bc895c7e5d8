/**
 * `Authorization: Bearer` (RFC 6750), and for API keys `X-API-Key` too. A route that takes tokens or keys says so, and with which scopes; on every other
 * route the header means nothing. Where it counts, it alone counts: the cookie beside it is not looked at, so that
 * nobody can mix one person's cookie with another's key, and a browser's ambient cookie lends a script nothing.
 */
import type { FastifyContextConfig, FastifyInstance, FastifyRequest } from "fastify";
import { API_KEY_HEADER } from "../lib/credential.ts";
import { addGuard } from "../lib/guard.ts";
import { routeConfig } from "../lib/route.ts";
import type { BearerCredential, BearerFacts, Principal } from "../request.ts";
import { accessError } from "./errors.ts";

const borne = Symbol("bearer's principal");

declare module "fastify" {
  interface FastifyRequest {
    [borne]: Principal | undefined;
  }
}

export interface Bearer extends BearerFacts {
  readonly principal: Principal;
}

/** One kind of credential that can be borne. Told apart by their form alone, before anything is looked up. */
export interface BearerKind {
  readonly credential: BearerCredential;
  readonly hasForm: (text: string) => boolean;
  /** Undefined for whatever is not good now: unknown, forged, expired, revoked; the answer never tells which. */
  readonly verify: (text: string, request: FastifyRequest) => Promise<Bearer | undefined>;
}

export interface Bearers {
  readonly principalOf: (request: FastifyRequest) => Principal | undefined;
}

/** Longer than any credential of ours: what is longer is not even taken apart. */
const LONGEST = 4096;
const HEADER = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i;

export function enforceBearer(app: FastifyInstance, kinds: readonly BearerKind[]): Bearers {
  app.decorateRequest("bearer", null);
  app.decorateRequest(borne, undefined);

  app.addHook("onRoute", (route) => demandScopes(route.url, route.config ?? {}));

  const bear = async (
    request: FastifyRequest,
    text: string | undefined,
    credentials: NonNullable<FastifyContextConfig["credentials"]>,
  ): Promise<void> => {
    const kind = text === undefined ? undefined : kinds.find((one) => one.hasForm(text));
    const bearer =
      text === undefined || kind === undefined || !credentials.includes(kind.credential)
        ? undefined
        : await kind.verify(text, request);
    if (bearer === undefined) throw accessError("AEGIS_ACCESS_BEARER_INVALID");
    const { principal, ...facts } = bearer;
    request[borne] = principal;
    request.bearer = facts;
  };

  addGuard(app, (request) => {
    const { authorization, [API_KEY_HEADER]: key } = request.headers;
    if ((authorization === undefined && key === undefined) || request.is404) return undefined;
    const { credentials = [] } = routeConfig(request);
    if (credentials.every((one) => one === "session")) return undefined;
    // Both at once: whose request it is would depend on which is read.
    const text =
      key === undefined ? textIn(authorization) : authorization === undefined ? keyIn(key) : undefined;
    const taken = key === undefined ? credentials : credentials.filter((one) => one === "api-key");
    return bear(request, text, taken);
  });

  return { principalOf: (request) => request[borne] };
}

const textIn = (header = ""): string | undefined =>
  header.length > LONGEST ? undefined : HEADER.exec(header)?.[1];

const keyIn = (header: string | string[]): string | undefined =>
  typeof header === "string" && header.length <= LONGEST ? header : undefined;

/** Deny by default: a credential that lies in scripts opens no route that nobody thought of, and none that asks for a person. */
function demandScopes(
  url: string,
  { access, credentials = [], scopes = [], requireAal, maxAuthAgeSeconds, signIn }: FastifyContextConfig,
): void {
  if (credentials.every((one) => one === "session")) {
    if (scopes.length > 0) throw new Error(`Route ${url} declares scopes, but no credentials that have any.`);
    return;
  }
  if (access === "public" || access?.startsWith("group:") === true)
    throw new Error(`Route ${url} takes tokens or keys, but is open: declare who may call it.`);
  if (scopes.length === 0)
    throw new Error(`Route ${url} takes tokens or keys, but declares no scopes that they must have.`);
  if (requireAal !== undefined || maxAuthAgeSeconds !== undefined || signIn !== undefined)
    throw new Error(`Route ${url} asks for the proof of a person: tokens and keys cannot give it.`);
}
