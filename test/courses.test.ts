/** Courses of tenants through the front door, on a real server, as the role that the hub has in production. */
import { randomUUID } from "node:crypto";
import { definePolicy } from "aegis";
import { checkDatabase, checkIndexes, migrate, postgresStores, tryIsolation } from "aegis/stores/postgres";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { migrationSources } from "../apps/hub/server/database/migrations.ts";
import { attackFamilies } from "../packages/aegis/src/sanitize/payloads.contract.ts";
import {
  envelope,
  gifFile,
  pdfFile,
  pngFile,
  type SampleFile,
} from "../packages/aegis/src/verify/wire/files.ts";
import type { Visitor } from "./support/browser-like.ts";
import { cheapHash, startHub } from "./support/hub.ts";
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

beforeAll(async () => {
  server = await startPostgres();
  owner = new pg.Pool({ connectionString: server.url, max: 2 });
  await migrate(owner, migrationSources);
  app = new pg.Pool({ connectionString: server.appUrl, max: 10 });
  hub = await startHub(
    definePolicy({ preset: "education", environment: "test", password: { argon2: cheapHash } }),
    { ...postgresStores(app), limits: roomyLimits(), rows: { pool: app } },
  );
  const tenant = await openTenant(hub, "test.com");
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

const PATH = "/api/courses";
const get = (visitor: Visitor, url: string) => visitor.send("GET", url);
const read = async (visitor: Visitor, url: string) => (await get(visitor, url)).json();
async function made(url: string, json: object, by = author) {
  const answer = await act(by, "POST", url, json);
  expect(answer.statusCode, answer.body).toBe(201);
  return answer.json();
}
const newCourse = async (title: string, summary = "", by = author) =>
  `${PATH}/${String((await made(PATH, { title, summary }, by)).id)}`;
const newLesson = async (course: string, title: string, body = "") =>
  `${course}/lessons/${String((await made(`${course}/lessons`, { title, body })).id)}`;
async function change(url: string, changes: object, by = author) {
  const { version } = await read(author, url);
  return act(by, "PATCH", url, { version, ...changes });
}
const publish = (url: string) => change(url, { state: "published" });
async function picture(course: string, file: SampleFile = pngFile(), by = author) {
  const { type, body } = envelope(file);
  return by.send("POST", `${course}/pictures`, {
    payload: body,
    headers: { "content-type": type, "x-csrftoken": await by.token() },
  });
}
const titles = ({ items }: { items: readonly { title: string }[] }) => items.map(({ title }) => title);

describe("a course of a tenant", () => {
  it("is written by an author and read by a learner once it is published, lesson by lesson", async () => {
    const course = await newCourse("  Tides   and moons ", "Why the harbour empties.");
    const first = await newLesson(course, "Springs", "<p>Twice a month.</p>");
    const second = await newLesson(course, "Neaps", "<h2>Half moon</h2><p>The <b>small</b> tides.</p>");
    expect(await read(author, course)).toMatchObject({
      title: "Tides and moons",
      state: "draft",
      version: 1,
      lessons: [{ title: "Springs", state: "draft" }, { title: "Neaps" }],
    });
    expect((await get(learner, course)).statusCode).toBe(404);
    expect(titles(await read(learner, PATH))).not.toContain("Tides and moons");
    expect((await publish(course)).statusCode).toBe(200);
    expect((await publish(second)).statusCode).toBe(200);
    // What is still being written stays with the authors.
    expect((await read(learner, course)).lessons).toMatchObject([{ title: "Neaps" }]);
    expect((await get(learner, first)).statusCode).toBe(404);
    expect(await read(learner, second)).toMatchObject({
      title: "Neaps",
      body: "<h2>Half moon</h2><p>The <b>small</b> tides.</p>",
      content: [
        { tag: "h2", children: ["Half moon"] },
        { tag: "p", children: ["The ", { tag: "strong", children: ["small"] }, " tides."] },
      ],
      previous: null,
      next: null,
    });
    const { items } = await read(learner, `${PATH}?q=MOONS`);
    expect(items).toMatchObject([{ title: "Tides and moons", lesson_count: 1, state: "published" }]);
    expect((await act(author, "DELETE", second)).json()).toEqual({ deleted: 1 });
    expect((await get(learner, second)).statusCode).toBe(404);
    expect((await act(author, "DELETE", course)).json()).toEqual({ deleted: 1 });
    expect((await get(author, first)).statusCode).toBe(404);
  });

  it("has its lessons in the order that its author gives, and refuses an order that misses one", async () => {
    const course = await newCourse("Ordered");
    const lessons = [
      await newLesson(course, "a"),
      await newLesson(course, "b"),
      await newLesson(course, "c"),
    ];
    const ids = lessons.map((url) => url.split("/").at(-1));
    const [a, b, c] = ids;
    const answer = await change(course, { lessons: [c, a, b] });
    expect(answer.json().lessons.map(({ title }: { title: string }) => title)).toEqual(["c", "a", "b"]);
    for (const wrong of [[a, b], [a, b, randomUUID()], []])
      expect((await change(course, { lessons: wrong })).statusCode).toBe(409);
    expect((await change(course, { lessons: [a, a, b] })).statusCode).toBe(400);
    // Nothing of a refused change stays.
    expect((await read(author, course)).version).toBe(2);
    expect(await read(author, lessons[0] ?? "")).toMatchObject({
      previous: { title: "c" },
      next: { title: "b" },
    });
  });

  it("is in a list of pages, whose cursors are the reader's own", async () => {
    const tenant = await openTenant(hub, `pages-${randomUUID().slice(0, 8)}`);
    const [writer, reader] = [await memberOf(hub, tenant, "author"), await memberOf(hub, tenant, "learner")];
    for (const title of ["b", "a", "c", "d"]) await newCourse(title, "", writer);
    const one = await read(writer, `${PATH}?per_page=2`);
    expect([titles(one), one.total]).toEqual([["a", "b"], 4]);
    const two = await read(writer, `${PATH}?per_page=2&cursor=${one.next_cursor}`);
    expect([titles(two), two.next_cursor]).toEqual([["c", "d"], null]);
    expect(titles(await read(writer, `${PATH}?sort=-updated_at&per_page=1`))).toHaveLength(1);
    expect(await read(reader, PATH)).toMatchObject({ items: [], total: 0 });
    for (const other of [reader, stranger])
      expect((await get(other, `${PATH}?per_page=2&cursor=${one.next_cursor}`)).statusCode).toBe(400);
  });
});

describe("two authors", () => {
  it("do not overwrite each other: a stale version is refused with 409, and one of twenty wins", async () => {
    const course = await newCourse("Shared");
    const lesson = await newLesson(course, "Shared");
    for (const url of [course, lesson]) {
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, place) =>
          act(author, "PATCH", url, { version: 1, title: `Mine ${place}` }),
        ),
      );
      const won = answers.filter(({ statusCode }) => statusCode === 200);
      expect(won).toHaveLength(1);
      for (const lost of answers.filter((answer) => answer !== won[0]))
        expect([lost.statusCode, lost.json().code]).toEqual([409, "HUB_COURSE_CHANGED"]);
      expect(await read(author, url)).toMatchObject({ title: won[0]?.json().title, version: 2 });
      expect((await act(author, "PATCH", url, { title: "Whichever" })).statusCode).toBe(400);
    }
  });
});

