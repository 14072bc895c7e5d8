import type { FastifyInstance, FastifyRequest } from "fastify";
import type { AegisError } from "../errors.ts";
import type { Clock } from "../lib/clock.ts";
import { bringsCredential } from "../lib/credential.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import { addFinish, addGuard } from "../lib/guard.ts";
import { networksOf } from "../lib/networks.ts";
import { arrivedAt } from "../lib/route.ts";
import type { SubjectKeys } from "../lib/subjects.ts";
import { reputationError } from "./errors.ts";
import type { ReputationPolicy } from "./policy.ts";
import type { Cause } from "./score.ts";
import type { Reputation, Verdict } from "./service.ts";

const verdictOf = Symbol("verdict on the address");

declare module "fastify" {
  interface FastifyRequest {
    [verdictOf]: Verdict | undefined;
  }
}

export interface ReputationEnforcement {
  readonly service: Reputation;
  readonly clock: Clock;
  readonly keys: SubjectKeys;
  /** What is kept of an address for the administrator, unreadable to whoever reads the store. */
  readonly seal: (ip: string, subject: string) => string;
  readonly userIdOf: (request: FastifyRequest) => string | undefined;
  readonly isProbe: (request: FastifyRequest) => boolean;
  /** The browser says that a page elsewhere made it ask: no doing of whose address it is. */
  readonly isForged: (request: FastifyRequest) => boolean;
  readonly onRefused: (request: FastifyRequest, subject: string) => void;
}

/** Addresses of which it is known whether a ban may touch them; forgotten all at once. */
const MOST_REMEMBERED = 10_000;
const SUSPICIOUS_FACTOR = 0.5;
const TRUSTED_FACTOR = 2;

export function reputation(policy: DeepReadonly<ReputationPolicy>, wiring: ReputationEnforcement) {
  const { service, keys, clock } = wiring;
  const never = networksOf("reputation.neverBanned", policy.neverBanned);

  const exempt = new Map<string, boolean>();
  const isNeverBanned = (ip: string): boolean => {
    const known = exempt.get(ip);
    if (known !== undefined) return known;
    const found = never(ip);
    if (exempt.size >= MOST_REMEMBERED) exempt.clear();
    exempt.set(ip, found);
    return found;
  };
  const isExempt = (request: FastifyRequest): boolean => isNeverBanned(request.ip) || wiring.isProbe(request);
  const refusal = (request: FastifyRequest, { bannedForMs }: Verdict): AegisError => {
    wiring.onRefused(request, keys.address(request.ip));
    return reputationError("AEGIS_REPUTATION_BANNED", {
      retryAfterSeconds: Math.max(1, Math.ceil(bannedForMs / 1000)),
    });
  };
  const report = (request: FastifyRequest, cause: Cause): void => {
    // A page elsewhere makes the browsers of its visitors ask for what it likes: it could have any office banned.
    if (isExempt(request) || wiring.isForged(request)) return;
    const subject = keys.address(request.ip);
    const userId = wiring.userIdOf(request);
    // Beyond a limit or quota of one's own: neighbours behind the same address have asked for nothing.
    if (cause !== "limited" || userId === undefined)
      service.report(subject, () => wiring.seal(request.ip, subject), "address", cause);
    // What was forged is no doing of whom it was forged for.
    if (userId !== undefined && cause !== "forged")
      service.report(keys.user(userId), () => "", "person", cause);
  };

  const ofAddress = (request: FastifyRequest): number =>
    request[verdictOf]?.isSuspicious === true ? SUSPICIOUS_FACTOR : 1;
  const ofPerson = (request: FastifyRequest, { isSuspicious, isClean }: Verdict): number => {
    if (isSuspicious) return SUSPICIOUS_FACTOR;
    // Two factors shown, and nothing held against them.
    return isClean && request.session?.aal === 2 ? TRUSTED_FACTOR : 1;
  };

  return {
    report,

    /** First thing after transport. Whoever brings a cookie or key may be somebody: that is seen a little later. */
    enforceBans(app: FastifyInstance): void {
      app.decorateRequest(verdictOf, undefined);
      const judge = (request: FastifyRequest, verdict: Verdict): AegisError | undefined => {
        request[verdictOf] = verdict;
        const isRefused = verdict.bannedForMs > 0 && !bringsCredential(request.headers);
        return isRefused ? refusal(request, verdict) : undefined;
      };
      addGuard(app, (request) => {
        if (isExempt(request)) return undefined;
        const subject = keys.address(request.ip);
        const known = service.knownVerdict(subject, "address", arrivedAt(request, clock));
        const ask = async () => judge(request, await service.verdict(subject, "address"));
        return known === undefined ? ask() : judge(request, known);
      });
      addFinish(app, (request, reply) => {
        if (reply.statusCode === 404) report(request, "not_found");
        if (reply.statusCode === 429 && (request[verdictOf]?.bannedForMs ?? 0) === 0)
          report(request, "limited");
      });
    },

    /** Once the session or token is looked up: a cookie that is nobody's opens nothing. */
    enforceKnown(app: FastifyInstance): void {
      addGuard(app, (request) => {
        const verdict = request[verdictOf];
        const isRefused = verdict !== undefined && verdict.bannedForMs > 0;
        return isRefused && wiring.userIdOf(request) === undefined ? refusal(request, verdict) : undefined;
      });
    },

    /** How much of a declared limit somebody gets. */
    async factorOf(request: FastifyRequest, who: "address" | "caller"): Promise<number> {
      const userId = who === "caller" ? wiring.userIdOf(request) : undefined;
      if (userId === undefined) return ofAddress(request);
      return ofPerson(request, await service.verdict(keys.user(userId), "person"));
    },
    /** The same where it is remembered; undefined says nothing but "ask". */
    knownFactor(request: FastifyRequest, who: "address" | "caller"): number | undefined {
      const userId = who === "caller" ? wiring.userIdOf(request) : undefined;
      if (userId === undefined) return ofAddress(request);
      const known = service.knownVerdict(keys.user(userId), "person", arrivedAt(request, clock));
      return known === undefined ? undefined : ofPerson(request, known);
    },
  };
}
