import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { DeepReadonly } from "../lib/freeze.ts";
import { addGuard } from "../lib/guard.ts";
import { routeConfig } from "../lib/route.ts";
import { isUnavailable } from "../lib/unavailable.ts";
import type { Principal, SessionFacts } from "../request.ts";
import { clearCookie, cookieName, setCookie, tokenFromCookie } from "./cookie.ts";
import type { SessionPolicy } from "./policy.ts";
import type { SessionRecord } from "./record.ts";
import type { Resolved, SessionService, SignInFacts } from "./service.ts";

const found = Symbol("session");
const unfinished = Symbol("unfinished sign-in");

declare module "fastify" {
  interface FastifyRequest {
    [found]: SessionRecord | undefined;
    [unfinished]: SessionRecord | undefined;
  }
}

/** What other rooms may do to the session of a request. */
export interface RequestSessions {
  /** Ends the session that the request came with and starts a new one: nothing planted before sign-in survives it. */
  readonly signIn: (
    request: FastifyRequest,
    reply: FastifyReply,
    subject: Principal,
    facts: SignInFacts,
    /** Asked once the session is in the store; where it says no, the session ends and nobody gets its token. */
    stands: () => Promise<boolean>,
  ) => Promise<SessionRecord | undefined>;
  /** Notes a fresh proof of the person in the request's session, under a new token. @throws when it has ended */
  readonly prove: (
    request: FastifyRequest,
    reply: FastifyReply,
    facts: Pick<SignInFacts, "aal" | "methods">,
  ) => Promise<SessionRecord>;
  /** The request's session works in another tenant from now on, under a new token. @throws when it has ended */
  readonly enterTenant: (
    request: FastifyRequest,
    reply: FastifyReply,
    tenantId: string | null,
  ) => Promise<void>;
  /** Ends the request's session on the server and takes the cookie away; the record it ended. */
  signOut(request: FastifyRequest, reply: FastifyReply): Promise<SessionRecord | undefined>;
  recordOf(request: FastifyRequest): SessionRecord | undefined;
}

export interface SessionWiring {
  readonly service: SessionService;
  readonly clearSiteData: string | undefined;
  /** Thrown when somebody is asked for and nobody is signed in. */
  readonly signInRequired: () => Error;
  /** The user has too many sessions, and the oldest ended. */
  readonly onTooMany: (request: FastifyRequest, ended: SessionRecord) => void;
  /** A public route goes on as nobody because the store is away. */
  readonly onDegraded: (request: FastifyRequest, error: unknown) => void;
}

export function enforceSession(
  app: FastifyInstance,
  policy: DeepReadonly<SessionPolicy>,
  wiring: SessionWiring,
): RequestSessions {
  const { service } = wiring;
  const name = cookieName(policy.cookie);

  const remember = (request: FastifyRequest, record: SessionRecord): void => {
    request[found] = record;
    request.session = factsOf(record);
  };
  const sendCookie = (reply: FastifyReply, record: SessionRecord, token: string): void => {
    const maxAge = Math.max(0, Math.floor((record.absoluteExpiresAt - record.rotatedAt) / 1000));
    reply.header("set-cookie", setCookie(policy.cookie, token, record.rememberMe ? maxAge : undefined));
  };

  app.decorateRequest("session", null);
  app.decorateRequest("unfinishedSignIn", null);
  app.decorateRequest(found, undefined);
  app.decorateRequest(unfinished, undefined);

  const arrive = (request: FastifyRequest, reply: FastifyReply, { record, newToken }: Resolved): void => {
    const { stages = [] } = routeConfig(request);
    if (record.stage !== "complete" && !stages.includes(record.stage)) {
      request[unfinished] = record;
      request.unfinishedSignIn = { ...factsOf(record), userId: record.subject.userId }; // half a proof opens nothing
      return;
    }
    remember(request, record);
    if (newToken !== undefined) sendCookie(reply, record, newToken);
  };
  const lookUp = async (
    request: FastifyRequest,
    reply: FastifyReply,
    token: string,
    use: "active" | "passive",
  ): Promise<void> => {
    try {
      const resolved = await service.resolve(token, use);
      if (resolved !== undefined) arrive(request, reply, resolved);
    } catch (error) {
      // Fails closed where the session guards; a page that anyone may read needs no session to be read.
      const { access } = routeConfig(request);
      const readOnly = request.method === "GET" || request.method === "HEAD";
      const merelyAdds =
        use === "active" && readOnly && (access === "public" || access?.startsWith("group:") === true);
      if (!merelyAdds || !isUnavailable(error)) throw error;
      wiring.onDegraded(request, error);
    }
  };

  addGuard(app, (request, reply) => {
    const { session: use = "active", credentials } = routeConfig(request);
    const isAsked = use !== "none" && request.bearer === null && credentials?.includes("session") !== false;
    const token = isAsked && !request.is404 ? tokenFromCookie(name, request.headers.cookie) : undefined;
    if (token === undefined || use === "none") return undefined;
    const known = service.peek(token, use);
    if (known === undefined) return lookUp(request, reply, token, use);
    arrive(request, reply, known);
    return undefined;
  });

  const end = async (
    request: FastifyRequest,
    reason: "replaced" | "signed_out",
  ): Promise<SessionRecord | undefined> => {
    const record = request[found];
    request[found] = undefined;
    request.session = null;
    if (record === undefined) return undefined;
    await service.store.revoke(record.subject.userId, record.id, reason);
    return record;
  };

  return {
    recordOf: (request) => request[found],
    async signIn(request, reply, subject, facts, stands) {
      const begun = request[unfinished];
      if (begun !== undefined) await service.store.revoke(begun.subject.userId, begun.id, "replaced");
      await end(request, "replaced");
      const origin = { ip: request.ip, userAgent: request.headers["user-agent"] ?? "" };
      const { record, token, ended } = await service.start(subject, origin, facts);
      for (const one of ended) wiring.onTooMany(request, one);
      if (!(await stands())) {
        await service.store.revoke(subject.userId, record.id, "replaced");
        return undefined;
      }
      remember(request, record);
      sendCookie(reply, record, token);
      return record;
    },
    async prove(request, reply, facts) {
      const record = request[found];
      const proven = record === undefined ? undefined : await service.prove(record, facts);
      if (proven === undefined) throw wiring.signInRequired();
      remember(request, proven.record);
      sendCookie(reply, proven.record, proven.token);
      return proven.record;
    },
    async enterTenant(request, reply, tenantId) {
      const record = request[found];
      const entered = record === undefined ? undefined : await service.enterTenant(record, tenantId);
      if (entered === undefined) throw wiring.signInRequired();
      remember(request, entered.record);
      sendCookie(reply, entered.record, entered.token);
    },
    async signOut(request, reply) {
      const record = await end(request, "signed_out");
      reply.header("set-cookie", clearCookie(policy.cookie));
      if (wiring.clearSiteData !== undefined) reply.header("clear-site-data", wiring.clearSiteData);
      return record;
    },
  };
}

const factsOf = (record: SessionRecord): SessionFacts => ({
  id: record.id,
  rememberMe: record.rememberMe,
  createdAt: record.createdAt,
  idleExpiresAt: record.idleExpiresAt,
  absoluteExpiresAt: record.absoluteExpiresAt,
  stage: record.stage,
  aal: record.aal,
  methods: record.methods,
  provenAt: record.provenAt,
});
