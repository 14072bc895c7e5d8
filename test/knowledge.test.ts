/** Concepts through the front door, on a real server, as the role that the hub has in production. */
import { randomUUID } from "node:crypto";
import { definePolicy } from "aegis";
import { checkDatabase, checkIndexes, migrate, postgresStores, tryIsolation } from "aegis/stores/postgres";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { migrationSources } from "../apps/hub/server/database/migrations.ts";
import { samples, writeSamples } from "../apps/hub/server/features/knowledge/samples.ts";
import type { Visitor } from "./support/browser-like.ts";
import { catalogue, cheapHash, startHub } from "./support/hub.ts";
import { startPostgres, type TestPostgres } from "./support/postgres.ts";
import { roomyLimits } from "./support/roomy-limits.ts";
import { act, memberOf, openTenant } from "./support/tenant-people.ts";

let server: TestPostgres;
let owner: pg.Pool;
let app: pg.Pool;
let hub: Awaited<ReturnType<typeof startHub>>;
let author: Visitor;
let learner: Visitor;
let stranger: Visitor;
let tenant: string;

beforeAll(async () => {
  server = await startPostgres();
  owner = new pg.Pool({ connectionString: server.url, max: 2 });
  await migrate(owner, migrationSources);
  app = new pg.Pool({ connectionString: server.appUrl, max: 10 });
  hub = await startHub(
    definePolicy({ preset: "education", environment: "test", password: { argon2: cheapHash } }),
    { ...postgresStores(app), limits: roomyLimits(), rows: { pool: app } },
  );
  tenant = await openTenant(hub, "test.com");
  author = await memberOf(hub, tenant, "author");
  learner = await memberOf(hub, tenant, "learner");
  stranger = await memberOf(hub, await openTenant(hub, "ACME"), "owner");
});
afterAll(async () => {
  await hub?.close();
  await app?.end();
  await owner?.end();
  await server?.close();
});

const PATH = "/api/knowledge-nodes";
const LESSON = { course: "sessions", lesson: "rotation" };
async function make(title: string, rest: object = {}, by = author) {
  const answer = await act(by, "POST", PATH, { title, ...rest });
  expect(answer.statusCode, answer.body).toBe(201);
  return { id: String(answer.json().id), etag: String(answer.headers["etag"]), body: answer.json() };
}
const read = async (visitor: Visitor, url: string) => (await visitor.send("GET", url)).json();
const link = (id: string, kind: string, to: string, by = author) =>
  act(by, "POST", `${PATH}/${id}/edges`, { kind, to_id: to });

const statuses = (answers: readonly { readonly statusCode: number }[]) =>
  answers.map(({ statusCode }) => statusCode).toSorted((one, other) => one - other);

