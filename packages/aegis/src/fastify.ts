/**
 * LIST 2: the order of enforcement. One line per room, each with the reason for its place. A room knows nothing of
 * the others; what they need of each other is handed over here.
 */
import type { FastifyInstance } from "fastify";
import { accessError } from "./access/errors.ts";
import { collectRoutes, enforceAccess, type RouteRow } from "./access/enforce.ts";
import { accountRoutes, userView } from "./account/routes.ts";
import { accountService } from "./account/service.ts";
import type { AccountStore } from "./account/store.ts";
import { auditor } from "./audit/auditor.ts";
import type { AuditSink } from "./audit/events.ts";
import { logSink } from "./audit/log-sink.ts";
import { enforceCsrf } from "./csrf/enforce.ts";
import { enforceErrors } from "./fastify-answers.ts";
import { enforceCspReports } from "./headers/csp-report.ts";
import { enforceHeaders } from "./headers/enforce.ts";
import { enforceInput } from "./input/enforce.ts";
import { inputError } from "./input/errors.ts";
import { deriveKey } from "./lib/bytes.ts";
import { type Clock, systemClock } from "./lib/clock.ts";
import { type Random, systemRandom } from "./lib/random.ts";
import { passwordHasher } from "./password/hash.ts";
import { passwordProblems } from "./password/rules.ts";
import { fingerprint, type Policy } from "./policy.ts";
import { enforceSession } from "./session/enforce.ts";
import { sessionRoutes, sessionView } from "./session/routes.ts";
import { sessionService } from "./session/service.ts";
import type { SessionStore } from "./session/store.ts";
import { enforceTransport } from "./transport/enforce.ts";
import "./request.ts";

export { errorTable, type ErrorCode } from "./fastify-errors.ts";
export { serverOptions } from "./fastify-server.ts";
export { memoryStores } from "./memory-stores.ts";
export type { RouteRow } from "./access/enforce.ts";
export type { Account, AccountStore } from "./account/store.ts";
export type { AuditEvent, AuditEventName, AuditSink } from "./audit/events.ts";
export type { SessionStore } from "./session/store.ts";
export type { SessionRecord } from "./session/record.ts";
export type { AccessRule, CsrfRule, Principal, SessionFacts } from "./request.ts";

export interface AegisWiring {
  readonly policy: Policy;
  /** 32 random bytes or more; see `loadSecretKey`. */
  readonly secretKey: Uint8Array;
  readonly sessions: SessionStore;
  readonly accounts: AccountStore;
  /** Where people reach the application, e.g. "https://hub.example". Needed behind a proxy that hides it. */
  readonly publicOrigin?: string;
  /** The product's name: a password may not consist of it. */
  readonly product?: string;
  /** Default: structured lines in Fastify's log. */
  readonly audit?: AuditSink;
  readonly clock?: Clock;
  readonly random?: Random;
}

export interface AegisFacts {
  readonly policy: Policy;
  readonly fingerprint: string;
  /** The live route table. */
  readonly routes: readonly RouteRow[];
}

declare module "fastify" {
  interface FastifyInstance {
    readonly aegis: AegisFacts;
  }
}

/**
 * Hardens a Fastify application made with `Fastify(serverOptions(policy))`. Register it before any route.
 * @throws when the server was made without `serverOptions`, or a route declares no access rule.
 */
