/** The audit log through the front door: what is in it, who sees it, and what happens when it cannot be written. */
import { definePolicy, type Policy, type PolicyOverrides } from "aegis";
import { memoryStores } from "aegis/fastify";
import { afterEach, describe, expect, it } from "vitest";
import { totpCode } from "./support/authenticator.ts";
import { PASSWORD, Visitor } from "./support/browser-like.ts";
import { cheapHash, startHub } from "./support/hub.ts";
import { roomyStores } from "./support/roomy-limits.ts";

type Hub = Awaited<ReturnType<typeof startHub>>;
const hubs: Hub[] = [];
afterEach(async () => {
  for (const hub of hubs.splice(0)) await hub.close();
});
const policyWith = (audit: NonNullable<PolicyOverrides["audit"]> = {}): Policy =>
  definePolicy({ environment: "test", password: { argon2: cheapHash, minLength: 12 }, audit });
async function open(policy = policyWith(), parts: Parameters<typeof startHub>[1] = {}): Promise<Hub> {
  const hub = await startHub(policy, parts);
  hubs.push(hub);
  return hub;
}

async function administrator(hub: Hub) {
  const { password } = await hub.app.aegis.createAccount({ username: "root", roles: ["user", "admin"] });
  const root = new Visitor(hub.app);
  await root.send("POST", "/api/login", { json: { username: "root", password } });
  const post = async (url: string, json: unknown = {}) =>
    root.send("POST", url, { json, headers: { "x-csrftoken": await root.token() } });
  const { secret } = (await post("/api/auth/mfa/setup")).json();
  await post("/api/auth/mfa/verify-setup", { code: totpCode(String(secret), hub.clock.now()) });
  return {
    post,
    look: async (query = "") => {
      await hub.settled();
      hub.clock.advance(11);
      const answer = await root.send("GET", `/api/admin/audit${query}`);
      expect(answer.statusCode, answer.body).toBe(200);
      return answer.json();
    },
  };
}
const events = (body: { items: { event: string }[] }): string[] => body.items.map(({ event }) => event);

describe("the audit log", () => {
  it("has who did what when, with which outcome, by ids, and neither name nor address", async () => {
    const hub = await open();
    const { look } = await administrator(hub);
    const ada = await new Visitor(hub.app).enter();
    await ada.send("POST", "/api/login", {
      json: { username: ada.username, password: "Not this, 12 spoons" },
    });
    const { profile } = (await ada.send("GET", "/api/profile")).json();
    const found = await look("?event=session.&limit=2");
    expect(events(found)).toEqual(["session.sign_in_failed", "session.signed_in"]);
    expect(found.items[0]).toMatchObject({
      intact: true,
      outcome: "failure",
      user_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      source: expect.stringMatching(/^[\w-]{16}$/),
      facts: { because: "wrong_password" },
    });
    expect(profile === undefined || typeof profile === "object").toBe(true);
    const all = JSON.stringify(await look("?limit=100"));
    expect(all).not.toContain(ada.username);
    expect(all).not.toContain("127.0.0.1");
    expect(events(await look("?address=127.0.0.1&event=session.sign_in_failed"))).toHaveLength(1);
    expect(events(await look("?address=203.0.113.1"))).toEqual([]);
    expect(events(await look(`?user_id=${found.items[0].user_id}&outcome=success`))).toContain(
      "account.registered",
    );
  });

  it("is paged by number, and says that the chain is whole and signed", async () => {
    const hub = await open();
    const { look } = await administrator(hub);
    for (let n = 0; n < 3; n++) await new Visitor(hub.app).enter();
    const all = (await look("?limit=100")).items.map(({ seq }: { seq: number }) => seq);
    const walked: number[] = [];
    for (let next: number | null = all[0] + 1; next !== null;) {
      const page: { items: { seq: number }[]; next: number | null } = await look(`?limit=4&before=${next}`);
      walked.push(...page.items.map(({ seq }) => seq));
      next = page.next;
    }
    expect(walked).toEqual(all);
    const { chain } = await look();
    expect(chain).toMatchObject({ problems: [], broken_at: null, lost: 0, waiting: 0, failing: false });
    expect(chain.entries).toBeGreaterThanOrEqual(all.length);
    expect(chain.checked).toBe(chain.entries);
    expect(chain.signed_head.kid).toBe(chain.public_key.kid);
  });

  it("is shown to administrators with two factors alone", async () => {
    const hub = await open();
    const ada = await new Visitor(hub.app).enter();
    expect((await ada.send("GET", "/api/admin/audit")).statusCode).toBe(403);
    expect((await new Visitor(hub.app).send("GET", "/api/admin/audit")).statusCode).toBe(401);
    const { password } = await hub.app.aegis.createAccount({ username: "solo", roles: ["user", "admin"] });
    const solo = new Visitor(hub.app);
    await solo.send("POST", "/api/login", { json: { username: "solo", password } });
    expect((await solo.send("GET", "/api/admin/audit")).statusCode).toBe(403);
  });

  it("shows an entry that was edited as that and nothing more", async () => {
    const stores = roomyStores();
    const hub = await open(policyWith(), stores);
    const { look } = await administrator(hub);
    const page = stores.auditLog.page.bind(stores.auditLog);
    const lines = stores.auditLog.lines.bind(stores.auditLog);
    stores.auditLog.page = async (query) =>
      (await page(query)).map((entry, n) => (n === 0 ? { ...entry, record: { planted: "<b>" } } : entry));
    stores.auditLog.lines = async (...asked) =>
      (await lines(...asked)).map(({ seq, line }) => ({
        seq,
        line: seq === 1 ? line.replace("success", "failure") : line,
      }));
    const body = await look();
    expect(body.items[0]).toEqual({ seq: body.chain.entries, hash: body.chain.hash, intact: false });
    expect(body.chain.problems).toEqual([{ seq: 1, kind: "edited" }]);
  });

  it("stays whole when an account is erased, and then says an id that is nobody's", async () => {
    const hub = await open();
    const { look } = await administrator(hub);
    const ada = await new Visitor(hub.app).enter();
    await ada.send("POST", "/api/account/delete", {
      json: { password: PASSWORD },
      headers: { "x-csrftoken": await ada.token() },
    });
    hub.clock.advance(1);
    const { chain } = await look("?limit=100");
    expect(chain.problems).toEqual([]);
  });

  it("covers what the policy says and nothing else", async () => {
    const hub = await open(policyWith({ covered: ["refusals"] }));
    const { look } = await administrator(hub);
    await new Visitor(hub.app).send("GET", "/api/profile");
    expect(new Set(events(await look("?limit=100")))).toEqual(new Set(["access.refused"]));
  });
});

