/**
 * Courses of the tenant that the request works in: members read what is published, authors write. Whoever changes one
 * names the version that they have seen, so that of two editors neither overwrites the other unseen.
 */
import { type Cursors, pageOf, readPage } from "aegis/paging";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type Type from "typebox";
import type { State } from "./course.ts";
import { type Schemas, schemas } from "./schemas.ts";
import type { Asker, CourseService } from "./service.ts";
import { courseView, lessonView, previewView, summaryView } from "./view.ts";

export interface CourseRoutesWiring {
  readonly service: CourseService;
  readonly cursors: Cursors;
}

const PATH = "/api/courses";
const reads = { access: "authenticated", tenant: "learner" } as const;
const writes = { access: "authenticated", tenant: "author" } as const;
type OfCourse = { Params: Type.Static<Schemas["course"]> };
type OfLesson = { Params: Type.Static<Schemas["lesson"]> };

export const askerOf = ({ tenant }: FastifyRequest): Asker => ({
  tenant: tenant.id,
  isAuthor: tenant.role !== "learner",
});

export function courseRoutes(app: FastifyInstance, { service, cursors }: CourseRoutesWiring): void {
  // Ids alone: what a lesson says is the tenant's, and the audit log is for good.
  const told = (request: FastifyRequest, event: string, course: string, more = {}): void =>
    app.aegis.record(request, event, { tenant: request.tenant.id, course, ...more });
  const stateOf = ({ state }: { readonly state?: State }) => (state === undefined ? {} : { state });

  app.get<{ Querystring: Type.Static<Schemas["list"]> }>(PATH, {
    config: reads,
    schema: { querystring: schemas.list },
    handler: async (request) => {
      const { q = "", sort = "title" } = request.query;
      const { tenant, isAuthor } = askerOf(request);
      const scope = ["courses", tenant, sort, q, isAuthor ? "all" : "published"];
      const page = readPage(request.query, scope, cursors);
      const { rows, total } = await service.list(tenant, { q, sort, withDrafts: isAuthor }, page.window);
      const shown = rows.map(({ item, key }) => ({ item: summaryView(item), key }));
      const filters = { q: q === "" ? undefined : q, sort: request.query.sort };
      return pageOf(page, shown, total, { path: PATH, filters, cursors });
    },
  });

  app.post<{ Body: Type.Static<Schemas["createCourse"]> }>(PATH, {
    config: writes,
    schema: { body: schemas.createCourse },
    handler: async (request, reply) => {
      const whole = await service.create(request.tenant.id, { summary: "", ...request.body });
      told(request, "course_created", whole.course.id);
      return reply.code(201).header("location", `${PATH}/${whole.course.id}`).send(courseView(whole));
    },
  });

  app.get<OfCourse>(`${PATH}/:id`, {
    config: reads,
    schema: { params: schemas.course },
    handler: async (request) => courseView(await service.read(askerOf(request), request.params.id)),
  });

  app.patch<OfCourse & { Body: Type.Static<Schemas["changeCourse"]> }>(`${PATH}/:id`, {
    config: writes,
    schema: { params: schemas.course, body: schemas.changeCourse },
    handler: async (request) => {
      const whole = await service.change(request.tenant.id, request.params.id, request.body);
      told(request, "course_changed", whole.course.id, stateOf(request.body));
      return courseView(whole);
    },
  });

  app.delete<OfCourse>(`${PATH}/:id`, {
    config: writes,
    schema: { params: schemas.course },
    handler: async (request) => {
      await service.remove(request.tenant.id, request.params.id);
      told(request, "course_deleted", request.params.id);
      return { deleted: 1 };
    },
  });

  app.post<OfCourse & { Body: Type.Static<Schemas["createLesson"]> }>(`${PATH}/:id/lessons`, {
    config: writes,
    schema: { params: schemas.course, body: schemas.createLesson },
    handler: async (request, reply) => {
      const { id } = request.params;
      const whole = await service.createLesson(request.tenant.id, id, { body: "", ...request.body });
      told(request, "lesson_created", id, { lesson: whole.lesson.id });
      return reply
        .code(201)
        .header("location", `${PATH}/${id}/lessons/${whole.lesson.id}`)
        .send(lessonView(whole));
    },
  });

  app.get<OfLesson>(`${PATH}/:id/lessons/:lesson`, {
    config: reads,
    schema: { params: schemas.lesson },
    handler: async (request) => {
      const { id, lesson } = request.params;
      return lessonView(await service.readLesson(askerOf(request), id, lesson));
    },
  });

  app.patch<OfLesson & { Body: Type.Static<Schemas["changeLesson"]> }>(`${PATH}/:id/lessons/:lesson`, {
    config: writes,
    schema: { params: schemas.lesson, body: schemas.changeLesson },
    handler: async (request) => {
      const { id, lesson } = request.params;
      const whole = await service.changeLesson(request.tenant.id, id, lesson, request.body);
      told(request, "lesson_changed", id, { lesson, ...stateOf(request.body) });
      return lessonView(whole);
    },
  });

  app.delete<OfLesson>(`${PATH}/:id/lessons/:lesson`, {
    config: writes,
    schema: { params: schemas.lesson },
    handler: async (request) => {
      const { id, lesson } = request.params;
      await service.removeLesson(request.tenant.id, id, lesson);
      told(request, "lesson_deleted", id, { lesson });
      return { deleted: 1 };
    },
  });

  // What an author has written so far, by the way that stored lessons take.
  app.post<OfCourse & { Body: Type.Static<Schemas["preview"]> }>(`${PATH}/:id/preview`, {
    config: { ...writes, limit: "read" },
    schema: { params: schemas.course, body: schemas.preview },
    handler: async (request) => {
      await service.read(askerOf(request), request.params.id);
      return previewView(request.params.id, request.body.body);
    },
  });
}
