import type { FastifyInstance } from "fastify";
import Type from "typebox";
import { numbered, numberedFacts, numberQuery } from "../lib/pages.ts";
import { rowId } from "../lib/schema.ts";
import { tenancyError } from "./errors.ts";
import { nameText, type TenancyRoutesWiring } from "./routes.ts";
import type { Tenant } from "./store.ts";

export interface TenancyAdminWiring extends Pick<TenancyRoutesWiring, "service" | "invalid" | "onEvent"> {
  readonly now: () => number;
  /** The account with this user name or address. */
  readonly accountIdOf: (login: string) => Promise<string | undefined>;
  readonly noSuchOwner: () => Error;
}

const closed = { additionalProperties: false } as const;
const login = Type.String({ minLength: 1, maxLength: 254 });
const schemas = {
  page: Type.Object(
    {
      q: Type.Optional(Type.String({ maxLength: 64 })),
      ...numberQuery(),
    },
    closed,
  ),
  open: Type.Object({ name: nameText, owner: Type.Optional(login) }, closed),
  change: Type.Object(
    {
      name: Type.Optional(nameText),
      closed: Type.Optional(Type.Boolean()),
      open_registration: Type.Optional(Type.Boolean()),
      /** Who is an owner from now on, too: where the last one has gone. */
      owner: Type.Optional(login),
    },
    { ...closed, minProperties: 1 },
  ),
  id: Type.Object({ id: rowId() }),
};

const view = ({ id, name, openRegistration, disabledAt, createdAt }: Tenant) => ({
  id,
  name,
  open_registration: openRegistration,
  closed_at: disabledAt === null ? null : new Date(disabledAt).toISOString(),
  created_at: new Date(createdAt).toISOString(),
});

/** What administrators of the whole may do: open, close and name tenants and their owners. They see nothing inside. */
export function tenancyAdminRoutes(app: FastifyInstance, wiring: TenancyAdminWiring): void {
  const { service, onEvent } = wiring;
  const admin = { access: "role:admin", requireAal: 2 } as const;
  const dangerous = { ...admin, maxAuthAgeSeconds: "policy" } as const;
  const ownerOf = async (typed: string | undefined): Promise<string | undefined> => {
    const id = typed === undefined ? undefined : await wiring.accountIdOf(typed);
    if (typed !== undefined && id === undefined) throw wiring.noSuchOwner();
    return id;
  };

  app.get<{ Querystring: Type.Static<typeof schemas.page> }>("/api/admin/tenants", {
    config: admin,
    schema: { querystring: schemas.page },
    handler: async (request) => {
      const [page, { q }] = [numbered(request.query), request.query];
      const found = await service.store.list(q ?? "", page);
      const items = found.items.map((tenant) => ({ ...view(tenant), members: tenant.members }));
      return { items, ...numberedFacts(page, found.total, "/api/admin/tenants", { q }) };
    },
  });

  app.post<{ Body: Type.Static<typeof schemas.open> }>("/api/admin/tenants", {
    config: dangerous,
    schema: { body: schemas.open },
    handler: async (request, reply) => {
      const owner = await ownerOf(request.body.owner);
      const opened = await service.open(request.body.name, owner, false);
      if ("problems" in opened) throw wiring.invalid(opened.problems);
      await onEvent(request, "tenancy.opened", { tenant: opened.tenant.id }, owner);
      return reply.code(201).send(view(opened.tenant));
    },
  });

  app.patch<{ Params: { id: string }; Body: Type.Static<typeof schemas.change> }>("/api/admin/tenants/:id", {
    config: dangerous,
    schema: { params: schemas.id, body: schemas.change },
    handler: async (request) => {
      const { id } = request.params;
      const { name, closed: isClosed, open_registration: openRegistration } = request.body;
      const owner = await ownerOf(request.body.owner);
      const changed = await service.change(id, {
        ...(name === undefined ? {} : { name }),
        ...(openRegistration === undefined ? {} : { openRegistration }),
        ...(isClosed === undefined ? {} : { disabledAt: isClosed ? wiring.now() : null }),
      });
      if ("problems" in changed) throw wiring.invalid(changed.problems);
      if (owner !== undefined) {
        await service.join(id, owner, "owner");
        if ((await service.store.setRole(id, owner, "owner", true)) === "missing")
          throw tenancyError("AEGIS_TENANCY_NOT_FOUND");
      }
      const what = Object.keys(request.body).join(" ");
      await onEvent(request, "tenancy.changed", { tenant: id, what }, owner);
      return view(changed.tenant);
    },
  });
}
