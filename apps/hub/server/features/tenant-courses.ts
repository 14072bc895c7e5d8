/** Courses that tenants write, wired. */
import { randomUUID } from "node:crypto";
import { cursors } from "aegis/paging";
import type { AegisStores, AegisWiring } from "aegis/fastify";
import { tenantDatabase } from "aegis/stores/postgres";
import type { FastifyInstance } from "fastify";
import type { TenantRows } from "../database/tenant-rows.ts";
import { pictureRoutes } from "./courses/picture-routes.ts";
import { courseRoutes } from "./courses/routes.ts";
import { courseRepositories, courseService } from "./courses/service.ts";

export interface TenantCoursesParts {
  readonly rows: TenantRows;
  readonly secretKey: AegisWiring["secretKey"];
  readonly tenancy: Pick<AegisStores["tenancy"], "membership">;
  readonly clock?: { now(): number } | undefined;
}

export function tenantCourses(
  app: FastifyInstance,
  { rows, secretKey, tenancy, clock = Date }: TenantCoursesParts,
): void {
  const service = courseService({
    database: tenantDatabase(rows.pool, courseRepositories, rows),
    now: () => clock.now(),
    uuid: randomUUID,
  });
  courseRoutes(app, { service, cursors: cursors(secretKey) });
  const { uploads } = app.aegis;
  if (uploads !== undefined) pictureRoutes(app, { service, uploads, tenancy });
}
