import type { FastifyInstance, FastifyRequest } from "fastify";
import Type from "typebox";
import type { DeepReadonly } from "../lib/freeze.ts";
import type { ApiKeyPolicy } from "./policy.ts";
import { dayOf, daysBefore } from "./quota.ts";
import { apiKeyError } from "./errors.ts";
import type { ApiKeyService, IssuedKey } from "./service.ts";
import type { ApiKey } from "./store.ts";
import { keyView, tierView } from "./views.ts";

export interface ApiKeyRoutesWiring {
  readonly service: ApiKeyService;
  readonly now: () => number;
  readonly onEvent: (
    request: FastifyRequest,
    event: "api_key.created" | "api_key.rotated" | "api_key.revoked",
    key: Pick<ApiKey, "id"> | "all",
  ) => Promise<void>;
}

const closed = { additionalProperties: false } as const;
const SHORTEST_SECONDS = 60;
const USAGE_DAYS = 30;
export const keyId = Type.Object({ id: Type.String({ pattern: "^[0-9A-Za-z]{8}$" }) });

function schemasOf({ scopes, longestLifetimeSeconds: longest }: DeepReadonly<ApiKeyPolicy>) {
  return {
    create: Type.Object(
      {
        // No control characters, nor such as turn around what is beside the name in somebody else's list.
        name: Type.String({ minLength: 1, maxLength: 64, pattern: "^[^\\p{C}]*[^\\p{C}\\s][^\\p{C}]*$" }),
        scopes: Type.Array(Type.Unsafe<string>({ type: "string", enum: [...scopes] }), {
          minItems: 1,
          maxItems: 64,
          uniqueItems: true,
        }),
        lifetime_seconds: Type.Optional(
          Type.Integer({ minimum: SHORTEST_SECONDS, maximum: longest === 0 ? 10_000_000_000 : longest }),
        ),
      },
      closed,
    ),
    rotate: Type.Object({ old_secret: Type.Enum(["kept", "ended"]) }, closed),
  };
}

/** The HTTP surface of one's own keys (KEY-1). For sessions alone: no key makes, renews or sees a key. */
export function apiKeyRoutes(
  app: FastifyInstance,
  policy: DeepReadonly<ApiKeyPolicy>,
  { service, now, onEvent }: ApiKeyRoutesWiring,
): void {
  const { store, mode } = service;
  const schemas = schemasOf(policy);
  const own = { access: "authenticated" } as const;
  const dangerous = { ...own, maxAuthAgeSeconds: "policy", limit: "apiKeyCreate" } as const;
  const view = (key: ApiKey) => keyView(policy, mode, key, now());
  const issued = ({ key, text }: IssuedKey) => ({ api_key: text, ...view(key) });
  type Id = { Params: Type.Static<typeof keyId> };

  app.get("/api/api-keys", {
    config: { ...own, session: "passive" },
    handler: async (request) => {
      const items = await store.listByAccount(request.principal.userId);
      return {
        items: items.map(view),
        total: items.length,
        limit: policy.perAccountLimit,
        scopes: policy.scopes,
        tiers: policy.tiers.map(tierView),
        default_tier: policy.defaultTier,
        longest_lifetime_seconds: policy.longestLifetimeSeconds,
        rotation_overlap_seconds: policy.rotationOverlapSeconds,
      };
    },
  });

  app.post<{ Body: Type.Static<typeof schemas.create> }>("/api/api-keys", {
    config: dangerous,
    schema: { body: schemas.create },
    handler: async (request, reply) => {
      const { name, scopes, lifetime_seconds: lifetimeSeconds } = request.body;
      const result = await service.create(request.principal.userId, {
        name: name.trim(),
        scopes,
        tenantId: request.principal.tenantId,
        ...(lifetimeSeconds === undefined ? {} : { lifetimeSeconds }),
      });
      await onEvent(request, "api_key.created", result.key);
      return reply.code(201).send(issued(result));
    },
  });

  app.post<Id & { Body: Type.Static<typeof schemas.rotate> }>("/api/api-keys/:id/rotate", {
    config: dangerous,
    schema: { params: keyId, body: schemas.rotate },
    handler: async (request) => {
      const immediately = request.body.old_secret === "ended";
      const result = await service.rotate(request.principal.userId, request.params.id, immediately);
      await onEvent(request, "api_key.rotated", result.key);
      return issued(result);
    },
  });

  // No fresh proof: whoever fears that a key is out must be able to end it at once.
  app.delete<Id>("/api/api-keys/:id", {
    config: own,
    schema: { params: keyId },
    handler: async (request) => {
      const { id } = request.params;
      if (!(await store.revoke(request.principal.userId, id))) throw apiKeyError("AEGIS_APIKEY_NOT_FOUND");
      await onEvent(request, "api_key.revoked", { id });
      return { revoked: 1 };
    },
  });

  app.delete("/api/api-keys", {
    config: own,
    handler: async (request) => {
      const revoked = await store.revokeAll(request.principal.userId);
      if (revoked > 0) await onEvent(request, "api_key.revoked", "all");
      return { revoked };
    },
  });

  app.get<Id>("/api/api-keys/:id/usage", {
    config: { ...own, session: "passive" },
    schema: { params: keyId },
    handler: async (request) => {
      const key = await service.found(request.principal.userId, request.params.id);
      const from = daysBefore(now(), USAGE_DAYS - 1);
      const items = await store.usage(key.id, from);
      return { items, from, to: dayOf(now()), total: items.length };
    },
  });
}
