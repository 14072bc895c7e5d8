/** A small application with tenants' rows in PostgreSQL, and with holes that can be opened one by one. */
import { definePolicy } from "aegis";
import { aegis, memoryStores, serverOptions } from "aegis/fastify";
import { memoryTransport } from "aegis/mail";
import {
  aegisMigrations,
  migrate,
  type SqlPool,
  tenantDatabase,
  type TenantSql,
} from "aegis/stores/postgres";
import Fastify from "fastify";
import Type from "typebox";
import { openPglite } from "../../apps/hub/server/database/pglite-pool.ts";
import { cheapHash } from "./hub.ts";
import { moreRoutes } from "./lessons-more.ts";
import { roomyLimits } from "./roomy-limits.ts";

export type Hole =
  | "no-where"
  | "no-row-level-security"
  | "by-id"
  | "silent-change"
  | "search"
  | "search-count"
  | "stats"
  | "error-text"
  | "cursor"
  | "workspace-header"
  | "owner-parameter"
  | "reference"
  | "into-tenant"
  | "whole-body"
  | "edge"
  | "edge-into"
  | "file"
  | "file-list"
  | "file-delete";

export const lessonsPolicy = definePolicy({
  preset: "education",
  environment: "test",
  password: { argon2: cheapHash },
  tenancy: { selfService: true },
});

const LESSON = "select id, title, text from lessons where";
const repository = (sql: TenantSql) => ({
  list: async (word: string, after: string, limit: number) =>
    (
      await sql.query(
        `${LESSON} tenant_id = $1 and title ilike $2 and id::text > $3 order by id::text limit ${limit}`,
        [sql.tenantId, `%${word}%`, after],
      )
    ).rows,
  count: async () =>
    (await sql.query("select count(*)::int as total from lessons where tenant_id = $1", [sql.tenantId]))
      .rows[0],
  read: async (id: string) =>
    (await sql.query(`${LESSON} tenant_id = $1 and id = $2`, [sql.tenantId, id])).rows[0],
  add: async (title: string, text: string) =>
    (
      await sql.query(
        "insert into lessons (tenant_id, title, text) values ($1, $2, $3) returning id, title, text",
        [sql.tenantId, title, text],
      )
    ).rows[0],
  rename: async (id: string, title: string) =>
    (
      await sql.query("update lessons set title = $3 where tenant_id = $1 and id = $2 returning id, title", [
        sql.tenantId,
        id,
        title,
      ])
    ).rows[0],
  remove: async (id: string) =>
    (await sql.query("delete from lessons where tenant_id = $1 and id = $2 returning id", [sql.tenantId, id]))
      .rows[0],
  links: async () =>
    (await sql.query("select id, lesson_id, label from links where tenant_id = $1", [sql.tenantId])).rows,
  link: async (lesson: string, label: string) =>
    (
      await sql.query(
        "insert into links (tenant_id, lesson_id, label) values ($1, $2, $3) returning id, lesson_id, label",
        [sql.tenantId, lesson, label],
      )
    ).rows[0],
  unlink: async (id: string) =>
    (await sql.query("delete from links where tenant_id = $1 and id = $2 returning id", [sql.tenantId, id]))
      .rows[0],
});

/** The same statements with every condition on the tenant taken out, as a careless hand would leave them. */
function withoutConditions(pool: SqlPool): SqlPool {
  const strip = (text: string): string => text.replaceAll(/tenant_id = \$(\d)/g, "$$$1::uuid is not null");
  return {
    query: (text, values) => pool.query(strip(text), values),
    connect: async () => {
      const connection = await pool.connect();
      return {
        query: (text, values) => connection.query(strip(text), values),
        release: (destroy) => connection.release(destroy),
      };
    },
  };
}

type Row = Readonly<Record<string, unknown>>;
const isRow = (row: unknown): row is Row => typeof row === "object" && row !== null;

const closed = { additionalProperties: false } as const;
const text = Type.String({ minLength: 3, maxLength: 200 });
const id = Type.String({ format: "uuid" });
const schemas = {
  id: Type.Object({ id }),
  add: Type.Object({ title: text, text: Type.Optional(text) }, closed),
  addAnywhere: Type.Object({ title: text, tenant_id: Type.Optional(id) }, closed),
  rename: Type.Object({ title: text }, closed),
  link: Type.Object({ lesson_id: id, label: text }, closed),
  query: Type.Object({ query: text }, closed),
  list: Type.Object(
    {
      q: Type.Optional(Type.String({ maxLength: 100 })),
      per_page: Type.Optional(Type.String({ pattern: "^[1-9][0-9]?$" })),
      cursor: Type.Optional(Type.String({ maxLength: 100 })),
    },
    closed,
  ),
};

/** The database of one test file: tenants are new in each run, so that one is enough. */
export async function lessonsDatabase() {
  const pool = await openPglite();
  await migrate(pool, [aegisMigrations]);
  await pool.query(`create table lessons (id uuid primary key default gen_random_uuid(), tenant_id uuid not null,
    title text not null, text text not null default '')`);
  await pool.query(`create table links (id uuid primary key default gen_random_uuid(), tenant_id uuid not null,
    lesson_id uuid not null, label text not null)`);
  for (const table of ["lessons", "links"]) await pool.query(`select aegis_protect_tenant_table('${table}')`);
  return pool;
}

