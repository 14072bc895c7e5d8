/** What authors do stands in the audit log: who, what, on which thing; never what they have written. */
import { definePolicy } from "aegis";
import { eventMeanings } from "aegis/fastify";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventWords } from "../apps/hub/web/src/features/security/event-words.ts";
import { totpCode } from "./support/authenticator.ts";
import { Visitor } from "./support/browser-like.ts";
import { cheapHash, startHub } from "./support/hub.ts";
import { act, memberOf, openTenant } from "./support/tenant-people.ts";

let hub: Awaited<ReturnType<typeof startHub>>;
beforeAll(async () => {
  hub = await startHub(
    definePolicy({ preset: "education", environment: "test", password: { argon2: cheapHash } }),
  );
});
afterAll(() => hub.close());

const SECRET = "Words that stay in the tenant";
/** The application's own events since the last look, in order. */
function news(): readonly { readonly event: string; readonly user_id?: string; readonly facts?: object }[] {
  const own = hub.events.filter(({ event }) => event.startsWith("app."));
  hub.events.length = 0;
  return own;
}

async function administrator() {
  const { password } = await hub.app.aegis.createAccount({ username: "root", roles: ["user", "admin"] });
  const root = new Visitor(hub.app);
  await root.send("POST", "/api/login", { json: { username: "root", password } });
  const { secret } = (await act(root, "POST", "/api/auth/mfa/setup", {})).json();
  await act(root, "POST", "/api/auth/mfa/verify-setup", { code: totpCode(String(secret), hub.clock.now()) });
  return root;
}

describe("what authors do", () => {
  it("is told by name, person and ids: courses and lessons made, changed, published, deleted", async () => {
    const tenant = await openTenant(hub, "Writers");
    const author = await memberOf(hub, tenant, "author");
    const { id: user } = (await author.send("GET", "/api/check_session")).json().user;
    news();
    const course = (await act(author, "POST", "/api/courses", { title: SECRET })).json();
    const at = `/api/courses/${course.id}`;
    const lesson = (await act(author, "POST", `${at}/lessons`, { title: SECRET, body: SECRET })).json();
    const version = lesson.version;
    expect(
      (await act(author, "PATCH", `${at}/lessons/${lesson.id}`, { version, state: "published" })).statusCode,
    ).toBe(200);
    const seen = (await author.send("GET", at)).json();
    expect((await act(author, "PATCH", at, { version: seen.version, summary: SECRET })).statusCode).toBe(200);
    expect((await act(author, "DELETE", `${at}/lessons/${lesson.id}`)).statusCode).toBe(200);
    expect((await act(author, "DELETE", at)).statusCode).toBe(200);
    const told = news();
    const of = { tenant, course: course.id };
    expect(told.map(({ event, user_id: by, facts }) => [event, by, facts])).toEqual([
      ["app.course_created", user, of],
      ["app.lesson_created", user, { ...of, lesson: lesson.id }],
      ["app.lesson_changed", user, { ...of, lesson: lesson.id, state: "published" }],
      ["app.course_changed", user, of],
      ["app.lesson_deleted", user, { ...of, lesson: lesson.id }],
      ["app.course_deleted", user, of],
    ]);
    expect(JSON.stringify(told)).not.toContain(SECRET);
  });

  it("is told of concepts and of what links them, a link that was there once only", async () => {
    const tenant = await openTenant(hub, "Thinkers");
    const author = await memberOf(hub, tenant, "author");
    news();
    const path = "/api/knowledge-nodes";
    const one = (await act(author, "POST", path, { title: SECRET })).json().id;
    const two = (await act(author, "POST", path, { title: "Two" })).json().id;
    for (const status of [201, 200])
      expect(
        (await act(author, "POST", `${path}/${one}/edges`, { kind: "needs", to_id: two })).statusCode,
      ).toBe(status);
    const seen = { "if-match": '"v1"' };
    expect((await act(author, "PATCH", `${path}/${one}`, { body: SECRET }, seen)).statusCode).toBe(200);
    expect((await act(author, "DELETE", `${path}/${one}/edges/needs/${two}`)).statusCode).toBe(200);
    expect((await act(author, "DELETE", `${path}/${two}`, undefined, seen)).statusCode).toBe(200);
    const told = news();
    const link = { tenant, concept: one, to: two, kind: "needs" };
    expect(told.map(({ event, facts }) => [event, facts])).toEqual([
      ["app.concept_created", { tenant, concept: one }],
      ["app.concept_created", { tenant, concept: two }],
      ["app.concepts_linked", link],
      ["app.concept_changed", { tenant, concept: one }],
      ["app.concepts_unlinked", link],
      ["app.concept_deleted", { tenant, concept: two }],
    ]);
    expect(JSON.stringify(told)).not.toContain(SECRET);
  });

  it("is not told where it was refused", async () => {
    const tenant = await openTenant(hub, "Refused");
    const [author, learner] = [await memberOf(hub, tenant, "author"), await memberOf(hub, tenant, "learner")];
    const concept = (await act(author, "POST", "/api/knowledge-nodes", { title: "One" })).json().id;
    const course = (await act(author, "POST", "/api/courses", { title: "One" })).json().id;
    news();
    const at = `/api/knowledge-nodes/${concept}`;
    expect((await act(author, "PATCH", at, { body: "x" }, { "if-match": '"v9"' })).statusCode).toBe(412);
    expect((await act(author, "DELETE", at)).statusCode).toBe(428);
    expect(
      (await act(author, "PATCH", `/api/courses/${course}`, { version: 9, title: "Two" })).statusCode,
    ).toBe(409);
    expect((await act(learner, "DELETE", `/api/courses/${course}`)).statusCode).toBe(403);
    expect((await act(learner, "POST", "/api/knowledge-nodes", { title: "Two" })).statusCode).toBe(403);
    expect(news()).toEqual([]);
  });

  it("stands in the chain for good, where administrators find it, in words", async () => {
    const root = await administrator();
    const author = await memberOf(hub, await openTenant(hub, "Kept"), "author");
    await act(author, "POST", "/api/courses", { title: SECRET });
    await hub.settled();
    const found = await root.send("GET", "/api/admin/audit?event=app.&limit=100");
    expect(found.statusCode, found.body).toBe(200);
    const { items } = found.json();
    expect(items[0]).toMatchObject({ event: "app.course_created", outcome: "success", intact: true });
    expect(found.body).not.toContain(SECRET);
    const names = new Set<string>(items.map(({ event }: { readonly event: string }) => event));
    expect(names.size).toBe(11);
    // A name that nobody gave words to is shown as it is, and so begins with "App".
    for (const name of names) expect(eventWords(name)).not.toMatch(/^App /);
  });

  it("says of every event of the library in plain words what happened", () => {
    const named = Object.keys(eventMeanings).filter(
      (name) => eventWords(name).toLowerCase() === name.replaceAll(/[._]/g, " "),
    );
    expect(named).toEqual([]);
  });

  it("has a name that can be looked for, or is refused where it is told", () => {
    for (const name of ["", "Course", "course.changed", "course changed", "x".repeat(33), "\nx"])
      expect(() => Reflect.apply(hub.app.aegis.record, undefined, [{}, name])).toThrow(
        /An event is named by/,
      );
  });
});