describe("a concept", () => {
  it("is written by an author, read by a learner, and stands to lessons and to other concepts", async () => {
    const cookie = await make("  Cookie ", {
      summary: "What a browser keeps.",
      body: "One\r\ntwo",
      lessons: [LESSON],
    });
    expect(cookie.body).toMatchObject({
      title: "Cookie",
      body: "One\ntwo",
      version: 1,
      lessons: [{ ...LESSON, title: expect.any(String), course_title: "Sessions people can trust" }],
    });
    const session = await make("Session");
    expect((await link(session.id, "needs", cookie.id)).statusCode).toBe(201);
    expect((await link(session.id, "needs", cookie.id)).statusCode).toBe(200);
    expect((await link(cookie.id, "see_also", session.id)).statusCode).toBe(201);
    expect((await link(session.id, "see_also", cookie.id)).statusCode).toBe(200); // both ways is one
    const seen = await read(learner, `${PATH}/${cookie.id}`);
    expect(seen.edges).toEqual([
      { kind: "needs", direction: "in", node: { id: session.id, title: "Session", summary: "" } },
      { kind: "see_also", direction: "both", node: expect.objectContaining({ id: session.id }) },
    ]);
    expect((await read(learner, `${PATH}/${session.id}/edges`)).items).toHaveLength(2);
    expect(await read(learner, `${PATH}/graph?around=${cookie.id}&depth=1`)).toMatchObject({
      nodes: [{ title: "Cookie", edge_count: 2 }, { title: "Session" }],
      edges: [{ kind: "needs" }, { kind: "see_also" }],
      truncated: false,
    });
    expect((await read(learner, `${PATH}?lesson=sessions/rotation`)).items).toHaveLength(1);
    expect((await act(author, "DELETE", `${PATH}/${cookie.id}/edges/see_also/${session.id}`)).json()).toEqual(
      {
        deleted: 1,
      },
    );
    // What is gone takes its edges along: none is left that leads nowhere.
    await act(author, "DELETE", `${PATH}/${cookie.id}`, undefined, { "if-match": cookie.etag });
    expect((await read(learner, `${PATH}/${session.id}`)).edges).toEqual([]);
  });

  it("is refused to learners who would write, to whoever works in no tenant, and where a field is not right", async () => {
    const { id, etag } = await make("Guarded");
    for (const answer of [
      await act(learner, "POST", PATH, { title: "Mine" }),
      await act(learner, "PATCH", `${PATH}/${id}`, { title: "Mine" }, { "if-match": etag }),
      await act(learner, "DELETE", `${PATH}/${id}`, undefined, { "if-match": etag }),
      await link(id, "needs", id, learner),
    ])
      expect([answer.statusCode, answer.json().code]).toEqual([403, "AEGIS_TENANCY_ROLE"]);
    const failing = async (json: object) => {
      const answer = await act(author, "POST", PATH, json);
      expect(answer.statusCode, JSON.stringify(json)).toBe(400);
      return answer.json().errors.map(({ field }: { field: string }) => field);
    };
    expect(await failing({ title: " \u00a0" })).toEqual(["title"]);
    expect(await failing({ title: "a\u202eb", summary: "x".repeat(401), owner: 1 })).toEqual(
      expect.arrayContaining(["title", "summary", "owner"]),
    );
    expect(await failing({ title: "x", lessons: [{ course: "sessions", lesson: "none" }] })).toEqual([
      "lessons.0",
    ]);
    expect(await failing({ title: "x", body: "\u0007" })).toEqual(["body"]);
    for (const answer of [
      await make("ﬁne Title").then(() => act(author, "POST", PATH, { title: "FINE title" })),
    ])
      expect([answer.statusCode, answer.json().code]).toEqual([409, "HUB_KNOWLEDGE_TAKEN"]);
  });

  it("is not overwritten by an editor who has not seen what another has saved", async () => {
    const { id, etag } = await make("Contested", { summary: "first" });
    const save = (headers: Record<string, string>, json: object = { summary: "mine" }) =>
      act(author, "PATCH", `${PATH}/${id}`, json, headers);
    expect((await save({})).statusCode).toBe(428);
    for (const wrong of ['W/"v1"', "*", '"v2"', '"v01"', "v1"])
      expect((await save({ "if-match": wrong })).json().code, wrong).toBe("HUB_KNOWLEDGE_CHANGED");
    const all = await Promise.all(Array.from({ length: 20 }, () => save({ "if-match": etag })));
    expect(statuses(all)).toEqual([200, ...Array.from({ length: 19 }, () => 412)]);
    const whole = { title: "Contested", summary: "", body: "", lessons: [] };
    expect(
      (await act(author, "PUT", `${PATH}/${id}`, { title: "x" }, { "if-match": '"v2"' })).statusCode,
    ).toBe(400);
    const put = await act(author, "PUT", `${PATH}/${id}`, whole, { "if-match": '"v2"' });
    expect([put.headers["etag"], put.json().summary]).toEqual(['"v3"', ""]);
    expect((await act(author, "DELETE", `${PATH}/${id}`, undefined, { "if-match": '"v2"' })).statusCode).toBe(
      412,
    );
    const gone = await act(author, "DELETE", `${PATH}/${id}`, undefined, { "if-match": '"v3"' });
    expect([gone.statusCode, (await learner.send("GET", `${PATH}/${id}`)).statusCode]).toEqual([200, 404]);
  });

  it("closes no circle of what is needed, and has no more than forty links, however many come at once", async () => {
    const nodes = await Promise.all(Array.from({ length: 42 }, (_, place) => make(`Many ${place}`)));
    const [hubNode, ...rest] = nodes.map(({ id }) => id);
    const [a = "", b = "", c = ""] = rest;
    await link(a, "needs", b);
    await link(b, "needs", c);
    expect((await link(c, "needs", a)).json().code).toBe("HUB_KNOWLEDGE_CIRCLE");
    expect((await link(a, "needs", a)).statusCode).toBe(409);
    expect((await link(c, "explains", a)).statusCode).toBe(201);
    const token = await author.token();
    const all = await Promise.all(
      rest.map((to) =>
        author.send("POST", `${PATH}/${hubNode}/edges`, {
          json: { kind: "explains", to_id: to },
          headers: { "x-csrftoken": token },
        }),
      ),
    );
    expect(all.filter(({ statusCode }) => statusCode === 201)).toHaveLength(40);
    expect(all.filter(({ statusCode }) => statusCode === 409)).toHaveLength(1);
    // Two that would close a circle together: one wins.
    const [x, y] = [await make("Hen"), await make("Egg")];
    const both = await Promise.all([link(x.id, "needs", y.id), link(y.id, "needs", x.id)]);
    expect(statuses(both)).toEqual([201, 409]);
  });
});

