/** Concepts and search, wired. */
import { randomUUID } from "node:crypto";
import type { AegisWiring } from "aegis/fastify";
import { cursors } from "aegis/paging";
import { tenantDatabase } from "aegis/stores/postgres";
import type { FastifyInstance } from "fastify";
import type { TenantRows } from "../database/tenant-rows.ts";
import type { Catalogue } from "./content/catalogue.ts";
import { knowledgeRoutes } from "./knowledge/routes.ts";
import { knowledgeRepositories, knowledgeService } from "./knowledge/service.ts";
import { searchRepository } from "./search/repository.ts";
import { searchRoutes } from "./search/routes.ts";
import { searchSources } from "./search/sources.ts";

export interface KnowledgeAndSearchParts {
  readonly rows: TenantRows;
  readonly catalogue: Catalogue;
  readonly secretKey: AegisWiring["secretKey"];
  readonly clock?: { now(): number } | undefined;
}

export function knowledgeAndSearch(
  app: FastifyInstance,
  { rows, catalogue, secretKey, clock = Date }: KnowledgeAndSearchParts,
): void {
  knowledgeRoutes(app, {
    service: knowledgeService({
      database: tenantDatabase(rows.pool, knowledgeRepositories, rows),
      lessonExists: ({ course, lesson }) => catalogue.lesson(course, lesson) !== undefined,
      now: () => clock.now(),
      uuid: randomUUID,
    }),
    catalogue,
    cursors: cursors(secretKey),
  });
  searchRoutes(app, {
    database: tenantDatabase(rows.pool, searchRepository(searchSources), rows),
    sources: searchSources,
  });
}
