/** Simulations over HTTP: made, run, watched, ended, and seen by nobody of another tenant. */
import { definePolicy } from "aegis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Visitor } from "./support/browser-like.ts";
import { cheapHash, startHub } from "./support/hub.ts";

let hub: Awaited<ReturnType<typeof startHub>>;
beforeAll(async () => {
  hub = await startHub(
    definePolicy({
      preset: "education",
      environment: "test",
      password: { argon2: cheapHash, minLength: 12 },
      tenancy: { selfService: true },
    }),
  );
});
afterAll(() => hub.close());

type Method = "POST" | "PATCH" | "PUT" | "DELETE";
const act = async (visitor: Visitor, method: Method, url: string, json?: unknown) =>
  visitor.send(method, url, {
    ...(json === undefined ? {} : { json }),
    headers: { "x-csrftoken": await visitor.token() },
  });
const get = (visitor: Visitor, url: string) => visitor.send("GET", url);

let count = 0;
async function owner() {
  const visitor = await new Visitor(hub.app).enter();
  count += 1;
  const made = await act(visitor, "POST", "/api/tenants", { name: `Tenant ${count}` });
  expect(made.statusCode, made.body).toBe(201);
  return { visitor, tenantId: String(made.json().tenant.id) };
}
async function learner(tenantId: string) {
  const visitor = await new Visitor(hub.app).enter();
  const id = String((await get(visitor, "/api/check_session")).json().user.id);
  const member = { accountId: id, role: "learner", joinedAt: hub.clock.now() } as const;
  expect(await hub.stores.tenancy.join(tenantId, member, 100)).toBe("joined");
  expect((await act(visitor, "POST", "/api/tenant/switch", { tenant_id: tenantId })).statusCode).toBe(200);
  return visitor;
}
async function make(visitor: Visitor, facts: object = {}): Promise<string> {
  const made = await act(visitor, "POST", "/api/simulations", { name: "Guessing", ...facts });
  expect(made.statusCode, made.body).toBe(201);
  return String(made.json().id);
}
const at = (id: string, rest = "") => `/api/simulations/${id}${rest}`;
async function finished(visitor: Visitor, id: string) {
  await expect
    .poll(async () => (await get(visitor, at(id, "/progress"))).json().run?.active, { timeout: 30_000 })
    .toBe(false);
  return (await get(visitor, at(id, "/progress"))).json().run;
}
/** Long enough that somebody can cancel it. */
const LONG = {
  experiment: "rate-limit",
  parameters: { limit: 200, demand: 400 },
  refinement_steps: 20,
  confidence_threshold: 1,
};

