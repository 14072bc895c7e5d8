import type { FastifyInstance, FastifyRequest } from "fastify";
import type { AegisError } from "../errors.ts";
import type { Clock } from "../lib/clock.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import { type Demand, rateCounter } from "./counter.ts";
import { rateLimitError } from "./errors.ts";
import { type Counted, rateLimitLines, retryAfterSeconds } from "./fields.ts";
import { bringsCredential } from "../lib/credential.ts";
import { addFinish, addGuard } from "../lib/guard.ts";
import { addLines } from "../lib/lines.ts";
import { arrivedAt, routeConfig } from "../lib/route.ts";
import type { SubjectKeys } from "../lib/subjects.ts";
import { type RateLimitPolicy } from "./policy.ts";
import { type RateRule, ruleOf, scaled } from "./rate.ts";
import type { RateLimitStore } from "./store.ts";
import { told } from "../lib/told.ts";

export interface RateLimitWiring {
  readonly store: RateLimitStore;
  readonly keys: SubjectKeys;
  readonly clock: Clock;
  /** Whoever the session, token or key of a request belongs to. */
  readonly userIdOf: (request: FastifyRequest) => string | undefined;
  /** A verifier's request that carries the operator's key: its volume is not limited as a stranger's is. */
  readonly isProbe: (request: FastifyRequest) => boolean;
  /** The browser says that a page elsewhere made it ask. */
  readonly isForged: (request: FastifyRequest) => boolean;
  /** How much more or less than the declared number somebody gets. */
  readonly factorOf: (request: FastifyRequest, who: "address" | "caller") => Promise<number>;
  /** The same where it is remembered; undefined says nothing but "ask". */
  readonly knownFactor: (request: FastifyRequest, who: "address" | "caller") => number | undefined;
  readonly onExceeded: (request: FastifyRequest, limit: string, isNews: boolean, untold: number) => void;
  readonly onAway: (error: unknown) => void;
  readonly onBack: () => void;
}

/** Counted after it is known who asks; everything else before anything is looked up. */
const BY_CALLER: ReadonlySet<string> = new Set(["upload", "apiKeyCreate", "global"]);
/** Everybody is in one, whatever a route declares. */
const COUNTED_ALWAYS: ReadonlySet<string> = new Set(["user", "tenant"]);
const READING: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);
/** What a whole verification needs several times over; a key that was found out is no way to flood. */
const PROBES: RateRule = { algorithm: "gcra", limit: 50_000, windowMs: 3_600_000 };

const kept = Symbol("what was counted");

declare module "fastify" {
  interface FastifyRequest {
    [kept]: readonly Counted[] | undefined;
  }
}

type Who = "address" | "caller";

export function rateLimits(policy: DeepReadonly<RateLimitPolicy>, wiring: RateLimitWiring) {
  const { keys, clock } = wiring;
  const ruleFor = rulesOf(policy);
  const news = told();
  const counter = rateCounter({ ...wiring, closed: new Set<string>(policy.closedWhenStoreAway) });

  const isWithinProbes = async (): Promise<boolean> => {
    const demand = { subject: "probe", limit: "probe", rule: PROBES };
    return (await counter.count([demand], clock.now())).every(({ decision }) => decision.allowed);
  };
  const refuse = (
    request: FastifyRequest,
    demands: readonly Demand[],
    found: readonly Counted[],
    now: number,
  ): AegisError => {
    const refused = found.filter(({ decision }) => !decision.allowed);
    for (const first of refused.slice(0, 1)) {
      const subject = demands.find(({ limit }) => limit === first.limit)?.subject ?? "";
      const until = now + Math.max(first.rule.windowMs, first.decision.retryAfterMs);
      const untold = news.tell(`${subject} ${first.limit}`, until, now);
      wiring.onExceeded(request, first.limit, untold !== undefined, untold ?? 0);
    }
    return rateLimitError("AEGIS_RATE_LIMITED", {
      retryAfterSeconds: retryAfterSeconds(refused.map(({ decision }) => decision)),
    });
  };
  /** The refusal, if there is one: handed on and not thrown, for a flood must not make the server unwind its stack. */
  const settle = (
    request: FastifyRequest,
    demands: readonly Demand[],
    found: readonly Counted[],
    now: number,
  ): AegisError | undefined => {
    const before = request[kept];
    request[kept] = before === undefined ? found : [...before, ...found];
    for (const { decision } of found) if (!decision.allowed) return refuse(request, demands, found, now);
    return undefined;
  };

  /** What a request is asked, and of whom; most are answered out of a block that is here, without any promise. */
  const enforce = (
    app: FastifyInstance,
    who: Who,
    demandsOf: (request: FastifyRequest, factor: number) => readonly Demand[],
  ): void => {
    const ask = async (request: FastifyRequest): Promise<AegisError | undefined> => {
      if (wiring.isProbe(request) && (await isWithinProbes())) return undefined;
      const demands = demandsOf(request, await wiring.factorOf(request, who));
      const now = clock.now();
      return settle(request, demands, await counter.count(demands, now), now);
    };
    addGuard(app, (request) => {
      const factor = wiring.isProbe(request) ? undefined : wiring.knownFactor(request, who);
      if (factor === undefined) return ask(request);
      const demands = demandsOf(request, factor);
      if (demands.length === 0) return undefined;
      const now = arrivedAt(request, clock);
      const found = counter.countNow(demands, now);
      return found === undefined ? ask(request) : settle(request, demands, found, now);
    });
  };

  return {
    /** Right after transport: cheap, and before anything is looked up for a stranger. */
    enforceByAddress(app: FastifyInstance): void {
      app.decorateRequest(kept, undefined);
      app.addHook("onRoute", (route) => {
        for (const name of [route.config?.limit ?? []].flat())
          if (!ruleFor.names.includes(name) || COUNTED_ALWAYS.has(name))
            throw new Error(
              `Route ${route.url} names the limit "${name}", which the policy does not have. ` +
                `Known: ${ruleFor.names.filter((one) => !COUNTED_ALWAYS.has(one)).join(", ")}. Add "${name}=30/minute" to rateLimit.own.`,
            );
      });
      addFinish(app, (request, reply) => {
        const lines = rateLimitLines(request[kept] ?? [], arrivedAt(request, clock), policy.headers);
        if (lines !== undefined) addLines(reply, lines);
      });
      enforce(app, "address", (request, factor) => {
        const named = limitsFor(request).address;
        if (named.length === 0 && isBare(request)) return NONE;
        const address = keys.address(request.ip);
        // A page elsewhere makes its visitors' browsers ask for what it likes: it must not use up what they have here.
        const subject = wiring.isForged(request) ? `${address}-elsewhere` : address;
        const demands: Demand[] = [];
        for (const limit of named.length === 0 ? READ.all : named)
          demands.push({ limit, subject, rule: ruleFor(limit, factor) });
        return demands;
      });
    },

    /** After the session and its CSRF check: a forged request is not held against whom it was forged for. */
    enforceByCaller(app: FastifyInstance): void {
      enforce(app, "caller", (request, factor) => {
        const limits = limitsFor(request).caller;
        const userId = wiring.userIdOf(request);
        // Looking whether a session still lives is no use of it.
        const counts = userId !== undefined && routeConfig(request).session !== "passive";
        if (limits.length === 0 && !counts) return NONE;
        const demands: Demand[] = [];
        const caller =
          // A token is one of many that its user can have; only a key is somebody of its own.
          request.bearer?.credential === "api-key"
            ? keys.bearer(request.bearer.id)
            : userId === undefined
              ? keys.address(request.ip)
              : keys.user(userId);
        for (const limit of limits) demands.push({ limit, subject: caller, rule: ruleFor(limit, factor) });
        // Last: what one key is refused must not use up what the person has of everything.
        if (counts)
          demands.push({ limit: "user", subject: keys.user(userId), rule: ruleFor("user", factor) });
        return demands;
      });
    },

    /**
     * After the membership was looked up: whoever was put out of a tenant uses up nothing of what it has. Nobody's
     * standing makes it more or less, for it is not theirs.
     */
    enforceByTenant(app: FastifyInstance, tenantIdOf: (request: FastifyRequest) => string | undefined): void {
      enforce(app, "caller", (request) => {
        const tenantId = tenantIdOf(request);
        if (tenantId === undefined) return NONE;
        return [{ limit: "tenant", subject: keys.tenant(tenantId), rule: ruleFor("tenant", 1) }];
      });
    },
  };
}