/** Stores whose audit log is away. */
function withoutAudit() {
  const stores = { ...memoryStores(), ...roomyStores() };
  const append = stores.auditLog.append.bind(stores.auditLog);
  const state = { away: false };
  stores.auditLog.append = async (...args) => {
    if (state.away) throw new Error("away");
    return append(...args);
  };
  return { stores, state };
}

describe("while no entry can be written", () => {
  const login = (ada: Visitor) =>
    ada.app.inject({
      method: "POST",
      url: "/api/login",
      payload: { username: ada.username, password: PASSWORD },
    });

  it("refuse: a sign-in is not answered, gives no cookie, and nothing else is begun; reading goes on", async () => {
    const { stores, state } = withoutAudit();
    const hub = await open(policyWith({ onFailure: "refuse" }), stores);
    const ada = await new Visitor(hub.app).enter();
    await hub.settled();
    state.away = true;
    const first = await login(ada);
    expect([
      first.statusCode,
      first.json().code,
      first.headers["set-cookie"],
      first.headers["retry-after"],
    ]).toEqual([503, "AEGIS_AUDIT_UNAVAILABLE", undefined, "5"]);
    expect(first.headers["content-type"]).toMatch(/problem\+json/);
    const fresh = new Visitor(hub.app);
    const refused = await fresh.send("POST", "/api/register", {
      json: { username: fresh.username, password: PASSWORD },
    });
    expect(refused.statusCode).toBe(503);
    expect(await stores.accounts.findByLogin(fresh.username)).toBeUndefined();
    expect((await ada.send("GET", "/api/profile")).statusCode).toBe(200);
    expect((await ada.send("GET", "/api/account/export")).statusCode).toBe(503);

    state.away = false;
    await hub.settled();
    expect((await login(ada)).statusCode).toBe(200);
    await hub.settled();
    const names = (await stores.auditLog.page({ limit: 100, userId: undefined })).map(({ record }) => record);
    // The one that was not answered did happen: it is in the log, too.
    expect(names.filter((record) => JSON.stringify(record).includes("session.signed_in"))).toHaveLength(3);
  });

  it("continue: everything is answered, and what waited is written afterwards", async () => {
    const { stores, state } = withoutAudit();
    const hub = await open(policyWith({ onFailure: "continue", queueLimit: 100 }), stores);
    const ada = await new Visitor(hub.app).enter();
    await hub.settled();
    const { seq } = await stores.auditLog.head();
    state.away = true;
    for (let n = 0; n < 2; n++) expect((await login(ada)).statusCode).toBe(200);
    expect((await stores.auditLog.head()).seq).toBe(seq);
    state.away = false;
    await hub.settled();
    expect((await stores.auditLog.head()).seq).toBeGreaterThanOrEqual(seq + 2);
  });
});