describe("a list of concepts", () => {
  it("comes in pages by number and by cursor, forward and back, with every row once", async () => {
    for (const sort of ["title", "-updated_at"]) {
      const first = await read(learner, `${PATH}?sort=${sort}&per_page=7`);
      const seen: string[] = [];
      let page = first;
      const pages = [page];
      for (;;) {
        seen.push(...page.items.map(({ id }: { id: string }) => id));
        if (page.next_cursor === null) break;
        page = await read(learner, `${PATH}?sort=${sort}&per_page=7&cursor=${page.next_cursor}`);
        pages.push(page);
      }
      expect([seen.length, new Set(seen).size, first.total_capped]).toEqual([
        first.total,
        first.total,
        false,
      ]);
      const back = await read(learner, pages.at(-1).links.previous);
      expect(back.items).toEqual(pages.at(-2).items);
      const second = await read(learner, first.links.next);
      expect([second.page, second.items]).toEqual([2, pages[1].items]);
    }
    const { items, total } = await read(learner, `${PATH}?q=MANY%203&per_page=100`);
    expect([total, items.length]).toEqual([11, 11]); // 3 and 30 to 39
    expect((await read(learner, `${PATH}?q=%25`)).total).toBe(0);
  });

  it("refuses a cursor that was made up, changed, or is of another order, search or tenant", async () => {
    const { next_cursor: cursor } = await read(learner, `${PATH}?per_page=2`);
    const status = async (query: string, visitor = learner) =>
      (await visitor.send("GET", `${PATH}?${query}`)).statusCode;
    expect(await status(`cursor=${cursor}`)).toBe(200);
    const changed = `${cursor[0] === "A" ? "B" : "A"}${cursor.slice(1)}`;
    const forged = Buffer.from('["a","","00000000-0000-4000-8000-000000000000"]').toString("base64url");
    for (const query of [
      `cursor=${changed}`,
      `cursor=${forged}`,
      `cursor=${forged}${cursor.slice(-43)}`,
      `cursor=${cursor}&sort=-title`,
      `cursor=${cursor}&q=x`,
      `cursor=${cursor}&page=2`,
      "per_page=101",
      "per_page=0",
      "page=0",
      "page=1000&per_page=100",
      "cursor=",
      "sort=body",
      "q=%00",
    ])
      expect([query, await status(query)]).toEqual([query, 400]);
    expect(await status(`cursor=${cursor}`, stranger)).toBe(400);
  });
});

