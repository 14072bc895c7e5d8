/** Search over lessons and concepts, on the embedded database and on a real server: the same questions, the same answers. */
import { definePolicy } from "aegis";
import { migrate, postgresStores } from "aegis/stores/postgres";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { migrationSources } from "../apps/hub/server/database/migrations.ts";
import { askedFor } from "../apps/hub/server/features/search/asked.ts";
import { syncCourseDocuments } from "../apps/hub/server/features/search/course-documents.ts";
import { markedOf } from "../apps/hub/server/features/search/repository.ts";
import type { Visitor } from "./support/browser-like.ts";
import { catalogue, cheapHash, startHub } from "./support/hub.ts";
import { startPostgres } from "./support/postgres.ts";
import { roomyLimits } from "./support/roomy-limits.ts";
import { act, memberOf, openTenant } from "./support/tenant-people.ts";

const policy = definePolicy({ preset: "education", environment: "test", password: { argon2: cheapHash } });

const places = {
  embedded: async () => ({ hub: await startHub(policy), close: async () => undefined }),
  postgresql: async () => {
    const server = await startPostgres();
    const owner = new pg.Pool({ connectionString: server.url, max: 1 });
    await migrate(owner, migrationSources);
    const app = new pg.Pool({ connectionString: server.appUrl, max: 4 });
    await syncCourseDocuments(app, await catalogue);
    const hub = await startHub(policy, {
      ...postgresStores(app),
      limits: roomyLimits(),
      rows: { pool: app },
    });
    const close = async () => {
      await app.end();
      await owner.end();
      await server.close();
    };
    return { hub, close };
  },
};

interface Item {
  readonly kind: string;
  readonly title: { readonly text: string; readonly ranges: readonly { start: number; end: number }[] };
  readonly snippet: Item["title"];
  readonly address: string;
}

describe.each(["embedded", "postgresql"] as const)("search on the %s database", (place) => {
  let stop: () => Promise<void>;
  let learner: Visitor;
  let author: Visitor;
  beforeAll(async () => {
    const { hub, close } = await places[place]();
    stop = async () => {
      await hub.close();
      await close();
    };
    const tenant = await openTenant(hub, "test.com");
    author = await memberOf(hub, tenant, "author");
    learner = await memberOf(hub, tenant, "learner");
    for (const [title, summary, body] of [
      ["Origin", "Scheme, host and port together.", "Two pages of one origin may read each other."],
      [
        "Rotating tokens",
        "A token that is replaced at each use.",
        "<img src=x onerror=alert(1)> a lighthouse & more",
      ],
      ["Lighthouse", "", ""],
    ])
      expect((await act(author, "POST", "/api/knowledge-nodes", { title, summary, body })).statusCode).toBe(
        201,
      );
    const made = await act(author, "POST", "/api/simulations", { name: "How dear is rotation?" });
    expect(made.statusCode, made.body).toBe(201);
  });
  afterAll(() => stop?.());
  const ask = (body: object, visitor = learner) => act(visitor, "POST", "/api/query", body);
  const titles = async (q: string, kinds = ["node"]): Promise<string[]> =>
    (await ask({ q, kinds })).json().items.map(({ title }: Item) => title.text);

  it("finds lessons and concepts by stem, phrase, beginning and without", async () => {
    expect(await titles("token rotation")).toEqual(["Rotating tokens"]);
    expect(await titles("lighthouse")).toEqual(["Lighthouse", "Rotating tokens"]); // a title weighs more than a body
    expect(await titles("lighth")).toEqual(["Lighthouse", "Rotating tokens"]);
    expect(await titles('"one origin"')).toEqual(["Origin"]);
    expect(await titles("lighthouse -token")).toEqual(["Lighthouse"]);
    expect(await titles("origin or lighthouse")).toHaveLength(3);
    const all = (await ask({ q: "rotation" })).json();
    expect(all.kinds).toEqual([
      { kind: "course", total: expect.toSatisfy((n: number) => n > 1) },
      { kind: "lesson", total: 0 },
      { kind: "node", total: 1 },
      { kind: "simulation", total: 1 },
    ]);
    expect(all.items.map(({ title }: Item) => title.text)).toContain("How dear is rotation?");
    const lesson = (items: readonly Item[]) => items.find(({ kind }) => kind === "course")?.address;
    expect(lesson(all.items)).toBe("/courses/sessions/rotation");
    const half = (await ask({ q: "rotation", kinds: ["course"], per_page: 1, page: 2 })).json();
    expect([half.items.length, half.page, half.previous_page]).toEqual([1, 2, 1]);
    expect(lesson(half.items)).not.toBe(lesson(all.items));
  });

  it("says where in a text it was found, by ranges, and makes no markup of anything", async () => {
    const [item]: Item[] = (await ask({ q: "lighthouse token", kinds: ["node"] })).json().items;
    const cut = ({ text, ranges }: Item["title"]) => ranges.map(({ start, end }) => text.slice(start, end));
    expect(item && cut(item.title)).toEqual(["tokens"]);
    expect(item && cut(item.snippet)).toEqual(expect.arrayContaining(["token", "lighthouse"]));
    expect(item?.snippet.text).not.toMatch(/<b>|[\uE000\uE001]/u);
  });

  it("takes whatever is typed, and refuses what is too long, empty or of no kind", async () => {
    for (const q of [
      "'",
      '"',
      "the",
      "!!!",
      "a:*b",
      "((",
      "\\",
      "%_",
      "🦊",
      "x & | !",
      "-",
      "or",
      "' or 1=1 --",
      "th",
      "ﬁ",
      "\u202eabc",
    ])
      expect([q, (await ask({ q })).statusCode]).toEqual([q, 200]);
    for (const body of [
      { q: "" },
      { q: "  " },
      { q: "x".repeat(201) },
      { q: "x", page: 21 },
      { q: "x", per_page: 51 },
      { q: "x", page: 1.5 },
      { q: "x", kinds: [] },
      { q: "x", kinds: ["users"] },
      { q: "x", sort: "id" },
      {},
    ])
      expect([body, (await ask(body)).statusCode]).toEqual([body, 400]);
  });
});