export async function aegis(app: FastifyInstance, wiring: AegisWiring): Promise<void> {
  const {
    policy,
    sessions: store,
    accounts,
    publicOrigin,
    clock = systemClock,
    random = systemRandom,
  } = wiring;
  demandServerOptions(app, policy);
  const audit = auditor(wiring.audit ?? logSink(app.log), clock);
  const signInRequired = () => accessError("AEGIS_ACCESS_SIGN_IN_REQUIRED");

  const routes = collectRoutes(app); // before any route exists: an undeclared one stops the start
  app.decorate("aegis", { policy, fingerprint: fingerprint(policy), routes });

  const headers = enforceHeaders(app, policy.headers, random); // first: every answer has them, refusals too
  enforceErrors(app, audit); // whatever goes wrong from here on has one form
  enforceTransport(app, policy.transport, publicOrigin); // before anything is believed that came in clear
  const service = sessionService(policy.session, store, clock, random);
  const sessions = enforceSession(app, policy.session, {
    service,
    clearSiteData: headers.clearSiteData,
    signInRequired,
    onDegraded: (request, error) => {
      request.log.warn({ err: error }, "session store away: a public page is served as to nobody");
      audit(request, { event: "session.store_away", outcome: "failure" });
    },
  }); // who is asking: csrf and access need it
  enforceCsrf(app, policy.csrf, {
    key: deriveKey(wiring.secretKey, "csrf"),
    random,
    publicOrigin,
    onRefusal: (request, code) => audit(request, { event: "csrf.refused", outcome: "failure", code }),
  }); // after the session, which the token is bound to; before anything acts
  enforceAccess(app, policy.access); // last before the body is read: a stranger's body is never parsed on a guarded route
  enforceInput(app, policy.input); // bodies: bounded, one meaning, every field named

  enforceCspReports(app, clock, (violation, ip) =>
    audit(undefined, { event: "csp.violation", outcome: "failure", ip, facts: { ...violation } }),
  );
  const hasher = passwordHasher(policy.password, random);
  const product = wiring.product === undefined ? {} : { product: wiring.product };
  const accountsService = accountService(
    policy.account,
    accounts,
    {
      hash: (password) => hasher.hash(password),
      verify: (password, hash) => hasher.verify(password, hash),
      verifyNothing: (password) => hasher.verifyNothing(password),
      problems: (password, { username, email }) =>
        passwordProblems(policy.password, password, {
          username,
          ...(email === null ? {} : { email }),
          ...product,
        }),
    },
    clock,
    random,
  );
  accountRoutes(app, policy.account, {
    service: accountsService,
    store: accounts,
    signIn: sessions.signIn,
    sessionView,
    invalid: (errors) => inputError("AEGIS_INPUT_INVALID", { errors }),
    signInRequired,
    onEvent: (request, event) =>
      audit(request, {
        event: event.name,
        outcome: "because" in event ? "failure" : "success",
        ...("account" in event ? { user_id: event.account.id, username: event.account.username } : {}),
        ...("username" in event ? { username: event.username.slice(0, 254) } : {}),
        ...("sessionId" in event ? { session_id: event.sessionId } : {}),
        ...("because" in event ? { facts: { because: event.because } } : {}),
      }),
  });
  sessionRoutes(app, {
    sessions,
    service,
    now: () => clock.now(),
    describeUser: async (request) => {
      const account = await accounts.findById(request.principal.userId);
      if (account === undefined) throw signInRequired();
      return userView(account);
    },
    onEnded: (request, { userId, sessionId, reason, count }) =>
      audit(request, {
        event: "session.ended",
        outcome: "success",
        user_id: userId,
        session_id: sessionId,
        facts: { reason, count },
      }),
  });
}

// Hooks and decorators are for the whole application, not for a scope of this plugin's own.
Object.assign(aegis, { [Symbol.for("skip-override")]: true, [Symbol.for("fastify.display-name")]: "aegis" });

/** Without them the limits of the policy would be words: a server with other limits must not start. */
function demandServerOptions(app: FastifyInstance, policy: Policy): void {
  const { bodyLimit, keepAliveTimeout } = app.initialConfig;
  const { input, transport } = policy;
  if (bodyLimit === input.bodyLimitBytes && keepAliveTimeout === transport.keepAliveTimeoutSeconds * 1000)
    return;
  throw new Error(
    "Make the server with the policy's options: Fastify({ ...serverOptions(policy), /* yours */ }).",
  );
}
