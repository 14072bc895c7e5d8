/**
 * LIST 2: the order of enforcement. One line per room, each with the reason for its place. A room knows nothing of
 * the others; what they need of each other is handed over here.
 */
import type { FastifyInstance, FastifyRequest } from "fastify";
import { enforceBearer } from "./access/bearer.ts";
import { accessError } from "./access/errors.ts";
import { collectRoutes, enforceAccess } from "./access/enforce.ts";
import { createAccount } from "./account/service.ts";
import { userView } from "./account/views.ts";
import { recorder } from "./audit/application.ts";
import { enforceCsrf, originJudge } from "./csrf/enforce.ts";
import type { FieldError } from "./errors.ts";
import { keyRingSealer } from "./crypto/sealer.ts";
import { enforceAccounts } from "./fastify-accounts.ts";
import { auditing } from "./fastify-audit.ts";
import { answer, enforceErrors } from "./fastify-answers.ts";
import { breachedBy } from "./fastify-breach.ts";
import { endAllSessions } from "./fastify-cut-over.ts";
import { enforceFactors } from "./fastify-factors.ts";
import { limits } from "./fastify-limits.ts";
import { metrics } from "./fastify-metrics.ts";
import { monitoring } from "./fastify-monitor.ts";
import { enforceKeys, keys } from "./fastify-keys.ts";
import { demandMail, people } from "./fastify-people.ts";
import { builtInPaths, factorsOf } from "./fastify-proof.ts";
import { enforceProbeAccounts } from "./fastify-probes.ts";
import { enforceReports } from "./fastify-reports.ts";
import { strictStores } from "./fastify-revocations.ts";
import { sweep } from "./fastify-sweep.ts";
import type { AegisWiring } from "./fastify-wiring.ts";
import { enforceTokens, openTokens } from "./fastify-tokens.ts";
import { enforceTenants, tenants } from "./fastify-tenants.ts";
import { mfaService } from "./mfa/service.ts";
import { stepWord } from "./sign-in/enforce.ts";
import { enforceHeaders } from "./headers/enforce.ts";
import { enforceInput } from "./input/enforce.ts";
import { inputError } from "./input/errors.ts";
import { systemClock } from "./lib/clock.ts";
import { systemRandom } from "./lib/random.ts";
import { purposeKeys, secretKeys } from "./lib/secret-keys.ts";
import { enforceMaintenance } from "./maintenance/enforce.ts";
import { passkeyView } from "./passkey/routes.ts";
import { passwordHasher } from "./hashing/hash.ts";
import { fingerprint } from "./policy.ts";
import { enforceSecrets } from "./secret/enforce.ts";
import { enforceSession } from "./session/enforce.ts";
import { listView, sessionRoutes } from "./session/routes.ts";
import { sessionService } from "./session/service.ts";
import { enforceTransport } from "./transport/enforce.ts";
import { type EnforcedUploads, enforceUploads } from "./fastify-uploads.ts";
import { enforceSanitize } from "./sanitize/enforce.ts";
import { sanitizer } from "./sanitize/sanitizer.ts";
import "./fastify-facts.ts";
import "./request.ts";
import { demandServerOptions, refuseExpectations } from "./fastify-server.ts";

export * from "./fastify-exports.ts";

/**
 * Hardens a Fastify application made with `Fastify(serverOptions(policy))`. Register it before any route.
 * @throws when the server was made without `serverOptions`, or a route declares no access rule.
 */