describe("what was typed", () => {
  it("counts its last word as a beginning, unless that is part of a phrase or left out", () => {
    expect(askedFor("cross si")).toEqual({ whole: "cross si", before: "cross ", beginning: "si:*" });
    expect(askedFor(" cross-si")).toEqual({ whole: "cross-si", before: "cross-", beginning: "si:*" });
    for (const q of ['"cross si', 'x "si"', "cross -si", "cross s", "si:*", "'"])
      expect(askedFor(q).beginning).toBe("");
  });

  it("leaves as ranges that fit the text, also where marks do not match", () => {
    expect(markedOf("a \uE000b\uE001 c")).toEqual({ text: "a b c", ranges: [{ start: 2, end: 3 }] });
    expect(markedOf("\uE001\uE000a\uE000b\uE001\uE000")).toEqual({
      text: "ab",
      ranges: [{ start: 1, end: 2 }],
    });
  });
});

describe("the lessons that are searched", () => {
  it("are those of the repository, also after one was changed and another taken away", async () => {
    const { openPglite } = await import("../apps/hub/server/database/pglite-pool.ts");
    const pool = await openPglite();
    await migrate(pool, migrationSources);
    const lessons = await catalogue;
    const rows = async () =>
      (await pool.query("select id, title from hub_course_documents order by id")).rows;
    await syncCourseDocuments(pool, lessons);
    const all = await rows();
    expect(all.length).toBeGreaterThan(15);
    await pool.query("update hub_course_documents set title = 'x' where id = 'sessions/rotation'");
    await pool.query(
      "insert into hub_course_documents (id, title, course, body) values ('old/one', 'x', 'x', 'x')",
    );
    await syncCourseDocuments(pool, lessons);
    expect(await rows()).toEqual(all);
    await syncCourseDocuments(pool, { ...lessons, list: () => [] });
    expect(await rows()).toEqual([]);
    await pool.end();
  });
});
