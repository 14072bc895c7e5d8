/** LIST 2, continued: API keys, as what a request comes with, and as what people and administrators look after. */
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { BearerKind } from "./access/bearer.ts";
import { accessError } from "./access/errors.ts";
import { apiKeyAdminRoutes } from "./api-key/admin-routes.ts";
import { keyBearer } from "./api-key/enforce.ts";
import { apiKeyErrors } from "./api-key/errors.ts";
import { apiKeyRoutes } from "./api-key/routes.ts";
import { apiKeyService } from "./api-key/service.ts";
import { keyView } from "./api-key/views.ts";
import type { Account } from "./account/store.ts";
import type { Audit } from "./audit/auditor.ts";
import type { People } from "./fastify-people.ts";
import type { Clock } from "./lib/clock.ts";
import type { Random } from "./lib/random.ts";
import type { AegisStores } from "./memory-stores.ts";
import type { Policy } from "./policy.ts";

export interface KeyParts {
  readonly policy: Policy;
  readonly stores: Pick<AegisStores, "accounts" | "apiKeys">;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly random: Random;
}

export type Keys = ReturnType<typeof keys>;

export function keys({ policy, stores, audit, clock, random }: KeyParts) {
  const service = apiKeyService(policy.apiKey, {
    store: stores.apiKeys,
    mode: policy.environment === "production" ? "live" : "test",
    clock,
    random,
  });
  const bearer = keyBearer<Account>(policy.apiKey, {
    service,
    clock,
    ownerOf: async (accountId) => {
      const account = await stores.accounts.findById(accountId);
      // Suspended, or closed by its owner until they come back: nobody acts for it, whatever they come with.
      return account?.disabledAt === null && account.deleteAfter === null ? account : undefined;
    },
    notAccepted: () => accessError("AEGIS_ACCESS_BEARER_INVALID"),
    onRefused: (request, because, key) =>
      audit(request, {
        event: "api_key.refused",
        outcome: "failure",
        ...(key === undefined ? {} : { user_id: key.accountId }),
        facts: { because, ...(key === undefined ? {} : { key: key.id }) },
      }),
    onSpent: (request, key) =>
      audit(request, {
        event: "api_key.quota_exceeded",
        outcome: "failure",
        user_id: key.accountId,
        code: "AEGIS_APIKEY_QUOTA_SPENT" satisfies keyof typeof apiKeyErrors,
        facts: { key: key.id, tier: key.tier },
      }),
  });
  const kind: BearerKind = {
    credential: "api-key",
    hasForm: (text) => bearer.hasForm(text),
    verify: (text, request) => bearer.verify(text, request),
  };
  return {
    service,
    kinds: policy.apiKey.enabled ? [kind] : [],
    count: (app: FastifyInstance) => bearer.count(app),
    /** For the export of personal data. */
    list: async (accountId: string) =>
      (await stores.apiKeys.listByAccount(accountId)).map((key) =>
        keyView(policy.apiKey, service.mode, key, clock.now()),
      ),
  };
}

/** Names that a search may stand for: enough to find somebody by, too few to carry a whole table around. */
const MOST_OWNERS = 100;

export function enforceKeys(app: FastifyInstance, people: People, { service }: Keys): void {
  const { policy, stores, clock } = people;
  if (!policy.apiKey.enabled) return;
  const now = () => clock.now();

  apiKeyRoutes(app, policy.apiKey, {
    service,
    now,
    onEvent: async (request, event, key) => {
      const account = await people.accountOf(request);
      people.note(request, account, event, "success", { key: key === "all" ? "all" : key.id });
      const change = event === "api_key.created" ? "created" : "rotated";
      if (event !== "api_key.revoked" && key !== "all")
        people.tell(request, account, {
          kind: "api_key_changed",
          change,
          id: key.id,
          ...people.doing(request),
        });
    },
  });

  apiKeyAdminRoutes(app, policy.apiKey, {
    service,
    now,
    accountsLike: async (query) =>
      (await stores.accounts.list({ query, limit: MOST_OWNERS, offset: 0 })).items.map(({ id }) => id),
    nameOf: async (id) => (await stores.accounts.findById(id))?.username ?? "(deleted)",
    onAction: async (request: FastifyRequest, event, { accountId, id, tier }) => {
      const account = await stores.accounts.findById(accountId);
      if (account === undefined) return;
      const by = request.principal.userId;
      people.note(request, account, event, "success", { key: id, by, tier });
      if (event === "api_key.revoked")
        people.tell(request, account, {
          kind: "api_key_changed",
          change: "revoked_by_admin",
          id,
          ...people.doing(request),
        });
    },
  });
}
