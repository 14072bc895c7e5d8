/**
 * Pictures in lessons. They are files of the author who sends them, checked and kept as every upload, and count for that
 * account; that they are pictures of a course is what lets other members of the tenant see them, and nobody else.
 */
import type { AegisStores, Uploads } from "aegis/fastify";
import type { FastifyInstance } from "fastify";
import type Type from "typebox";
import { picturesOf } from "./course.ts";
import { courseError } from "./errors.ts";
import { askerOf } from "./routes.ts";
import { type Schemas, schemas } from "./schemas.ts";
import type { CourseService } from "./service.ts";

/** What an <img> shows, and nothing that could hold a script. */
const PICTURE_KINDS = ["png", "jpeg", "webp", "gif"];

export interface PictureRoutesWiring {
  readonly service: CourseService;
  readonly uploads: Uploads;
  readonly tenancy: Pick<AegisStores["tenancy"], "membership">;
}

export function pictureRoutes(
  app: FastifyInstance,
  { service, uploads, tenancy }: PictureRoutesWiring,
): void {
  // Whoever deletes a file of theirs would not see which lessons it leaves with a gap.
  uploads.usedWhere(async ({ principal }, { id, tenantId }) => {
    if (tenantId === null) return [];
    const member = await tenancy.membership(principal.userId, tenantId);
    return service.lessonsShowing(
      { tenant: tenantId, isAuthor: (member?.role ?? "learner") !== "learner" },
      id,
    );
  });

  app.get<{ Params: Type.Static<Schemas["picture"]> }>("/api/courses/:id/pictures/:picture", {
    config: { access: "authenticated", tenant: "learner" },
    schema: { params: schemas.picture },
    handler: async (request, reply) => {
      const { id, picture } = request.params;
      await service.checkPicture(askerOf(request), id, picture);
      // Looked up in the tenant of the request, again: a row that says otherwise shows no file of another tenant.
      const upload = await uploads.find(request, picture);
      if (upload === undefined || !PICTURE_KINDS.includes(upload.kind))
        throw courseError("HUB_COURSE_NOT_FOUND");
      return uploads.send(request, reply, upload);
    },
  });

  void app.register(async (scope) => {
    uploads.acceptFiles(scope);
    scope.post<{ Params: Type.Static<Schemas["course"]> }>("/api/courses/:id/pictures", {
      config: { access: "authenticated", tenant: "author", limit: "upload" },
      schema: { params: schemas.course },
      handler: async (request, reply) => {
        const { id } = request.params;
        const { id: tenant } = request.tenant;
        await service.roomForPicture(tenant, id);
        const upload = await uploads.receive(request, { kinds: PICTURE_KINDS });
        await service.addPicture(tenant, id, upload.id);
        const { width, height, name } = upload;
        return reply.code(201).send({ id: upload.id, src: picturesOf(id) + upload.id, name, width, height });
      },
    });
  });
}