describe("the samples of a first start", () => {
  it("speak of lessons that there are, and are linked as they say", async () => {
    const lessons = await catalogue;
    for (const key of samples.flatMap((sample) => sample.lessons)) {
      const [course = "", lesson = ""] = key.split("/");
      expect([key, lessons.lesson(course, lesson)?.slug]).toEqual([key, lesson]);
    }
    const fresh = await openTenant(hub, "Fresh");
    await writeSamples({ pool: app }, fresh);
    const { nodes, edges } = await read(await memberOf(hub, fresh, "learner"), `${PATH}/graph`);
    expect([nodes.length, edges.length]).toEqual([
      samples.length,
      samples.reduce((sum, sample) => sum + (sample.edges ?? []).length, 0),
    ]);
  });
});

describe("another tenant", () => {
  it("sees no concept, by list, id, search, graph or edge, and changes none", async () => {
    const { id, etag } = await make("Harbour secret", { body: "violetta" });
    const theirs = await make("Theirs", {}, stranger);
    expect((await read(stranger, PATH)).total).toBe(1);
    expect((await read(stranger, `${PATH}/graph`)).nodes).toHaveLength(1);
    const search = await act(stranger, "POST", "/api/query", { q: "violetta" });
    expect(search.json()).toMatchObject({ items: [], total: 0 });
    const ours = { "if-match": etag };
    for (const answer of [
      await stranger.send("GET", `${PATH}/${id}`),
      await stranger.send("GET", `${PATH}/${id}/edges`),
      await stranger.send("GET", `${PATH}/graph?around=${id}`),
      await act(stranger, "PATCH", `${PATH}/${id}`, { title: "Stolen" }, ours),
      await act(stranger, "DELETE", `${PATH}/${id}`, undefined, ours),
      await link(theirs.id, "needs", id, stranger),
      await link(id, "needs", theirs.id, stranger),
    ])
      expect([answer.statusCode, answer.json().code]).toEqual([404, "HUB_KNOWLEDGE_NOT_FOUND"]);
    // The same as for what nobody has.
    const nobodys = await stranger.send("GET", `${PATH}/${randomUUID()}`);
    expect(nobodys.json().code).toBe("HUB_KNOWLEDGE_NOT_FOUND");
    expect((await act(stranger, "POST", PATH, { title: "Harbour secret" })).statusCode).toBe(201);
  });

  it("is kept out by the tables themselves: no finding, no leak, and no foreign key without an index", async () => {
    const { findings, tables } = await checkDatabase(app);
    expect(findings).toEqual([]);
    expect(tables).toEqual(
      expect.arrayContaining(
        ["hub_knowledge_edges", "hub_knowledge_lessons", "hub_knowledge_nodes"].map((t) => `public.${t}`),
      ),
    );
    const trials = await tryIsolation(app);
    expect(trials.filter(({ outcome }) => outcome === "leak")).toEqual([]);
    expect(trials.filter(({ table, outcome }) => table.endsWith("nodes") && outcome === "held")).toHaveLength(
      6,
    );
    expect(await checkIndexes(app)).toEqual([]);
    // A key that refers looks past row-level security: it must name the tenant itself.
    const [ours, theirs] = [await make("Ours"), await make("Their other", {}, stranger)];
    await expect(
      owner.query(
        "insert into hub_knowledge_edges (tenant_id, from_id, to_id, kind) values ($1, $2, $3, 'needs')",
        [tenant, ours.id, theirs.id],
      ),
    ).rejects.toThrow(/foreign key/);
  });
});