describe("a simulation", () => {
  it("is made with nothing but a name, changed in part or in whole, and deleted", async () => {
    const { visitor } = await owner();
    const made = await act(visitor, "POST", "/api/simulations", { name: "  What guessing costs " });
    expect(made.json()).toMatchObject({
      name: "What guessing costs",
      description: "",
      experiment: "password-guessing",
      parameters: { digits: 9, skew: 0.8, rate: 1000, days: 30 },
      sim_type: "standard",
      refinement_steps: 12,
      confidence_threshold: 0.95,
      seed: null,
      may_change: true,
    });
    const { id } = made.json();
    const part = await act(visitor, "PATCH", at(id), { sim_type: "advanced", parameters: { days: 7 } });
    expect(part.json()).toMatchObject({ name: "What guessing costs", parameters: { digits: 9, days: 7 } });
    // Another experiment begins with its own parameters.
    const other = await act(visitor, "PATCH", at(id), { experiment: "rate-limit", seed: 4_294_967_295 });
    expect(other.json()).toMatchObject({
      parameters: { limit: 60, demand: 90, algorithm: 1 },
      seed: 4_294_967_295,
    });
    const whole = {
      name: "x".repeat(128),
      description: "y".repeat(1000),
      experiment: "session-theft",
      parameters: {},
      sim_type: "standard",
      refinement_steps: 1,
      confidence_threshold: 0,
    };
    expect((await act(visitor, "PUT", at(id), whole)).json()).toMatchObject({
      ...whole,
      parameters: { rotation: 15, grace: 10, thief: 600 },
      seed: null,
    });
    expect((await act(visitor, "PUT", at(id), { name: "only" })).statusCode).toBe(400);
    expect((await get(visitor, at(id))).json()).toMatchObject(whole.name === "" ? {} : { name: whole.name });
    expect((await act(visitor, "DELETE", at(id))).json()).toEqual({ deleted: 1 });
    for (const answer of [await get(visitor, at(id)), await act(visitor, "DELETE", at(id))])
      expect([answer.statusCode, answer.json().code]).toEqual([404, "HUB_SIMULATION_NOT_FOUND"]);
  });

  it.each([
    [{ name: "" }, "name"],
    [{ name: "   " }, "name"],
    [{ name: "x".repeat(129) }, "name"],
    [{ name: "two\nlines" }, "name"],
    [{ name: "turned \u202e round" }, "name"],
    [{ name: "half a pair \ud800" }, "name"],
    [{ description: "x".repeat(1001) }, "description"],
    [{ sim_type: "Standard" }, "sim_type"],
    [{ refinement_steps: 0 }, "refinement_steps"],
    [{ refinement_steps: 21 }, "refinement_steps"],
    [{ refinement_steps: 1.5 }, "refinement_steps"],
    [{ refinement_steps: "5" }, "refinement_steps"],
    [{ confidence_threshold: -0.01 }, "confidence_threshold"],
    [{ confidence_threshold: 1.01 }, "confidence_threshold"],
    [{ experiment: "no-such-thing" }, "experiment"],
    [{ parameters: { days: 0 } }, "parameters.days"],
    [{ parameters: { days: 1.5 } }, "parameters.days"],
    [{ parameters: { surprise: 1 } }, "parameters.surprise"],
    [{ parameters: { __proto__x: 1 } }, "parameters"],
    [{ seed: -1 }, "seed"],
    [{ seed: 4_294_967_296 }, "seed"],
    [{ tenant_id: "x" }, "tenant_id"],
  ])("is refused with %j, in a list of fields", async (facts, field) => {
    const { visitor } = await shared();
    const id = await make(visitor);
    for (const answer of [
      await act(visitor, "POST", "/api/simulations", { name: "Guessing", ...facts }),
      await act(visitor, "PATCH", at(id), facts),
    ]) {
      expect([answer.statusCode, answer.json().code]).toEqual([400, "AEGIS_INPUT_INVALID"]);
      expect(
        answer.json().errors.map((one: { field: string }) => one.field.slice(0, field.length)),
      ).toContain(field);
    }
  });

  it("is changed and deleted by its maker and by authors, and run by every member", async () => {
    const { visitor, tenantId } = await owner();
    const [ada, ben] = [await learner(tenantId), await learner(tenantId)];
    const id = await make(ada, { refinement_steps: 1 });
    expect((await get(ben, at(id))).json()).toMatchObject({ may_change: false });
    for (const answer of [
      await act(ben, "PATCH", at(id), { name: "mine now" }),
      await act(ben, "DELETE", at(id)),
    ])
      expect([answer.statusCode, answer.json().code]).toEqual([403, "HUB_SIMULATION_NOT_YOURS"]);
    expect((await act(ben, "POST", at(id, "/run"))).statusCode).toBe(202);
    await finished(ben, id);
    expect((await act(ada, "PATCH", at(id), { name: "Ada's" })).statusCode).toBe(200);
    expect((await act(visitor, "DELETE", at(id))).statusCode).toBe(200);
  });
});

let sharedOwner: Awaited<ReturnType<typeof owner>> | undefined;
const shared = async () => (sharedOwner ??= await owner());