export async function aegis(app: FastifyInstance, wiring: AegisWiring): Promise<void> {
  const { policy, accounts, publicOrigin, clock = systemClock, random = systemRandom } = wiring;
  demandServerOptions(app, policy);
  const secrets = secretKeys(wiring);
  const userIdOf = (request: FastifyRequest) => principalOf(request)?.userId;
  const figures = metrics(app, wiring, clock); // first: what the others do to a request is part of its time
  const chain = auditing(app, wiring, clock, random); // before any route: it may hold their answers
  const watch = monitoring(app, { wiring, audit: chain.audit, clock, userIdOf, figures }); // counts what the others tell
  const judge = originJudge(policy.csrf, publicOrigin);
  const isForged = (request: FastifyRequest) => policy.csrf.originCheck && judge(request) === "foreign";
  const counted = { audit: watch.audit, onExceeded: watch.exceeded };
  const rates = limits(app, { wiring, ...counted, clock, userIdOf, isForged });
  const { audit } = rates;
  const invalid = (errors: readonly FieldError[]) => inputError("AEGIS_INPUT_INVALID", { errors });

  const routes = collectRoutes(app); // before any route exists: an undeclared one stops the start
  const paths = builtInPaths();
  const hasher = passwordHasher(policy.password, random, {
    secrets: wiring.passwordPeppers ?? [],
    onMissing: (name) =>
      app.log.error(
        { pepper: name },
        "a stored password needs a pepper that was not given (PASSWORD_PEPPER)",
      ),
  });
  const sanitize = sanitizer(policy.sanitize);
  let files: EnforcedUploads | undefined;
  app.decorate("aegis", {
    policy,
    fingerprint: fingerprint(policy),
    routes,
    signInPaths: paths,
    settled: () => who.settled().then(chain.settled),
    metrics: figures.own,
    openTenant: (tenant) => tenancy.open(tenant),
    get uploads() {
      return files?.uploads;
    },
    sanitize,
    record: recorder(audit, userIdOf),
    endAllSessions: () => endAllSessions(accounts, store),
    createAccount: (account) =>
      createAccount({ store: accounts, hash: (password) => hasher.hash(password), clock, random }, account),
  });

  const headers = enforceHeaders(app, policy.headers, random, policy.access.openGroups); // first: every answer has them, refusals too
  enforceErrors(app, audit, figures.refused); // whatever goes wrong from here on has one form
  refuseExpectations(app, policy);
  enforceSecrets(app, secrets); // keys that may have been taken back prove nothing about anybody
  figures.enforce(); // its own token decides, whole: a scraper asks an address of this machine, in clear
  enforceTransport(app, policy.transport, publicOrigin); // before anything is believed that came in clear
  if (wiring.maintenance !== undefined)
    enforceMaintenance(app, policy.maintenance, {
      ...wiring.maintenance,
      product: wiring.product ?? "",
      clock,
      answer,
    }); // addresses are believed now; whatever comes next may ask a store that is being worked on
  rates.enforceByAddress(); // cheap, and before anything is looked up for a stranger
  const tenancy = tenants(app, { policy, secrets, stores: wiring, audit, clock, random });
  tenancy.enforceHeaders(); // what a header says of the caller, before anybody could believe it
  const strict = { ...wiring, ...strictStores(app, wiring, clock, random) };
  figures.watch({ audit: chain.state, revocations: strict.state });
  const tokens = openTokens(app, { wiring: strict, audit, clock, random });
  const { sessions: store } = tokens; // the store, and with every end of sessions that of tokens
  const apiKeys = keys({ policy, stores: wiring, audit, clock, random });
  const bearers = enforceBearer(app, [...tokens.kinds, ...apiKeys.kinds]); // a token or key, where the route takes one; then no cookie is looked at
  const service = sessionService(policy.session, store, clock, random);
  const sessions = enforceSession(app, policy.session, {
    service,
    clearSiteData: headers.clearSiteData,
    signInRequired: () => accessError("AEGIS_ACCESS_SIGN_IN_REQUIRED"),
    onTooMany: (request, { id, subject }) =>
      audit(request, {
        event: "session.ended",
        outcome: "success",
        user_id: subject.userId,
        session_id: id,
        facts: { reason: "too_many", count: 1 },
      }),
    onDegraded: (request, error) => {
      request.log.warn({ err: error }, "session store away: a public page is served as to nobody");
      audit(request, { event: "session.store_away", outcome: "failure" });
    },
  }); // who is asking: csrf and access need it
  const principalOf = (request: FastifyRequest) =>
    bearers.principalOf(request) ?? sessions.recordOf(request)?.subject;
  rates.enforceKnown(); // before csrf, whose refusals are events: whoever is banned floods no log with a made-up cookie
  enforceCsrf(app, policy.csrf, {
    keys: purposeKeys(secrets, "csrf"),
    random,
    judge,
    onRefusal: (request, code) => audit(request, { event: "csrf.refused", outcome: "failure", code }),
  }); // after the session, which the token is bound to; before anything acts
  rates.enforceByCaller(); // it is known who asks, and that the request was not forged
  enforceAccess(app, policy.access, {
    principalOf,
    now: () => clock.now(),
    stepUpAgeSeconds: policy.mfa.stepUpAgeSeconds,
  }); // last before the body is read: a stranger's body is never parsed on a guarded route
  const tenantIdOf = tenancy.enforce(principalOf); // after access: it is known who asks; in which tenant, and as what, is looked up now
  rates.enforceByTenant(tenantIdOf); // a member asks: what all of them together may
  apiKeys.count(app); // after access: what was refused costs a key nothing of its quota
  enforceInput(app, policy.input); // bodies: bounded, one meaning, every field named
  enforceSanitize(app, sanitize); // after the schema: what is no text is never cleaned

  const forgetReports = enforceReports(app, { policy, store: wiring.cspReports, publicOrigin, audit, clock });
  const who = people(app, {
    policy,
    secrets,
    stores: { ...wiring, sessions: store },
    mail: demandMail(wiring),
    publicOrigin,
    product: wiring.product ?? "",
    hasher,
    audit,
    clock,
    random,
  });
  const mfa = mfaService(policy.mfa, {
    ...keyRingSealer(secrets, "mfa", random),
    store: wiring.factors,
    keys: purposeKeys(secrets, "backup-codes"),
    issuer: wiring.product ?? "Aegis",
    clock,
    random,
  });
  const signIns = enforceAccounts(app, {
    people: who,
    sessions,
    mfa,
    paths,
    tenants: tenancy.service,
    breached: breachedBy(wiring, audit),
    invalid,
    collect: async (account) => ({
      sessions: (await store.listByUser(account.id, clock.now())).map((record) => listView(record)),
      passkeys: (await wiring.passkeys.listByAccount(account.id)).map(passkeyView),
      api_keys: await apiKeys.list(account.id),
      events: await who.listEvents(account.id, MOST_EVENTS),
      programs: await tokens.programsOf(account.id),
      ...(files === undefined ? {} : { uploads: await files.personalData(account.id) }),
      ...(await wiring.collectPersonalData?.(account.id)),
    }),
  });
  enforceFactors(app, { people: who, mfa, signIns });
  enforceProbeAccounts(app, who);
  files = enforceUploads(app, wiring, { audit, clock, random, tenantOf: tenancy.tenantOf });
  rates.routes();
  chain.routes();
  watch.routes({ sessions: store, listBans: rates.listBans });
  enforceKeys(app, who, apiKeys);
  enforceTenants(app, tenancy, who, sessions, invalid);
  sweep(app, [
    () => service.removeExpired(),
    () => wiring.throttle.removeStale(clock.now() - policy.throttle.forgetAfterSeconds * 1000, clock.now()),
    ...[wiring.oneTime, wiring.devices].map((kept) => () => kept.removeExpired(clock.now())),
    tokens.removeExpired,
    () => apiKeys.service.removeExpired(),
    forgetReports,
    () => tenancy.service.removeExpired(),
    async () => (await files?.removeLeftovers()) ?? 0,
    () => wiring.events.removeBefore(clock.now() - EVENTS_KEPT_MS),
    () => accounts.removeDue(clock.now(), clock.now() - DAY_MS),
  ]);
  enforceTokens(app, tokens, who);
  sessionRoutes(app, {
    sessions,
    service,
    now: () => clock.now(),
    describeUser: async (request) => userView(await who.accountOf(request)),
    describeUnfinished: async ({ unfinishedSignIn }) => {
      if (unfinishedSignIn === null) return {};
      const step = stepWord(unfinishedSignIn.stage);
      if (unfinishedSignIn.stage !== "second-factor") return { step };
      return { step, methods: await factorsOf(who, mfa, { id: unfinishedSignIn.userId }) };
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

const MOST_EVENTS = 1000;
const [DAY_MS, EVENTS_KEPT_MS] = [86_400_000, 400 * 86_400_000];