describe("a lesson's text", () => {
  const DANGEROUS =
    /<(?!\/?(?:p|br|hr|h[1-6]|strong|em|b|i|u|s|sub|sup|small|mark|code|kbd|samp|pre|blockquote|q|cite|abbr|ul|ol|li|dl|dt|dd|a|img|figure|figcaption|table|caption|thead|tbody|tfoot|tr|th|td|div|span)\b)|<[^>]*\son\w+\s*=|<[^>]*\sstyle\s*=|(?:href|src)="(?!\/(?!\/)|#|https?:|mailto:)/i;

  it("is stored and read clean, whichever attack comes in it", async () => {
    const course = await newCourse("Attacked");
    const lesson = await newLesson(course, "Attacked", "<p>before</p>");
    await publish(course);
    await publish(lesson);
    for (const attack of attackFamilies) {
      const answer = await change(lesson, { body: `<p>a</p>${attack}` });
      if (answer.statusCode === 400) continue; // beyond what is cleaned
      expect(answer.statusCode, attack).toBe(200);
      const { body, content } = await read(learner, lesson);
      expect(body, attack).not.toMatch(DANGEROUS);
      expect((await change(lesson, { body })).json().body, attack).toBe(body);
      const names: string[] = [];
      const walk = (nodes: readonly unknown[]): void =>
        nodes.forEach((node) => {
          if (typeof node !== "object" || node === null) return;
          for (const [key, value] of Object.entries(node)) {
            if (key === "tag") names.push(String(value));
            else if (key === "href") expect(value, attack).toMatch(/^(https?:|mailto:|\/(?!\/)|#)/);
            else if (key === "src") expect.unreachable(`a picture of nobody's: ${attack}`);
            else if (key === "children" && Array.isArray(value)) walk(value);
            else if (key !== "alt") expect.unreachable(`${key}: ${attack}`);
          }
        });
      walk(content);
      expect(names.filter((name) => /script|svg|math|style|iframe|object|form|input/.test(name))).toEqual([]);
    }
    const rows = await owner.query("select body from hub_lessons where id = $1", [lesson.split("/").at(-1)]);
    expect(String(rows.rows[0].body)).not.toMatch(DANGEROUS);
  });

  it("shows in a preview what readers will see, and is refused beyond its size", async () => {
    const course = await newCourse("Previewed");
    const body = `<h1>Big</h1><p onclick="x()">a <a href="https://example.com/">b</a><script>hit()</script></p>
      <img src="/api/uploads/x/content" alt="elsewhere">`;
    const shown = (await act(author, "POST", `${course}/preview`, { body })).json();
    expect(JSON.stringify(shown)).not.toMatch(/hit|onclick|elsewhere/);
    expect(shown.content[0]).toEqual({ tag: "h2", children: ["Big"] });
    const lesson = await newLesson(course, "Previewed", body);
    expect((await read(author, lesson)).content).toEqual(shown.content);
    for (const much of ["x".repeat(100_001), "&".repeat(30_000), "<b>".repeat(5000)])
      expect((await change(lesson, { body: much })).statusCode).toBe(400);
    expect((await change(lesson, { body: "<p>x</p>".repeat(9000) })).statusCode).toBe(200);
  });
});

describe("a picture in a lesson", () => {
  it("is shown to readers of the course, to authors before it is published, and to nobody else", async () => {
    const course = await newCourse("Pictured");
    const answer = await picture(course);
    expect(answer.statusCode, answer.body).toBe(201);
    const { src, id } = answer.json();
    expect(src).toBe(`${course}/pictures/${id}`);
    const lesson = await newLesson(course, "Pictured", `<p><img src="${src}" alt="A harbour"></p>`);
    expect((await read(author, lesson)).content).toEqual([
      { tag: "p", children: [{ tag: "img", children: [], src, alt: "A harbour" }] },
    ]);
    expect((await get(learner, src)).statusCode).toBe(404);
    await publish(course);
    const seen = await get(learner, src);
    expect([seen.statusCode, seen.headers["content-type"]]).toEqual([200, "image/png"]);
    expect(seen.headers["content-security-policy"]).toMatch(/^sandbox; default-src 'none'/);
    expect((await get(stranger, src)).statusCode).toBe(404);
    // Not the file itself, which is its author's; and not as a picture of another course.
    expect((await get(learner, `/api/uploads/${id}/content`)).statusCode).toBe(404);
    const elsewhere = await newCourse("Elsewhere", "", stranger);
    expect((await get(stranger, `${elsewhere}/pictures/${id}`)).statusCode).toBe(404);
    // Whoever writes another tenant's row by hand sees nothing: the file is looked up in their own tenant.
    await owner.query(
      `insert into hub_course_pictures (tenant_id, course_id, upload_id, created_at)
       select tenant_id, id, $2, now() from hub_courses where id = $1`,
      [elsewhere.split("/").at(-1), id],
    );
    expect((await get(stranger, `${elsewhere}/pictures/${id}`)).statusCode).toBe(404);
  });

  it("is not deleted by its owner while a lesson shows it, and the lessons are named", async () => {
    const course = await newCourse("Kept");
    const { src, id } = (await picture(course)).json();
    const file = `/api/uploads/${id}`;
    const lesson = await newLesson(course, "With a gap", `<p><img src="${src}" alt="A harbour"></p>`);
    await newLesson(course, "Without", "<p>Words</p>");
    const refused = await act(author, "DELETE", file);
    expect([refused.statusCode, refused.json()]).toEqual([
      409,
      expect.objectContaining({
        code: "AEGIS_UPLOAD_IN_USE",
        errors: [{ field: "", reason: "used", message: "The lesson “With a gap” of the course “Kept”." }],
      }),
    ]);
    expect((await get(author, src)).statusCode).toBe(200);
    expect((await act(stranger, "DELETE", file)).json().code).toBe("AEGIS_UPLOAD_NOT_FOUND");
    const { version } = await read(author, lesson);
    const without = await act(author, "PATCH", lesson, { version, body: "<p>A harbour</p>" });
    expect(without.statusCode, without.body).toBe(200);
    expect((await act(author, "DELETE", file)).statusCode).toBe(200);
    expect((await get(author, src)).statusCode).toBe(404);
  });

  it("tells an owner who is no author any more that a draft shows it, and not which", async () => {
    const { tenant } = await read(author, "/api/tenant");
    const demoted = await memberOf(hub, tenant.id, "author");
    const course = await newCourse("Hidden");
    const { src, id } = (await picture(course, pngFile(), demoted)).json();
    await newLesson(course, "Nobody's business", `<p><img src="${src}" alt="x"></p>`);
    const { user } = await read(demoted, "/api/check_session");
    expect(await hub.stores.tenancy.setRole(tenant.id, String(user.id), "learner", true)).toBe("changed");
    const refused = await act(demoted, "DELETE", `/api/uploads/${id}`);
    expect([refused.statusCode, refused.json().errors]).toEqual([
      409,
      [{ field: "", reason: "used", message: "A draft of an author." }],
    ]);
  });

  it("is a picture, sent by an author of the tenant, and of a file of one's own no picture is made", async () => {
    const course = await newCourse("Guarded");
    expect((await picture(course, gifFile())).statusCode).toBe(201);
    expect((await picture(course, pdfFile())).statusCode).toBe(415);
    expect((await picture(course, pngFile(), learner)).statusCode).toBe(403);
    expect((await picture(course, pngFile(), stranger)).statusCode).toBe(404);
    const { type, body } = envelope(pngFile());
    const own = await author.send("POST", "/api/uploads", {
      payload: body,
      headers: { "content-type": type, "x-csrftoken": await author.token() },
    });
    expect((await get(author, `${course}/pictures/${own.json().id}`)).statusCode).toBe(404);
  });
});

it("a file belongs to a tenant no longer than its owner does, whatever a session still names", async () => {
  const { type, body } = envelope(pngFile());
  const send = async (visitor: Visitor) =>
    visitor.send("POST", "/api/uploads", {
      payload: body,
      headers: { "content-type": type, "x-csrftoken": await visitor.token() },
    });
  const tenant = await openTenant(hub, "Leavers");
  const leaver = await memberOf(hub, tenant, "learner");
  const kept = String((await send(leaver)).json().id);
  expect((await get(leaver, `/api/uploads/${kept}`)).statusCode).toBe(200);
  const { user } = await read(leaver, "/api/check_session");
  expect(await hub.stores.tenancy.remove(tenant, String(user.id), true)).toBe("changed");
  expect((await get(leaver, `/api/uploads/${kept}`)).statusCode).toBe(404);
  const own = String((await send(leaver)).json().id);
  const { rows } = await owner.query("select id, tenant_id from aegis_uploads where id = any($1)", [
    [kept, own],
  ]);
  expect(new Map(rows.map(({ id, tenant_id }) => [id, tenant_id]))).toEqual(
    new Map<string, string | null>([
      [kept, tenant],
      [own, null],
    ]),
  );
});

describe("another tenant", () => {
  it("gets 404 for everything of a course, and learners may change none of it", async () => {
    const course = await newCourse("Walled");
    const lesson = await newLesson(course, "Walled");
    const { src } = (await picture(course)).json();
    await publish(course);
    await publish(lesson);
    const lessonId = lesson.split("/").at(-1);
    const changes = [
      ["PATCH", course, { version: 2, title: "x" }],
      ["PATCH", course, { version: 2, lessons: [lessonId] }],
      ["DELETE", course, undefined],
      ["POST", `${course}/lessons`, { title: "x" }],
      ["PATCH", lesson, { version: 2, title: "x" }],
      ["DELETE", lesson, undefined],
      ["POST", `${course}/preview`, { body: "x" }],
    ] as const;
    for (const [method, url, json] of changes) {
      const foreign = await act(stranger, method, url, json);
      expect([method, url, foreign.statusCode]).toEqual([method, url, 404]);
      expect(foreign.json()).toMatchObject({ code: "HUB_COURSE_NOT_FOUND" });
      expect((await act(learner, method, url, json)).json()).toMatchObject({ code: "AEGIS_TENANCY_ROLE" });
    }
    for (const url of [course, lesson, src]) expect((await get(stranger, url)).statusCode).toBe(404);
    expect(titles(await read(stranger, `${PATH}?q=walled`))).toEqual([]);
    expect((await act(learner, "POST", PATH, { title: "x" })).statusCode).toBe(403);
    // One's own course does not open another's lesson.
    const own = await newCourse("Own", "", stranger);
    expect((await get(stranger, `${own}/lessons/${lessonId}`)).statusCode).toBe(404);
    expect(await read(author, course)).toMatchObject({ title: "Walled", version: 2 });
    const query = (visitor: Visitor) =>
      act(visitor, "POST", "/api/query", { q: "walled", kinds: ["lesson"] });
    expect((await query(learner)).json()).toMatchObject({
      total: 1,
      items: [{ kind: "lesson", address: lesson.replace(PATH, "/tenant/courses") }],
    });
    expect((await query(stranger)).json().total).toBe(0);
    await change(course, { state: "draft" });
    expect((await query(learner)).json().total).toBe(0);
  });

  it("is kept out by row-level security alone, and every key has its index", async () => {
    expect((await checkDatabase(app)).findings).toEqual([]);
    expect(await checkIndexes(owner)).toEqual([]);
    const trials = await tryIsolation(app);
    for (const table of ["hub_courses", "hub_lessons", "hub_course_pictures"])
      expect(
        trials.filter((trial) => trial.table.includes(table)).map(({ outcome }) => outcome),
      ).not.toContain("leak");
    expect(trials.some(({ table }) => table.includes("hub_lessons"))).toBe(true);
  });
});
