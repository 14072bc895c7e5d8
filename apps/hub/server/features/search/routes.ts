/**
 * Search over everything that a member may read. A POST, because what people search for belongs into no log of addresses;
 * it changes nothing, and counts as reading.
 */
import type { TenantDatabase } from "aegis/stores/postgres";
import type { FastifyInstance } from "fastify";
import Type from "typebox";
import { askedFor } from "./asked.ts";
import type { SearchAnswer } from "./repository.ts";
import type { SearchSource } from "./sources.ts";

const QUERY_LENGTH = 200;
const PER_PAGE = 20;
const MOST_PER_PAGE = 50;
const MOST_PAGES = 20;

export interface SearchWiring {
  readonly database: TenantDatabase<{
    search(
      asked: ReturnType<typeof askedFor>,
      kinds: readonly string[],
      page: { readonly limit: number; readonly offset: number },
    ): Promise<SearchAnswer>;
  }>;
  readonly sources: readonly SearchSource[];
}

export function searchRoutes(app: FastifyInstance, { database, sources }: SearchWiring): void {
  const known = sources.map(({ kind }) => kind);
  const body = Type.Object(
    {
      q: Type.String({ minLength: 1, maxLength: QUERY_LENGTH, pattern: "\\S" }),
      kinds: Type.Optional(
        Type.Array(Type.Enum(known), { minItems: 1, maxItems: known.length, uniqueItems: true }),
      ),
      page: Type.Optional(Type.Integer({ minimum: 1, maximum: MOST_PAGES })),
      per_page: Type.Optional(Type.Integer({ minimum: 1, maximum: MOST_PER_PAGE })),
    },
    { additionalProperties: false },
  );
  app.post<{ Body: Type.Static<typeof body> }>("/api/query", {
    config: { access: "authenticated", tenant: "learner", limit: "read" },
    schema: { body },
    handler: async (request) => {
      const { q, kinds = known, page = 1, per_page: perPage = PER_PAGE } = request.body;
      const { items, counts } = await database.inTenant(request.tenant.id, (use) =>
        use.search(askedFor(q), kinds, { limit: perPage, offset: (page - 1) * perPage }),
      );
      const total = kinds.reduce((sum, kind) => sum + (counts.get(kind) ?? 0), 0);
      const pages = Math.min(MOST_PAGES, Math.ceil(total / perPage));
      return {
        items,
        total,
        page,
        per_page: perPage,
        // What lies beyond is found by other words, not by more pages.
        next_page: page < pages ? page + 1 : null,
        previous_page: page > 1 ? page - 1 : null,
        kinds: known.map((kind) => ({ kind, total: counts.get(kind) ?? 0 })),
      };
    },
  });
}
