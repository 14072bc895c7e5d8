/** Simulations over HTTP. Everything works in the tenant of the session; no address or body names another. */
import { AegisError } from "aegis";
import { errorTable } from "aegis/fastify";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Listed, ListRequest, Settings } from "./repository.ts";
import { ORDERS } from "./repository.ts";
import {
  type ChangeBody,
  type CreateBody,
  type IdParams,
  type ListQuery,
  type ReplaceBody,
  simulationSchemas as schemas,
} from "./schemas.ts";
import { type Caller, mayChange, type SimulationService, STANDARD } from "./service.ts";
import { cursorOf, experimentsView, listedView, placeOf, runsCsv, runView, simulationView } from "./views.ts";

const config = { access: "authenticated", tenant: "learner" } as const;
/** Asked for again and again by a page that somebody may have left open: it keeps no session alive. */
const watched = { ...config, session: "passive" } as const;
const PER_PAGE = 25;

interface Id {
  readonly Params: IdParams;
}

export function simulationRoutes(app: FastifyInstance, service: SimulationService): void {
  app.get("/api/simulations/experiments", { config }, async () => experimentsView);

  app.get<{ Querystring: ListQuery }>("/api/simulations", {
    config: watched,
    schema: { querystring: schemas.list },
    handler: async (request) => {
      const { page, per_page: perPage = String(PER_PAGE), sort = "-created_at", cursor } = request.query;
      const caller = callerOf(request);
      const size = Number(perPage);
      const wanted = listRequest(request.query, sort, size);
      const { items, total, end } = await service.list(caller, { ...wanted, limit: size });
      const view = (one: Listed) => listedView(one, mayChange(one, caller));
      const number = Number(page ?? "1");
      const isMore = cursor === undefined ? number * size < total : items.length === size;
      return {
        items: items.map(view),
        total,
        ...(cursor === undefined ? { page: number, pages: Math.max(1, Math.ceil(total / size)) } : {}),
        per_page: size,
        next_cursor: isMore && end !== null ? cursorOf(end, sort) : null,
      };
    },
  });

  app.post<{ Body: CreateBody }>("/api/simulations", {
    config,
    schema: { body: schemas.create },
    handler: async (request, reply) => {
      const made = await service.create(callerOf(request), merged(STANDARD, request.body));
      return reply.code(201).send(simulationView(made, true));
    },
  });

  app.get<Id>("/api/simulations/:id", {
    config,
    schema: { params: schemas.id },
    handler: async (request) => {
      const caller = callerOf(request);
      const one = await service.read(caller, request.params.id);
      return simulationView(one, mayChange(one, caller));
    },
  });

  app.patch<Id & { Body: ChangeBody }>("/api/simulations/:id", {
    config,
    schema: { params: schemas.id, body: schemas.change },
    handler: async (request) => {
      const { params, body } = request;
      const changed = await service.change(callerOf(request), params.id, (before) => merged(before, body));
      return simulationView(changed, true);
    },
  });

  app.put<Id & { Body: ReplaceBody }>("/api/simulations/:id", {
    config,
    schema: { params: schemas.id, body: schemas.replace },
    handler: async (request) => {
      const { params, body } = request;
      const changed = await service.change(callerOf(request), params.id, () => merged(STANDARD, body));
      return simulationView(changed, true);
    },
  });

  app.delete<Id>("/api/simulations/:id", {
    config,
    schema: { params: schemas.id },
    handler: async (request) => {
      await service.remove(callerOf(request), request.params.id);
      return { deleted: 1 };
    },
  });

  app.post<Id>("/api/simulations/:id/run", {
    config,
    schema: { params: schemas.id },
    handler: async (request, reply) =>
      reply.code(202).send(runView(await service.run(callerOf(request), request.params.id))),
  });

  app.post<Id>("/api/simulations/:id/cancel", {
    config,
    schema: { params: schemas.id },
    handler: async (request) => runView(await service.cancel(callerOf(request), request.params.id)),
  });

  app.get<Id>("/api/simulations/:id/progress", {
    config: watched,
    schema: { params: schemas.id },
    handler: async (request) => {
      const run = await service.progress(callerOf(request), request.params.id);
      return { run: run === undefined ? null : runView(run) };
    },
  });

  app.get<Id>("/api/simulations/:id/runs", {
    config: watched,
    schema: { params: schemas.id },
    handler: async (request) => {
      const { runs } = await service.runs(callerOf(request), request.params.id);
      return { items: runs.map(runView), total: runs.length };
    },
  });

  app.get<Id>("/api/simulations/:id/export", {
    config,
    schema: { params: schemas.id },
    handler: async (request, reply) => {
      const { simulation, runs } = await service.runs(callerOf(request), request.params.id);
      // One name for all: what people called it stands inside, where it can break no header.
      return reply
        .type("text/csv; charset=utf-8")
        .header("content-disposition", 'attachment; filename="simulation.csv"')
        .send(runsCsv(simulation, runs));
    },
  });
}

const callerOf = ({ principal, tenant }: FastifyRequest): Caller => ({
  userId: principal.userId,
  tenantId: tenant.id,
  isAuthor: tenant.role !== "learner",
});

function listRequest(
  { q = "", page, cursor }: ListQuery,
  sort: string,
  size: number,
): Omit<ListRequest, "limit"> {
  const order = ORDERS.find((one) => sort.endsWith(one)) ?? "created_at";
  const common = { q: q.trim(), order, descending: sort.startsWith("-") };
  if (cursor === undefined) return { ...common, from: { offset: (Number(page ?? "1") - 1) * size } };
  const after = placeOf(cursor, sort);
  if (after === undefined || page !== undefined)
    throw new AegisError("AEGIS_INPUT_INVALID", errorTable.AEGIS_INPUT_INVALID, {
      errors: [
        {
          field: "cursor",
          reason: "bad_format",
          message: "Take it as it came with the page before, with the same order and without a page.",
        },
      ],
    });
  return { ...common, from: { after } };
}

/** What was sent, over what was; another experiment begins with its own parameters. */
function merged(before: Settings, body: ChangeBody): Settings {
  const experiment = body.experiment ?? before.experiment;
  const kept = experiment === before.experiment ? before.parameters : {};
  return {
    name: body.name ?? before.name,
    description: body.description ?? before.description,
    experiment,
    parameters: { ...kept, ...body.parameters },
    simType: body.sim_type ?? before.simType,
    refinementSteps: body.refinement_steps ?? before.refinementSteps,
    confidenceThreshold: body.confidence_threshold ?? before.confidenceThreshold,
    seed: body.seed === undefined ? before.seed : body.seed,
  };
}
