/**
 * Concepts of the tenant that the request works in: whoever is a member reads, authors write. Whoever changes one names the
 * version that they have seen (If-Match), so that of two editors neither overwrites the other unseen.
 */
import { type Cursors, pageOf, readPage } from "aegis/paging";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type Type from "typebox";
import type { Catalogue } from "../content/catalogue.ts";
import { knowledgeError } from "./errors.ts";
import { type Schemas, schemas } from "./schemas.ts";
import type { KnowledgeService, WholeNode } from "./service.ts";
import { edgeViews, graphView, nodeView, summaryView } from "./view.ts";

export interface KnowledgeRoutesWiring {
  readonly service: KnowledgeService;
  readonly catalogue: Catalogue;
  readonly cursors: Cursors;
}

const PATH = "/api/knowledge-nodes";
const reads = { access: "authenticated", tenant: "learner" } as const;
const writes = { access: "authenticated", tenant: "author" } as const;
type Id = { Params: Type.Static<Schemas["id"]> };

export function knowledgeRoutes(
  app: FastifyInstance,
  { service, catalogue, cursors }: KnowledgeRoutesWiring,
): void {
  const send = (reply: FastifyReply, whole: WholeNode, status = 200) =>
    reply.code(status).header("etag", `"v${whole.node.version}"`).send(nodeView(whole, catalogue));

  // Ids alone: what a concept says is the tenant's, and the audit log is for good.
  const told = (request: FastifyRequest, event: string, concept: string, more = {}): void =>
    app.aegis.record(request, event, { tenant: request.tenant.id, concept, ...more });
  const change = async (
    request: FastifyRequest<Id & { Body: Type.Static<Schemas["whole"]> | Type.Static<Schemas["change"]> }>,
    reply: FastifyReply,
  ) => {
    const { id } = request.params;
    const whole = await service.change(request.tenant.id, id, seenVersion(request), request.body);
    told(request, "concept_changed", id);
    return send(reply, whole);
  };

  app.get<{ Querystring: Type.Static<Schemas["list"]> }>(PATH, {
    config: reads,
    schema: { querystring: schemas.list },
    handler: async (request) => {
      const { q = "", sort = "title", lesson } = request.query;
      const scope = ["knowledge", request.tenant.id, sort, q, lesson ?? ""];
      const page = readPage(request.query, scope, cursors);
      const [course = "", slug = ""] = lesson?.split("/") ?? [];
      const search = { q, sort, lesson: lesson === undefined ? undefined : { course, lesson: slug } };
      const { rows, total } = await service.list(request.tenant.id, search, page.window);
      const shown = rows.map(({ item, key }) => ({ item: summaryView(item), key }));
      const filters = { q: q === "" ? undefined : q, sort: request.query.sort, lesson };
      return pageOf(page, shown, total, { path: PATH, filters, cursors });
    },
  });

  app.get<{ Querystring: Type.Static<Schemas["graph"]> }>(`${PATH}/graph`, {
    config: reads,
    schema: { querystring: schemas.graph },
    handler: async (request) => {
      const { around, depth = "2" } = request.query;
      const about = around === undefined ? undefined : { id: around, depth: Number(depth) };
      return graphView(await service.graph(request.tenant.id, about));
    },
  });

  app.post<{ Body: Type.Static<Schemas["create"]> }>(PATH, {
    config: writes,
    schema: { body: schemas.create },
    handler: async (request, reply) => {
      const whole = await service.create(request.tenant.id, {
        summary: "",
        body: "",
        lessons: [],
        ...request.body,
      });
      told(request, "concept_created", whole.node.id);
      return send(reply.header("location", `${PATH}/${whole.node.id}`), whole, 201);
    },
  });

  app.get<Id>(`${PATH}/:id`, {
    config: reads,
    schema: { params: schemas.id },
    handler: async (request, reply) => send(reply, await service.read(request.tenant.id, request.params.id)),
  });

  app.put<Id & { Body: Type.Static<Schemas["whole"]> }>(`${PATH}/:id`, {
    config: writes,
    schema: { params: schemas.id, body: schemas.whole },
    handler: change,
  });

  app.patch<Id & { Body: Type.Static<Schemas["change"]> }>(`${PATH}/:id`, {
    config: writes,
    schema: { params: schemas.id, body: schemas.change },
    handler: change,
  });

  app.delete<Id>(`${PATH}/:id`, {
    config: writes,
    schema: { params: schemas.id },
    handler: async (request) => {
      await service.remove(request.tenant.id, request.params.id, seenVersion(request));
      told(request, "concept_deleted", request.params.id);
      return { deleted: 1 };
    },
  });

  app.get<Id>(`${PATH}/:id/edges`, {
    config: reads,
    schema: { params: schemas.id },
    handler: async (request) => {
      const { edges, others } = await service.read(request.tenant.id, request.params.id);
      const items = edgeViews(request.params.id, edges, others); // EDGES_LIMIT at most: one page is all
      return { items, total: items.length };
    },
  });

  app.post<Id & { Body: Type.Static<Schemas["link"]> }>(`${PATH}/:id/edges`, {
    config: writes,
    schema: { params: schemas.id, body: schemas.link },
    handler: async (request, reply) => {
      const { kind, to_id: toId } = request.body;
      const isNew = await service.link(request.tenant.id, { fromId: request.params.id, toId, kind });
      if (isNew) told(request, "concepts_linked", request.params.id, { to: toId, kind });
      return reply.code(isNew ? 201 : 200).send({ from_id: request.params.id, to_id: toId, kind });
    },
  });

  app.delete<{ Params: Type.Static<Schemas["edge"]> }>(`${PATH}/:id/edges/:kind/:to`, {
    config: writes,
    schema: { params: schemas.edge },
    handler: async (request) => {
      const { id: fromId, to: toId, kind } = request.params;
      await service.unlink(request.tenant.id, { fromId, toId, kind });
      told(request, "concepts_unlinked", fromId, { to: toId, kind });
      return { deleted: 1 };
    },
  });
}

/** RFC 9110 13.1.1: strong comparison, so "W/" never matches; "*" would be what this is against. */
function seenVersion(request: FastifyRequest): number {
  const given = request.headers["if-match"];
  if (given === undefined) throw knowledgeError("HUB_KNOWLEDGE_UNCONDITIONAL");
  const version = /^"v([1-9][0-9]{0,8})"$/.exec(given)?.[1];
  if (version === undefined) throw knowledgeError("HUB_KNOWLEDGE_CHANGED");
  return Number(version);
}
