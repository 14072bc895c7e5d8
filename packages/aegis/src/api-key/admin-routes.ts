import type { FastifyInstance, FastifyRequest } from "fastify";
import Type from "typebox";
import type { DeepReadonly } from "../lib/freeze.ts";
import { numbered, numberedFacts, numberQuery } from "../lib/pages.ts";
import { apiKeyError } from "./errors.ts";
import type { ApiKeyPolicy } from "./policy.ts";
import { keyId } from "./routes.ts";
import type { ApiKeyService } from "./service.ts";
import type { ApiKey } from "./store.ts";
import { keyView, tierView } from "./views.ts";

export interface ApiKeyAdminWiring {
  readonly service: ApiKeyService;
  readonly now: () => number;
  /** Accounts whose name or address has this in it; a bounded number. */
  readonly accountsLike: (query: string) => Promise<readonly string[]>;
  readonly nameOf: (accountId: string) => Promise<string>;
  readonly onAction: (
    request: FastifyRequest,
    event: "api_key.revoked" | "api_key.tier_changed",
    key: ApiKey,
  ) => Promise<void>;
}

const closed = { additionalProperties: false } as const;
const page = Type.Object(
  {
    q: Type.Optional(Type.String({ maxLength: 100 })),
    stale: Type.Optional(Type.Enum(["true", "false"])),
    ...numberQuery(),
  },
  closed,
);
const tierBody = Type.Object({ tier: Type.String({ maxLength: 32 }) }, closed);

/** What administrators may do to keys (KEY-1): see whose they are, end them, give another quota. Never a secret. */
export function apiKeyAdminRoutes(
  app: FastifyInstance,
  policy: DeepReadonly<ApiKeyPolicy>,
  { service, now, accountsLike, nameOf, onAction }: ApiKeyAdminWiring,
): void {
  const { store, mode } = service;
  const admin = { access: "role:admin", requireAal: 2 } as const;
  const dangerous = { ...admin, maxAuthAgeSeconds: "policy" } as const;
  type Id = { Params: Type.Static<typeof keyId> };

  app.get<{ Querystring: Type.Static<typeof page> }>("/api/admin/api-keys", {
    config: admin,
    schema: { querystring: page },
    handler: async (request) => {
      const { q = "", stale } = request.query;
      const wanted = numbered(request.query);
      const found = await store.page({
        query: q,
        accountIds: q === "" ? [] : await accountsLike(q),
        ...(stale === "true" ? { unusedSince: now() - policy.staleAfterSeconds * 1000 } : {}),
        limit: wanted.limit,
        offset: wanted.offset,
      });
      const owners = new Map<string, string>();
      for (const { accountId } of found.items)
        if (!owners.has(accountId)) owners.set(accountId, await nameOf(accountId));
      return {
        items: found.items.map((key) => ({
          ...keyView(policy, mode, key, now()),
          owner: { id: key.accountId, username: owners.get(key.accountId) ?? "" },
        })),
        ...numberedFacts(wanted, found.total, "/api/admin/api-keys", request.query),
        tiers: policy.tiers.map(tierView),
        stale_after_seconds: policy.staleAfterSeconds,
      };
    },
  });

  const keyOf = async (id: string): Promise<ApiKey> => {
    const key = await store.find(id);
    if (key === undefined) throw apiKeyError("AEGIS_APIKEY_NOT_FOUND");
    return key;
  };

  app.post<Id>("/api/admin/api-keys/:id/revoke", {
    config: dangerous,
    schema: { params: keyId },
    handler: async (request) => {
      const key = await keyOf(request.params.id);
      if (!(await store.revoke(key.accountId, key.id))) throw apiKeyError("AEGIS_APIKEY_NOT_FOUND");
      await onAction(request, "api_key.revoked", key);
      return { revoked: 1 };
    },
  });

  app.post<Id & { Body: Type.Static<typeof tierBody> }>("/api/admin/api-keys/:id/tier", {
    config: dangerous,
    schema: { params: keyId, body: tierBody },
    handler: async (request) => {
      const { tier } = request.body;
      if (!policy.tiers.some(({ name }) => name === tier)) throw apiKeyError("AEGIS_APIKEY_TIER_UNKNOWN");
      const key = await keyOf(request.params.id);
      if (!(await store.setTier(key.id, tier))) throw apiKeyError("AEGIS_APIKEY_NOT_FOUND");
      await onAction(request, "api_key.tier_changed", { ...key, tier });
      return { status: "changed", tier };
    },
  });
}
