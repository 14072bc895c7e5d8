import { BlockList, isIPv4, isIPv6 } from "node:net";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { DeepReadonly } from "../lib/freeze.ts";
import type { SubjectKeys } from "../lib/subjects.ts";
import { reputationError } from "./errors.ts";
import type { ReputationPolicy } from "./policy.ts";
import type { Cause } from "./score.ts";
import type { Reputation, Verdict } from "./service.ts";

export interface ReputationEnforcement {
  readonly service: Reputation;
  readonly keys: SubjectKeys;
  /** What is kept of an address for the administrator, unreadable to whoever reads the store. */
  readonly seal: (ip: string, subject: string) => string;
  readonly userIdOf: (request: FastifyRequest) => string | undefined;
  readonly isProbe: (request: FastifyRequest) => boolean;
  readonly onRefused: (request: FastifyRequest, subject: string) => void;
}

const SUSPICIOUS_FACTOR = 0.5;
const TRUSTED_FACTOR = 2;

export function reputation(policy: DeepReadonly<ReputationPolicy>, wiring: ReputationEnforcement) {
  const { service, keys } = wiring;
  const never = blockListOf(policy.neverBanned);
  const verdicts = new WeakMap<FastifyRequest, Verdict>();

  const isExempt = (request: FastifyRequest): boolean =>
    (isIPv4(request.ip) && never.check(request.ip)) ||
    (isIPv6(request.ip) && never.check(request.ip, "ipv6")) ||
    wiring.isProbe(request);
  const refuse = (request: FastifyRequest, { bannedForMs }: Verdict): never => {
    wiring.onRefused(request, keys.address(request.ip));
    throw reputationError("AEGIS_REPUTATION_BANNED", {
      retryAfterSeconds: Math.max(1, Math.ceil(bannedForMs / 1000)),
    });
  };
  const report = (request: FastifyRequest, cause: Cause): void => {
    if (isExempt(request)) return;
    const subject = keys.address(request.ip);
    service.report(subject, () => wiring.seal(request.ip, subject), "address", cause);
    const userId = wiring.userIdOf(request);
    // What was forged is no doing of whom it was forged for.
    if (userId !== undefined && cause !== "forged")
      service.report(keys.user(userId), () => "", "person", cause);
  };

  return {
    report,

    /** First thing after transport. Whoever brings a cookie or key may be somebody: that is seen a little later. */
    enforceBans(app: FastifyInstance): void {
      app.addHook("onRequest", async (request) => {
        if (isExempt(request)) return;
        const verdict = await service.verdict(keys.address(request.ip), "address");
        verdicts.set(request, verdict);
        const { cookie, authorization } = request.headers;
        if (verdict.bannedForMs > 0 && cookie === undefined && authorization === undefined)
          refuse(request, verdict);
      });
      app.addHook("onResponse", async (request, reply) => {
        if (reply.statusCode === 404) report(request, "not_found");
        if (reply.statusCode === 429 && (verdicts.get(request)?.bannedForMs ?? 0) === 0)
          report(request, "limited");
      });
    },

    /** Once the session or token is looked up: a cookie that is nobody's opens nothing. */
    enforceKnown(app: FastifyInstance): void {
      app.addHook("onRequest", async (request) => {
        const verdict = verdicts.get(request);
        if (verdict !== undefined && verdict.bannedForMs > 0 && wiring.userIdOf(request) === undefined)
          refuse(request, verdict);
      });
    },

    /** How much of a declared limit somebody gets. */
    async factorOf(request: FastifyRequest, who: "address" | "caller"): Promise<number> {
      const userId = who === "caller" ? wiring.userIdOf(request) : undefined;
      if (userId === undefined) return verdicts.get(request)?.isSuspicious === true ? SUSPICIOUS_FACTOR : 1;
      const { isSuspicious, isClean } = await service.verdict(keys.user(userId), "person");
      if (isSuspicious) return SUSPICIOUS_FACTOR;
      // Two factors shown, and nothing held against them.
      return isClean && request.session?.aal === 2 ? TRUSTED_FACTOR : 1;
    },
  };
}

function blockListOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const entry of networks) {
    const [address = "", bits] = entry.split("/");
    const family = isIPv6(address) ? "ipv6" : "ipv4";
    try {
      if (bits === undefined) list.addAddress(address, family);
      else list.addSubnet(address, Number(bits), family);
    } catch {
      throw new Error(`reputation.neverBanned holds "${entry}", which is no address or network.`);
    }
  }
  return list;
}
