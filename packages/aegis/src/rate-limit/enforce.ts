import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Clock } from "../lib/clock.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import { type Demand, rateCounter } from "./counter.ts";
import { rateLimitError } from "./errors.ts";
import { type Counted, rateLimitFields, retryAfterSeconds } from "./fields.ts";
import { endHook } from "../lib/hook.ts";
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
const READING: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);
/** What a whole verification needs several times over; a key that was found out is no way to flood. */
const PROBES: RateRule = { algorithm: "gcra", limit: 50_000, windowMs: 3_600_000 };

export function rateLimits(policy: DeepReadonly<RateLimitPolicy>, wiring: RateLimitWiring) {
  const { keys, clock } = wiring;
  const rules = rulesOf(policy);
  const news = told();
  const counter = rateCounter({ ...wiring, closed: new Set<string>(policy.closedWhenStoreAway) });
  const counted = new WeakMap<FastifyRequest, readonly Counted[]>();

  const ruleFor = (limit: string, factor: number): RateRule => {
    const rule = rules.get(limit);
    if (rule === undefined) throw new TypeError(`no such limit: ${limit}`); // refused at the start
    return factor === 1 ? rule : scaled(rule, factor);
  };
  const isWithinProbes = async (): Promise<boolean> => {
    const demand = { subject: "probe", limit: "probe", rule: PROBES };
    return (await counter.count([demand], clock.now())).every(({ decision }) => decision.allowed);
  };

  const settle = (
    request: FastifyRequest,
    demands: readonly Demand[],
    found: readonly Counted[],
    now: number,
  ): void => {
    const before = counted.get(request);
    counted.set(request, before === undefined ? found : [...before, ...found]);
    const refused = found.filter(({ decision }) => !decision.allowed);
    const [first] = refused;
    if (first === undefined) return;
    const subject = demands.find(({ limit }) => limit === first.limit)?.subject ?? "";
    const until = now + Math.max(first.rule.windowMs, first.decision.retryAfterMs);
    const untold = news.tell(`${subject} ${first.limit}`, until, now);
    wiring.onExceeded(request, first.limit, untold !== undefined, untold ?? 0);
    throw rateLimitError("AEGIS_RATE_LIMITED", {
      retryAfterSeconds: retryAfterSeconds(refused.map(({ decision }) => decision)),
    });
  };

  /** What a request is asked, and of whom; most are answered out of a block that is here, without any promise. */
  const enforce = (
    app: FastifyInstance,
    who: "address" | "caller",
    subjectsOf: (request: FastifyRequest) => readonly (readonly [limit: string, subject: string])[],
  ): void => {
    const demandsOf = (subjects: ReturnType<typeof subjectsOf>, factor: number): readonly Demand[] =>
      subjects.map(([limit, subject]) => ({ limit, subject, rule: ruleFor(limit, factor) }));
    const ask = async (request: FastifyRequest, subjects: ReturnType<typeof subjectsOf>): Promise<void> => {
      if (wiring.isProbe(request) && (await isWithinProbes())) return;
      const demands = demandsOf(subjects, await wiring.factorOf(request, who));
      const now = clock.now();
      settle(request, demands, await counter.count(demands, now), now);
    };
    app.addHook("onRequest", (request, _reply, done) => {
      const subjects = subjectsOf(request);
      if (subjects.length === 0) return done();
      const factor = wiring.isProbe(request) ? undefined : wiring.knownFactor(request, who);
      const demands = factor === undefined ? undefined : demandsOf(subjects, factor);
      const now = clock.now();
      const found = demands === undefined ? undefined : counter.countNow(demands, now);
      if (demands === undefined || found === undefined) return void endHook(ask(request, subjects), done);
      settle(request, demands, found, now);
      return done();
    });
  };

  return {
    /** Right after transport: cheap, and before anything is looked up for a stranger. */
    enforceByAddress(app: FastifyInstance): void {
      app.addHook("onRoute", (route) => {
        for (const name of [route.config?.limit ?? []].flat())
          if (!rules.has(name) || name === "user")
            throw new Error(
              `Route ${route.url} names the limit "${name}", which the policy does not have. ` +
                `Known: ${[...rules.keys()].filter((one) => one !== "user").join(", ")}. Add "${name}=30/minute" to rateLimit.own.`,
            );
      });
      app.addHook("onSend", (request, reply, _payload, done) => {
        const found = counted.get(request);
        if (found !== undefined) reply.headers(rateLimitFields(found, clock.now(), policy.headers));
        done();
      });
      enforce(app, "address", (request) => {
        const limits = limitsOf(request).filter((name) => !BY_CALLER.has(name));
        if (limits.length === 0) return [];
        const subject = keys.address(request.ip);
        return limits.map((limit) => [limit, subject]);
      });
    },

    /** After the session and its CSRF check: a forged request is not held against whom it was forged for. */
    enforceByCaller(app: FastifyInstance): void {
      enforce(app, "caller", (request) => {
        const limits = limitsOf(request).filter((name) => BY_CALLER.has(name));
        const userId = wiring.userIdOf(request);
        // Looking whether a session still lives is no use of it.
        const counts = userId !== undefined && request.routeOptions.config.session !== "passive";
        if (limits.length === 0 && !counts) return [];
        const caller =
          // A token is one of many that its user can have; only a key is somebody of its own.
          request.bearer?.credential === "api-key"
            ? keys.bearer(request.bearer.id)
            : userId === undefined
              ? keys.address(request.ip)
              : keys.user(userId);
        const named = limits.map((limit) => [limit, caller] as const);
        return counts ? [["user", keys.user(userId)] as const, ...named] : named;
      });
    },
  };
}

/** What a route that names nothing takes from: an address that does not exist is read like any other. */
export function limitsOf(request: FastifyRequest): readonly string[] {
  const named = request.is404 ? undefined : request.routeOptions.config.limit;
  return [named ?? (request.is404 || READING.has(request.method) ? "read" : "global")].flat();
}

function rulesOf({ limits, own, algorithm }: DeepReadonly<RateLimitPolicy>): ReadonlyMap<string, RateRule> {
  const rules = new Map(Object.entries(limits).map(([name, rate]) => [name, ruleOf(rate, algorithm)]));
  for (const entry of own) {
    const [name = "", rate = ""] = entry.split("=");
    if (rules.has(name))
      throw new Error(`rateLimit.own names "${name}", which rateLimit.limits has already.`);
    rules.set(name, ruleOf(rate, algorithm));
  }
  return rules;
}