describe("a run", () => {
  it("converges, is kept with each step, and says what theory says", async () => {
    const { visitor } = await shared();
    const id = await make(visitor, { experiment: "session-theft", sim_type: "advanced", seed: 3 });
    expect((await get(visitor, at(id, "/progress"))).json()).toEqual({ run: null });
    const started = await act(visitor, "POST", at(id, "/run"));
    expect([started.statusCode, started.json()]).toMatchObject([
      202,
      { state: "queued", active: true, steps: [] },
    ]);
    const run = await finished(visitor, id);
    expect(run).toMatchObject({ state: "converged", failure: null, seed: 3 });
    const last = run.steps.at(-1);
    expect(last.confidence).toBeGreaterThanOrEqual(0.95);
    expect(last.low <= run.exact && run.exact <= last.high).toBe(true);
    // What was asked stands with the run, whatever the simulation becomes.
    hub.clock.advance(1000);
    await act(visitor, "PATCH", at(id), { sim_type: "standard" });
    await act(visitor, "POST", at(id, "/run"));
    await finished(visitor, id);
    const { items, total } = (await get(visitor, at(id, "/runs"))).json();
    expect([total, items.map((one: { sim_type: string }) => one.sim_type).toSorted()]).toEqual([
      2,
      ["advanced", "standard"],
    ]);
    const listed = (await get(visitor, "/api/simulations?sort=-updated_at&per_page=1")).json();
    expect(listed.items[0]).toMatchObject({ id, last_run: { active: false, last_step: expect.anything() } });
  });

  it("is one at a time, is cancelled once, and few of one person at once", async () => {
    const { visitor } = await owner();
    const ids = [await make(visitor, LONG), await make(visitor, LONG), await make(visitor, LONG)] as const;
    expect((await act(visitor, "POST", at(ids[0], "/cancel"))).json().code).toBe("HUB_SIMULATION_IDLE");
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => act(visitor, "POST", at(ids[0], "/run"))),
    );
    const codes = answers.map(({ statusCode }) => statusCode);
    expect([
      codes.filter((code) => code === 202).length,
      codes.every((code) => [202, 409, 503].includes(code)),
    ]).toEqual([1, true]);
    expect((await act(visitor, "POST", at(ids[1], "/run"))).statusCode).toBe(202);
    const third = await act(visitor, "POST", at(ids[2], "/run"));
    expect([third.statusCode, third.json().code, third.headers["retry-after"]]).toEqual([
      429,
      "HUB_SIMULATION_TOO_MANY_RUNS",
      "5",
    ]);
    for (const id of [ids[0], ids[1]]) {
      const cancelled = await act(visitor, "POST", at(id, "/cancel"));
      expect([cancelled.statusCode, cancelled.json()]).toMatchObject([
        200,
        { state: "cancelled", active: false },
      ]);
      expect((await act(visitor, "POST", at(id, "/cancel"))).statusCode).toBe(409);
    }
    expect((await act(visitor, "POST", at(ids[2], "/run"))).statusCode).toBe(202);
    expect((await act(visitor, "DELETE", at(ids[2]))).statusCode).toBe(200);
  });

  it("of somebody else is cancelled by authors, and by no other learner", async () => {
    const { visitor, tenantId } = await owner();
    const [ada, ben] = [await learner(tenantId), await learner(tenantId)];
    const id = await make(ada, LONG);
    await act(ada, "POST", at(id, "/run"));
    expect((await act(ben, "POST", at(id, "/cancel"))).json().code).toBe("HUB_SIMULATION_NOT_YOURS");
    expect((await act(visitor, "POST", at(id, "/cancel"))).statusCode).toBe(200);
  });

  it("leaves as a file in which nothing is a formula", async () => {
    const { visitor } = await shared();
    const id = await make(visitor, { name: '=HYPERLINK("http://evil.example","x")', refinement_steps: 2 });
    await act(visitor, "POST", at(id, "/run"));
    await finished(visitor, id);
    const file = await get(visitor, at(id, "/export"));
    expect(file.headers).toMatchObject({
      "content-type": "text/csv; charset=utf-8",
      "content-disposition": 'attachment; filename="simulation.csv"',
      "x-content-type-options": "nosniff",
    });
    const lines = file.body.trimEnd().split("\r\n");
    expect(lines).toHaveLength(3);
    expect(lines[0]).toContain('"estimate","ci95_low","ci95_high","confidence"');
    expect(lines[1]).toMatch(/^"'=HYPERLINK\(""http/);
    for (const cell of file.body.match(/"(?:[^"]|"")*"/g) ?? []) expect(cell).not.toMatch(/^"[=+@\t\r]/);
  });
});