const NONE: readonly Demand[] = [];

interface Split {
  readonly all: readonly string[];
  /** What its address takes from, before anything is looked up, and what whoever asks does. */
  readonly address: readonly string[];
  readonly caller: readonly string[];
}
const splitOf = (all: readonly string[]): Split => ({
  all,
  address: all.filter((name) => !BY_CALLER.has(name)),
  caller: all.filter((name) => BY_CALLER.has(name)),
});
const [READ, GLOBAL] = [splitOf(["read"]), splitOf(["global"])];
/** By what a route declares: as many as there are declarations. */
const splits = new Map<string | readonly string[], Split>();

/**
 * Neither a cookie or key that is to be looked up, nor sent by a page that may be another's: its caller is its address,
 * and finding that out costs nothing. Anything else costs a look-up or an event, and none of them without end.
 */
const isBare = ({ headers }: FastifyRequest): boolean =>
  !bringsCredential(headers) && headers.origin === undefined && headers["sec-fetch-site"] === undefined;

/** What a route that names nothing takes from: an address that does not exist is read like any other. */
function limitsFor(request: FastifyRequest): Split {
  const named = request.is404 ? undefined : routeConfig(request).limit;
  if (named === undefined) return request.is404 || READING.has(request.method) ? READ : GLOBAL;
  const known = splits.get(named);
  if (known !== undefined) return known;
  const split = splitOf([named].flat());
  splits.set(named, split);
  return split;
}

export const limitsOf = (request: FastifyRequest): readonly string[] => limitsFor(request).all;

/** The rule of a limit for somebody who gets so much of it; made once, so that it can be told by identity. */
function rulesOf({ limits, own, algorithm }: DeepReadonly<RateLimitPolicy>) {
  const rules = new Map(Object.entries(limits).map(([name, rate]) => [name, ruleOf(rate, algorithm)]));
  for (const entry of own) {
    const [name = "", rate = ""] = entry.split("=");
    if (rules.has(name))
      throw new Error(`rateLimit.own names "${name}", which rateLimit.limits has already.`);
    rules.set(name, ruleOf(rate, algorithm));
  }
  const byFactor = new Map<number, Map<string, RateRule>>();
  const ruleFor = (limit: string, factor: number): RateRule => {
    const known = byFactor.get(factor)?.get(limit);
    if (known !== undefined) return known;
    const rule = rules.get(limit);
    if (rule === undefined) throw new TypeError(`no such limit: ${limit}`); // refused at the start
    const made = scaled(rule, factor);
    byFactor.set(factor, (byFactor.get(factor) ?? new Map()).set(limit, made));
    return made;
  };
  return Object.assign(ruleFor, { names: [...rules.keys()] });
}
