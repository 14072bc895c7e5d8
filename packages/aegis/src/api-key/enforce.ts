/** Keys on requests: who comes with one, and how many requests it has left. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Clock } from "../lib/clock.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import { addGuard } from "../lib/guard.ts";
import { seldom } from "../lib/seldom.ts";
import { apiKeyError } from "./errors.ts";
import type { ApiKeyPolicy } from "./policy.ts";
import { dayOf, quotaWindow, tierOf } from "./quota.ts";
import type { ApiKeyService } from "./service.ts";
import type { ApiKey } from "./store.ts";

const borne = Symbol("API key");

declare module "fastify" {
  interface FastifyRequest {
    [borne]: ApiKey | undefined;
  }
}

interface Owner {
  readonly id: string;
  readonly username: string;
  readonly roles: readonly string[];
}

export type KeyRefusal = "unknown" | "replaced" | "expired" | "owner";

export interface KeyBearerWiring<A extends Owner> {
  readonly service: ApiKeyService;
  readonly clock: Clock;
  /** The account behind a key as it is now, if it may be used now. */
  readonly ownerOf: (accountId: string) => Promise<A | undefined>;
  readonly notAccepted: () => Error;
  readonly onRefused: (request: FastifyRequest, because: KeyRefusal, key: ApiKey | undefined) => void;
  readonly onSpent: (request: FastifyRequest, key: ApiKey) => void;
}

/** One event for so long, however often a program asks in vain. */
const TELL_EVERY_SECONDS = 3600;
const TOUCH_EVERY_MS = 60_000;

export function keyBearer<A extends Owner>(
  policy: DeepReadonly<ApiKeyPolicy>,
  { service, clock, ownerOf, notAccepted, onRefused, onSpent }: KeyBearerWiring<A>,
) {
  const tellRefused = seldom(TELL_EVERY_SECONDS, clock);
  const tellSpent = seldom(TELL_EVERY_SECONDS, clock);

  const refuse = (request: FastifyRequest, because: KeyRefusal, key?: ApiKey): undefined => {
    if (tellRefused(`${key?.id ?? ""} ${because}`)) onRefused(request, because, key);
  };

  return {
    hasForm: service.hasForm,

    /** The owner is looked up at every use: rights that were taken, and accounts that were closed, count at once. */
    async verify(text: string, request: FastifyRequest) {
      const presented = await service.present(text);
      if (!presented.ok) {
        const { because, key } = presented;
        return because === "form" ? undefined : refuse(request, because, key);
      }
      const { key } = presented;
      const owner = await ownerOf(key.accountId);
      if (owner === undefined) return refuse(request, "owner", key);
      request[borne] = key;
      return {
        credential: "api-key",
        id: key.id,
        // What the policy no longer knows, a key that was made before is no longer good for.
        scopes: key.scopes.filter((scope) => policy.scopes.includes(scope)),
        principal: {
          userId: owner.id,
          username: owner.username,
          roles: owner.roles,
          tenantId: key.tenantId,
        },
      } as const;
    },

    /** Counts what access has let through; what it refused costs the owner nothing. */
    count(app: FastifyInstance): void {
      app.decorateRequest(borne, undefined);
      const take = async (request: FastifyRequest, reply: FastifyReply, key: ApiKey): Promise<void> => {
        const tier = tierOf(policy, key.tier);
        const now = clock.now();
        const { start, end } = quotaWindow(tier.resets, now);
        const used = await service.store.take(key.id, {
          windowStart: start,
          limit: tier.requestsLimit,
          day: dayOf(now),
          now,
          touchBefore: now - TOUCH_EVERY_MS,
        });
        if (used === "gone") throw notAccepted(); // revoked a moment ago
        const resetSeconds = Math.max(1, Math.ceil((end - now) / 1000));
        reply.header("x-quota-limit", String(tier.requestsLimit));
        reply.header("x-quota-remaining", String(used === "spent" ? 0 : tier.requestsLimit - used));
        reply.header("x-quota-reset", String(resetSeconds));
        if (used !== "spent") return;
        if (tellSpent(`${key.id} ${start}`)) onSpent(request, key);
        throw apiKeyError("AEGIS_APIKEY_QUOTA_SPENT", { retryAfterSeconds: resetSeconds });
      };
      addGuard(app, (request, reply) => {
        const key = request[borne];
        return key === undefined ? undefined : take(request, reply, key);
      });
    },
  };
}