export async function startLessons(pool: SqlPool, ...holes: readonly Hole[]) {
  const open = (hole: Hole): boolean => holes.includes(hole);
  await pool.query(
    `alter table lessons ${open("no-row-level-security") ? "disable" : "enable"} row level security`,
  );
  const database = tenantDatabase(open("no-where") ? withoutConditions(pool) : pool, repository, {
    role: "aegis_app",
  });

  const app = Fastify(serverOptions(lessonsPolicy));
  const mail = memoryTransport();
  await app.register(aegis, {
    policy: lessonsPolicy,
    secretKey: new Uint8Array(32).fill(1),
    ...memoryStores(),
    limits: roomyLimits(),
    mail,
  });
  const config = { access: "authenticated", tenant: "learner" } as const;
  /** Past the tenant's handle, as an application would that keeps a connection of its own. */
  const everything = async (sql: string, values: unknown[] = []) =>
    (await pool.query(sql, values)).rows.filter(isRow);
  const missing = (reply: { code(status: number): unknown }, detail = "There is no such lesson.") => {
    reply.code(404);
    return { code: "NOT_FOUND", detail };
  };

  app.get<{ Querystring: Type.Static<typeof schemas.list> }>("/api/lessons", {
    config,
    ...(open("owner-parameter") ? {} : { schema: { querystring: schemas.list } }),
    handler: async (request) => {
      const { q = "", per_page: size = 20, cursor = "" } = request.query;
      const [tenant, after] = Buffer.from(cursor, "base64url").toString().split(" ");
      const named = Object.entries(request.query).find(([key]) => key === "tenant_id")?.[1];
      const header = request.headers["x-workspace-id"];
      let where = request.tenant.id;
      if (open("cursor") && tenant !== undefined && tenant !== "") where = tenant;
      if (open("owner-parameter") && typeof named === "string") where = named;
      if (open("workspace-header") && typeof header === "string") where = header;
      const like = [`%${q}%`];
      // Before the tenant's transaction: the embedded database has one connection.
      const found =
        open("search") && q !== ""
          ? await everything("select id, title from lessons where title ilike $1", like)
          : undefined;
      const counted =
        open("search-count") && q !== ""
          ? await everything("select count(*)::int as total from lessons where title ilike $1", like)
          : undefined;
      return database.inTenant(where, async ({ list, count }) => {
        const items = found ?? (await list(q, after ?? "", Number(size))).filter(isRow);
        const [total] = counted ?? [await count()].filter(isRow);
        const more = items.length === Number(size) ? String(items.at(-1)?.["id"]) : undefined;
        const next =
          more === undefined ? null : Buffer.from(`${request.tenant.id} ${more}`).toString("base64url");
        return { items, ...total, next_cursor: next };
      });
    },
  });
  app.post<{ Body: Type.Static<typeof schemas.addAnywhere> & { text?: string } }>("/api/lessons", {
    config,
    schema: { body: open("into-tenant") ? schemas.addAnywhere : schemas.add },
    handler: async (request, reply) => {
      const { title, text: body = "", tenant_id: tenant = request.tenant.id } = request.body;
      reply.code(201);
      return database.inTenant(tenant, ({ add }) => add(title, body));
    },
  });
  app.get<{ Params: { id: string } }>("/api/lessons/:id", {
    config,
    schema: { params: schemas.id },
    handler: async (request, reply) => {
      const found = open("by-id")
        ? (await everything(`${LESSON} id = $1`, [request.params.id]))[0]
        : await database.inTenant(request.tenant.id, ({ read }) => read(request.params.id));
      if (found !== undefined) return found;
      const elsewhere =
        open("error-text") &&
        (await everything("select id from lessons where id = $1", [request.params.id])).length > 0;
      return missing(reply, elsewhere ? "This lesson belongs to somebody else." : undefined);
    },
  });
  app.patch<{ Params: { id: string }; Body: { title: string } }>("/api/lessons/:id", {
    config,
    schema: { params: schemas.id, body: schemas.rename },
    handler: async (request, reply) => {
      if (open("silent-change"))
        await everything("update lessons set title = $2 where id = $1", [
          request.params.id,
          request.body.title,
        ]);
      const work = (tools: ReturnType<typeof repository>) =>
        tools.rename(request.params.id, request.body.title);
      return (await database.inTenant(request.tenant.id, work)) ?? missing(reply);
    },
  });
  app.delete<{ Params: { id: string } }>("/api/lessons/:id", {
    config,
    schema: { params: schemas.id },
    handler: async (request, reply) =>
      (await database.inTenant(request.tenant.id, ({ remove }) => remove(request.params.id))) ??
      missing(reply),
  });
  app.get("/api/links", {
    config,
    handler: async (request) => ({
      items: await database.inTenant(request.tenant.id, ({ links }) => links()),
    }),
  });
  app.post<{ Body: Type.Static<typeof schemas.link> }>("/api/links", {
    config,
    schema: { body: schemas.link },
    handler: async (request, reply) =>
      database.inTenant(request.tenant.id, async ({ read, link }) => {
        const { lesson_id: lesson, label } = request.body;
        if (!open("reference") && (await read(lesson)) === undefined) return missing(reply);
        return link(lesson, label);
      }),
  });
  app.delete<{ Params: { id: string } }>("/api/links/:id", {
    config,
    schema: { params: schemas.id },
    handler: async (request, reply) =>
      (await database.inTenant(request.tenant.id, ({ unlink }) => unlink(request.params.id))) ??
      missing(reply),
  });
  app.post<{ Body: { query: string } }>("/api/query", {
    config,
    schema: { body: schemas.query },
    handler: async (request) => ({
      items: await database.inTenant(request.tenant.id, ({ list }) => list(request.body.query, "", 20)),
    }),
  });
  app.get("/api/stats", {
    config,
    handler: async (request) =>
      open("stats")
        ? (await everything("select count(*)::int as total from lessons"))[0]
        : database.inTenant(request.tenant.id, ({ count }) => count()),
  });

  moreRoutes(app, open);
  const origin = await app.listen({ host: "127.0.0.1", port: 0 });
  return { app, origin, mail, close: () => app.close() };
}