describe("a list", () => {
  it("comes in pages and by cursors, is searched and sorted, and refuses what it does not know", async () => {
    const { visitor } = await owner();
    for (const name of ["delta", "Alpha", "charlie", "Bravo", "50% off"]) await make(visitor, { name });
    const names = async (query: string) => {
      const answer = await get(visitor, `/api/simulations?${query}`);
      expect(answer.statusCode, answer.body).toBe(200);
      return { ...answer.json(), names: answer.json().items.map((one: { name: string }) => one.name) };
    };
    expect(await names("sort=name&page=2&per_page=2")).toMatchObject({
      names: ["Bravo", "charlie"],
      total: 5,
      page: 2,
      pages: 3,
      per_page: 2,
    });
    const seen: string[] = [];
    let next = "";
    do {
      const page = await names(`sort=-name&per_page=2${next}`);
      seen.push(...page.names);
      next = page.next_cursor === null ? "" : `&cursor=${String(page.next_cursor)}`;
    } while (next !== "");
    expect(seen).toEqual(["delta", "charlie", "Bravo", "Alpha", "50% off"]);
    expect((await names("q=ALP")).names).toEqual(["Alpha"]);
    expect((await names("q=%25")).names).toEqual(["50% off"]);
    expect(await names("page=9")).toMatchObject({ names: [], total: 5, next_cursor: null });
    const { next_cursor: cursor } = await names("sort=name&per_page=2");
    for (const query of [
      "page=0",
      "page=1e3",
      "per_page=101",
      "sort=seed",
      "sort=name;drop",
      "q=%00",
      "cursor=%27",
      "cursor=AAAA",
      `sort=-name&cursor=${cursor}`,
      `sort=name&page=2&cursor=${cursor}`,
      "tenant_id=x",
      `q=${"x".repeat(101)}`,
    ]) {
      const answer = await get(visitor, `/api/simulations?${query}`);
      expect([query, answer.statusCode]).toEqual([query, 400]);
    }
  });

  it("of experiments has at least four, each with its question and its parameters", async () => {
    const { items } = (await get((await shared()).visitor, "/api/simulations/experiments")).json();
    expect(items.length).toBeGreaterThanOrEqual(4);
    const ids = items.map((one: { id: string }) => one.id);
    expect(ids).toEqual(expect.arrayContaining(["password-guessing", "rate-limit"]));
  });
});

describe("another tenant", () => {
  it("sees none of it, by whatever way it asks", async () => {
    const [mine, theirs] = [await owner(), await owner()];
    const id = await make(mine.visitor, { ...LONG, name: "a secret of ours" });
    await act(mine.visitor, "POST", at(id, "/run"));
    const spoofed = { "x-tenant-id": mine.tenantId, "x-customer-id": mine.tenantId };
    for (const [method, rest, json] of [
      ["GET", "", undefined],
      ["GET", "/progress", undefined],
      ["GET", "/runs", undefined],
      ["GET", "/export", undefined],
      ["POST", "/run", undefined],
      ["POST", "/cancel", undefined],
      ["PATCH", "", { name: "theirs" }],
      ["DELETE", "", undefined],
    ] as const) {
      const answer = await theirs.visitor.send(method, at(id, rest), {
        ...(json === undefined ? {} : { json }),
        headers: { ...spoofed, "x-csrftoken": await theirs.visitor.token() },
      });
      expect([method, rest, answer.statusCode, answer.json().code]).toEqual([
        method,
        rest,
        404,
        "HUB_SIMULATION_NOT_FOUND",
      ]);
    }
    expect((await get(theirs.visitor, "/api/simulations?q=secret")).json()).toMatchObject({
      items: [],
      total: 0,
    });
    expect((await get(mine.visitor, at(id))).json().name).toBe("a secret of ours");
    await act(mine.visitor, "POST", at(id, "/cancel"));
    const nowhere = await new Visitor(hub.app).enter();
    expect((await get(nowhere, "/api/simulations")).json().code).toBe("AEGIS_TENANCY_REQUIRED");
  });
});
