/** LIST 2, continued: how often somebody may ask, and what comes of asking badly. */
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Audit } from "./audit/auditor.ts";
import type { AuditEventName } from "./audit/events.ts";
import { keyRingSealer, SealError } from "./crypto/sealer.ts";
import { deriveKey } from "./lib/bytes.ts";
import type { Clock } from "./lib/clock.ts";
import { systemRandom } from "./lib/random.ts";
import { secretKeys, type SecretWiring } from "./lib/secret-keys.ts";
import { subjectKeys } from "./lib/subjects.ts";
import { told } from "./lib/told.ts";
import type { AegisStores } from "./memory-stores.ts";
import type { Policy } from "./policy.ts";
import { rateLimits } from "./rate-limit/enforce.ts";
import { reputation } from "./reputation/enforce.ts";
import { listBans, reputationRoutes } from "./reputation/routes.ts";
import type { Cause } from "./reputation/score.ts";
import { reputationService } from "./reputation/service.ts";
import { probeCheck } from "./secret/probe-key.ts";

export interface LimitsWiring extends AegisStores, SecretWiring {
  readonly policy: Policy;
  readonly probeKey?: string;
}

export interface LimitsParts {
  readonly wiring: LimitsWiring;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly userIdOf: (request: FastifyRequest) => string | undefined;
  /** The browser says that a page elsewhere made it ask, and what it asks for would be refused if it changed anything. */
  readonly isForged: (request: FastifyRequest) => boolean;
  /** Every refusal, also one that is not worth an event. */
  readonly onExceeded: (request: FastifyRequest, limit: string) => void;
}

/** One address has one name wherever it is counted. */
export const addressKeys = (wiring: SecretWiring & Pick<LimitsWiring, "policy">) =>
  subjectKeys(deriveKey(secretKeys(wiring).eldest(), "rate-limit"), wiring.policy.rateLimit.ipv6PrefixLength);

/** What is held against whoever caused it; the code tells the kinds of one event apart. */
const CAUSES: readonly (readonly [event: AuditEventName, cause: Cause, code?: string])[] = [
  ["session.sign_in_failed", "sign_in_failed"],
  ["throttle.delayed", "sign_in_failed"],
  ["mfa.code_refused", "sign_in_failed"],
  // Not what came from another site: whose address that is, is whom it was forged for.
  ["csrf.refused", "forged", "AEGIS_CSRF_TOKEN_MISSING"],
  ["csrf.refused", "forged", "AEGIS_CSRF_TOKEN_INVALID"],
  ["input.refused", "malformed", "AEGIS_INPUT_MALFORMED"],
  ["transport.refused", "malformed", "AEGIS_TRANSPORT_MALFORMED"],
];
/** A ban that is refused at every request is told once so often. */
const TOLD_AGAIN_MS = 600_000;

export function limits(app: FastifyInstance, parts: LimitsParts) {
  const { wiring, audit: write, clock, userIdOf, isForged } = parts;
  const { policy, probeKey } = wiring;
  const isProbe = probeCheck(probeKey);
  if (probeKey !== undefined)
    app.log.warn(
      "a probe key is set: whoever has it is not limited in volume; unset it after the verification",
    );
  const keys = addressKeys(wiring);
  const sealer = keyRingSealer(secretKeys(wiring), "reputation", systemRandom);
  const news = told();

  const service = reputationService(policy.reputation, {
    store: wiring.reputation,
    clock,
    onBan: (_subject, { bans, score, bannedUntil }) =>
      write(undefined, {
        event: "reputation.banned",
        outcome: "failure",
        facts: { bans, score: Math.round(score), until: new Date(bannedUntil).toISOString() },
      }),
    onError: (error) => {
      app.log.error({ err: error }, "the store of reputations is away: nobody is banned meanwhile");
      write(undefined, { event: "reputation.store_away", outcome: "failure" });
    },
  });
  const standings = reputation(policy.reputation, {
    service,
    clock,
    keys,
    isProbe,
    isForged,
    userIdOf,
    seal: (ip, subject) => sealer.seal(ip, subject),
    onRefused: (request, subject) => {
      const now = clock.now();
      if (news.tell(subject, now + TOLD_AGAIN_MS, now) !== undefined)
        write(request, { event: "reputation.refused", outcome: "failure", code: "AEGIS_REPUTATION_BANNED" });
    },
  });
  /** Every event goes by here: what it says of its request's doer is held against them. */
  const audit: Audit = (request, event) => {
    write(request, event);
    const cause = CAUSES.find(
      ([name, , code]) => name === event.event && (code === undefined || code === event.code),
    )?.[1];
    if (request !== undefined && cause !== undefined) standings.report(request, cause);
  };
  const rates = rateLimits(policy.rateLimit, {
    store: wiring.limits,
    keys,
    clock,
    userIdOf,
    isProbe,
    isForged,
    factorOf: (request, who) => standings.factorOf(request, who),
    knownFactor: (request, who) => standings.knownFactor(request, who),
    onExceeded: (request, limit, isNews, untold) => {
      parts.onExceeded(request, limit);
      if (isNews)
        write(request, {
          event: "rate_limit.exceeded",
          outcome: "failure",
          code: "AEGIS_RATE_LIMITED",
          facts: { limit, ...(untold === 0 ? {} : { untold }) },
        });
    },
    onAway: (error) => {
      app.log.error(
        { err: error },
        "the store of rate limits is away: critical routes are closed, others counted here",
      );
      write(undefined, { event: "rate_limit.store_away", outcome: "failure" });
    },
    onBack: () => {
      app.log.warn("the store of rate limits is back");
      write(undefined, { event: "rate_limit.store_away", outcome: "success" });
    },
  });

  const open = (label: string, subject: string): string | undefined => {
    try {
      return sealer.open(label, subject);
    } catch (error) {
      if (error instanceof SealError) return undefined;
      throw error;
    }
  };

  return {
    audit,
    listBans: () => listBans(service, open),
    /** A ban first, because it is the cheapest refusal; then what an address may ask at all. */
    enforceByAddress(): void {
      standings.enforceBans(app);
      rates.enforceByAddress(app);
    },
    /** It is known who asks: a ban that a cookie or key was let by so far ends here for whoever is nobody. */
    enforceKnown: (): void => standings.enforceKnown(app),
    /** And that the request was not forged. */
    enforceByCaller: (): void => rates.enforceByCaller(app),
    enforceByTenant: (tenantIdOf: (request: FastifyRequest) => string | undefined): void =>
      rates.enforceByTenant(app, tenantIdOf),
    routes(): void {
      reputationRoutes(app, {
        service,
        open,
        onLifted: (request, address) =>
          write(request, {
            event: "reputation.lifted",
            outcome: "success",
            user_id: request.principal.userId,
            facts: { address: address ?? "" },
          }),
      });
    },
  };
}
