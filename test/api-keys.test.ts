/** API keys, through the front door: what they open, what they never open, and how they end. */
import { definePolicy, type PolicyInput } from "aegis";
import { manualClock } from "aegis/testing";
import { verify } from "aegis/verify";
import { afterEach, describe, expect, it } from "vitest";
import { roomyStores } from "./support/roomy-limits.ts";
import { totpCode } from "./support/authenticator.ts";
import { PASSWORD, Visitor } from "./support/browser-like.ts";
import { cheapHash, startHub } from "./support/hub.ts";
import { hubTarget } from "./support/target.ts";

type Hub = Awaited<ReturnType<typeof startHub>>;
const hubs: Hub[] = [];
afterEach(async () => {
  for (const hub of hubs.splice(0)) await hub.close();
});

const policyOf = (input: PolicyInput) =>
  definePolicy({
    environment: "test",
    ...input,
    password: { argon2: cheapHash, minLength: 12 },
    apiKey: { enabled: true, scopes: ["profile:read", "courses:read"], ...input.apiKey },
  });

async function open(input: PolicyInput = {}, parts: Parameters<typeof startHub>[1] = {}): Promise<Hub> {
  const hub = await startHub(policyOf(input), parts);
  hubs.push(hub);
  return hub;
}

const small = (requestsLimit: number): PolicyInput => ({
  apiKey: {
    tiers: [
      { name: "standard", requestsLimit, resets: "hourly" },
      { name: "high", requestsLimit: 1000, resets: "monthly" },
    ],
  },
});
const post = async (visitor: Visitor, url: string, json: unknown = {}) =>
  visitor.send("POST", url, { json, headers: { "x-csrftoken": await visitor.token() } });
const remove = async (visitor: Visitor, url: string) =>
  visitor.send("DELETE", url, { headers: { "x-csrftoken": await visitor.token() } });
const PATH = "/api/api-keys";
const KEY = /^aegis_test_[0-9A-Za-z]{8}_[0-9A-Za-z]{49}$/;

async function makeKey(visitor: Visitor, over: Readonly<Record<string, unknown>> = {}) {
  const answer = await post(visitor, PATH, { name: "Import", scopes: ["courses:read"], ...over });
  expect(answer.statusCode, answer.body).toBe(201);
  const text = String(answer.json().api_key);
  return { text, id: String(answer.json().id), answer: answer.json() };
}
const withKey = (hub: Hub, text: string, url = "/api/v1/courses", headers: Record<string, string> = {}) =>
  hub.app.inject({ url, headers: { authorization: `Bearer ${text}`, ...headers } });
const named = (hub: Hub, name: string) => hub.events.filter(({ event }) => event === name);

async function administrator(hub: Hub) {
  const made = await hub.app.aegis.createAccount({ username: "chief", roles: ["user", "admin"] });
  const visitor = new Visitor(hub.app);
  await visitor.send("POST", "/api/login", { json: { username: "chief", password: made.password } });
  const secret = String((await post(visitor, "/api/auth/mfa/setup")).json().secret);
  await post(visitor, "/api/auth/mfa/verify-setup", { code: totpCode(secret, hub.clock.now()) });
  return visitor;
}

describe("a key", () => {
  it("is shown once, opens what its scopes say, and nothing else", async () => {
    const stores = roomyStores();
    const lines: string[] = [];
    const logger = { level: "trace", stream: { write: (line: string) => void lines.push(line) } } as const;
    const hub = await open({}, { ...stores, logger });
    const ada = await new Visitor(hub.app).enter();
    const { text, id, answer } = await makeKey(ada);
    expect(text).toMatch(KEY);
    expect(answer).toMatchObject({ prefix: `aegis_test_${id}`, scopes: ["courses:read"], expired: false });
    const courses = await withKey(hub, text);
    expect(courses.json().total).toBe(5);
    expect((await withKey(hub, text, "/api/v1/courses/sessions/lessons/rotation")).statusCode).toBe(200);
    const profile = await withKey(hub, text, "/api/profile");
    expect([profile.statusCode, profile.json().code]).toEqual([403, "AEGIS_ACCESS_SCOPE_MISSING"]);
    const secret = text.slice(20, 63);
    const later = [
      await ada.send("GET", PATH),
      await ada.send("GET", `${PATH}/${id}/usage`),
      await ada.send("GET", "/api/account/export"),
    ];
    for (const { body, statusCode } of later) {
      expect(statusCode).toBe(200);
      expect(body).not.toContain(secret);
    }
    expect(later[2]?.json().api_keys).toMatchObject([{ id, name: "Import" }]);
    expect(JSON.stringify(await stores.apiKeys.find(id))).not.toContain(secret);
    expect(lines.length).toBeGreaterThan(10);
    expect(lines.join("") + JSON.stringify(hub.events)).not.toContain(secret);
    expect(later[0]?.json().items[0].last_used_at).toBe(new Date(hub.clock.now()).toISOString());
  });

  it("calls no route that takes sessions alone, and gains nothing by a cookie beside it", async () => {
    const hub = await open();
    const ada = await new Visitor(hub.app).enter();
    const { text } = await makeKey(ada, { scopes: ["courses:read", "profile:read"] });
    const takes = new Set(["/api/profile", "/api/v1/courses"]);
    let refused = 0;
    for (const { method, url, access } of hub.app.aegis.routes) {
      const isOpen = method === "HEAD" || access === "public" || access.startsWith("group:");
      if (isOpen || (method !== "POST" && [...takes].some((path) => url.startsWith(path)))) continue;
      const answer = await hub.app.inject({
        method: method === "GET" || method === "DELETE" || method === "PATCH" ? method : "POST",
        url: url.replace(/:\w+/g, "Ab12Cd34"),
        headers: { authorization: `Bearer ${text}` },
      });
      expect([method, url, answer.statusCode]).toEqual([method, url, 401]);
      refused += 1;
    }
    expect(refused).toBeGreaterThan(30);
    // Where a key counts, it alone counts: the owner of the cookie is not asked.
    const wrong = await withKey(hub, `${text.slice(0, -1)}-`, "/api/profile", { cookie: ada.cookie });
    expect(wrong.statusCode).toBe(401);
    const bob = await new Visitor(hub.app).enter();
    const mixed = await withKey(hub, text, "/api/profile", { cookie: bob.cookie });
    expect(mixed.json().username).toBe(ada.username);
  });

  it("of production is not taken anywhere else", async () => {
    const hub = await open();
    const ada = await new Visitor(hub.app).enter();
    const { text } = await makeKey(ada);
    expect((await withKey(hub, text.replace("_test_", "_live_"))).statusCode).toBe(401);
    expect((await withKey(hub, text)).statusCode).toBe(200);
  });

  it("that is forged by somebody who can count a checksum is told of once an hour", async () => {
    const hub = await open();
    const ada = await new Visitor(hub.app).enter();
    const { text } = await makeKey(ada);
    await remove(ada, PATH);
    for (let tries = 0; tries < 5; tries++) {
      const answer = await withKey(hub, text);
      expect([answer.statusCode, answer.json().code]).toEqual([401, "AEGIS_ACCESS_BEARER_INVALID"]);
      expect(answer.headers["www-authenticate"]).toBe('Bearer error="invalid_token"');
    }
    expect(named(hub, "api_key.refused").map(({ facts }) => facts)).toEqual([{ because: "unknown" }]);
  });

  it("is named for its owner with a letter that holds no secret", async () => {
    const hub = await open({ account: { emailVerification: "optional", emailRequired: false } });
    await hub.app.aegis.createAccount({
      username: "grace",
      email: "grace@example.com",
      password: PASSWORD,
      roles: ["user"],
    });
    const grace = new Visitor(hub.app);
    await grace.send("POST", "/api/login", { json: { username: "grace", password: PASSWORD } });
    const { text, id } = await makeKey(grace);
    await hub.settled();
    const letter = hub.mail.sent.find(({ subject }) => subject.includes("API key"));
    expect(letter?.to).toBe("grace@example.com");
    expect(letter?.text).toContain(id);
    expect(letter?.text).not.toContain(text.slice(20, 63));
    expect(named(hub, "api_key.created")).toMatchObject([{ username: "grace", facts: { key: id } }]);
  });
});

describe("making a key", () => {
  it("asks again who it is, once the last proof is old", async () => {
    const hub = await open();
    const ada = await new Visitor(hub.app).enter();
    const { id } = await makeKey(ada);
    hub.clock.advance(601);
    const wanted = { name: "x", scopes: ["courses:read"] };
    for (const [path, body] of [
      [PATH, wanted],
      [`${PATH}/${id}/rotate`, { old_secret: "kept" }],
    ] as const)
      expect((await post(ada, path, body)).json().code).toBe("AEGIS_ACCESS_PROOF_NEEDED");
    // Ending one needs none: whoever fears for it must not be held up.
    expect((await remove(ada, `${PATH}/${id}`)).json()).toEqual({ revoked: 1 });
  });

  it.each([
    ["no scope", { scopes: [] }],
    ["a scope that nobody declared", { scopes: ["courses:write"] }],
    ["one scope twice", { scopes: ["courses:read", "courses:read"] }],
    ["a name of blanks", { name: "   " }],
    ["a name that turns around", { name: "Import\u202Ecod.exe" }],
    ["a name with control characters", { name: "Import\u0007" }],
    ["a life longer than any may have", { lifetime_seconds: 366 * 86_400 }],
    ["a life of no time", { lifetime_seconds: 0 }],
    ["a tier of one's own choice", { tier: "high" }],
  ])("with %s is refused", async (_name, over) => {
    const hub = await open();
    const ada = await new Visitor(hub.app).enter();
    const answer = await post(ada, PATH, { name: "x", scopes: ["courses:read"], ...over });
    expect([answer.statusCode, answer.json().code]).toEqual([400, "AEGIS_INPUT_INVALID"]);
  });

  it("lets an account have as many as the policy says, of twenty requests at once too", async () => {
    const hub = await open({ apiKey: { perAccountLimit: 5 } });
    const ada = await new Visitor(hub.app).enter();
    const token = await ada.token();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () =>
        ada.send("POST", PATH, {
          json: { name: "x", scopes: ["courses:read"] },
          headers: { "x-csrftoken": token },
        }),
      ),
    );
    expect(answers.filter(({ statusCode }) => statusCode === 201)).toHaveLength(5);
    expect(answers.filter(({ statusCode }) => statusCode === 409)).toHaveLength(15);
    const full = await post(ada, PATH, { name: "x", scopes: ["courses:read"] });
    expect(full.json().code).toBe("AEGIS_APIKEY_LIMIT_REACHED");
  });

  it("is not possible where the policy has no keys, and none is taken", async () => {
    const hub = await open({ apiKey: { enabled: false } });
    const ada = await new Visitor(hub.app).enter();
    expect((await ada.send("GET", PATH)).statusCode).toBe(404);
    expect((await post(ada, PATH, { name: "x", scopes: ["courses:read"] })).statusCode).toBe(400);
    expect((await withKey(hub, `aegis_test_Ab12Cd34_${"a".repeat(49)}`)).statusCode).toBe(401);
  });

  it("for ever is possible only where the policy says so", async () => {
    const hub = await open({ apiKey: { longestLifetimeSeconds: 0 } });
    const ada = await new Visitor(hub.app).enter();
    const { text, answer } = await makeKey(ada);
    expect(answer.expires_at).toBeNull();
    hub.clock.advance(10 * 365 * 86_400);
    expect((await withKey(hub, text)).statusCode).toBe(200);
  });
});

describe("a key ends", () => {
  it("at once when it is revoked, expires, or its owner is suspended or leaves", async () => {
    const hub = await open();
    const stores = { ada: await new Visitor(hub.app).enter() };
    const { ada } = stores;
    const [first, second, brief] = [
      await makeKey(ada),
      await makeKey(ada),
      await makeKey(ada, { lifetime_seconds: 60 }),
    ];
    expect((await remove(ada, `${PATH}/${first.id}`)).statusCode).toBe(200);
    expect((await remove(ada, `${PATH}/${first.id}`)).json().code).toBe("AEGIS_APIKEY_NOT_FOUND");
    expect((await withKey(hub, first.text)).statusCode).toBe(401);
    hub.clock.advance(59);
    expect((await withKey(hub, brief.text)).statusCode).toBe(200);
    hub.clock.advance(1);
    expect((await withKey(hub, brief.text)).statusCode).toBe(401);
    expect((await withKey(hub, second.text)).statusCode).toBe(200);

    const chief = await administrator(hub);
    const id = String((await ada.send("GET", "/api/profile")).json().id);
    const suspended = await post(chief, `/api/admin/users/${id}/suspend`);
    expect(suspended.statusCode, suspended.body).toBe(200);
    expect((await withKey(hub, second.text)).statusCode).toBe(401);
    await post(chief, `/api/admin/users/${id}/restore`);
    expect((await withKey(hub, second.text)).statusCode).toBe(200);

    await ada.send("POST", "/api/login", { json: { username: ada.username, password: PASSWORD } });
    expect((await remove(ada, "/api/account")).statusCode).toBe(202);
    expect((await withKey(hub, second.text)).statusCode).toBe(401);
    const reasons = named(hub, "api_key.refused").map(({ facts }) => facts?.["because"]);
    expect(reasons).toEqual(["unknown", "expired", "owner"]);
  });

  it("and belongs to nobody else: another account neither sees, renews nor revokes it", async () => {
    const hub = await open();
    const [ada, bob] = [await new Visitor(hub.app).enter(), await new Visitor(hub.app).enter()];
    const { id, text } = await makeKey(ada);
    const answers = [
      await bob.send("GET", `${PATH}/${id}/usage`),
      await post(bob, `${PATH}/${id}/rotate`, { old_secret: "ended" }),
      await remove(bob, `${PATH}/${id}`),
    ];
    for (const answer of answers) expect(answer.json().code).toBe("AEGIS_APIKEY_NOT_FOUND");
    expect((await bob.send("GET", PATH)).json().total).toBe(0);
    expect((await remove(bob, PATH)).json()).toEqual({ revoked: 0 });
    expect((await withKey(hub, text)).statusCode).toBe(200);
  });
});

describe("rotation", () => {
  it("gives a new secret beside the old one, which dies when the overlap is over", async () => {
    const hub = await open({ apiKey: { rotationOverlapSeconds: 3600 } });
    const ada = await new Visitor(hub.app).enter();
    const { text, id } = await makeKey(ada);
    const rotated = await post(ada, `${PATH}/${id}/rotate`, { old_secret: "kept" });
    const next = String(rotated.json().api_key);
    expect(next).toMatch(KEY);
    expect([next === text, next.slice(0, 19)]).toEqual([false, text.slice(0, 19)]);
    expect(rotated.json().old_secret_until).toBe(new Date(hub.clock.now() + 3_600_000).toISOString());
    expect((await post(ada, `${PATH}/${id}/rotate`, { old_secret: "kept" })).json().code).toBe(
      "AEGIS_APIKEY_ROTATING",
    );
    hub.clock.advance(3599);
    for (const one of [text, next]) expect((await withKey(hub, one)).statusCode).toBe(200);
    hub.clock.advance(1);
    expect((await withKey(hub, text)).statusCode).toBe(401);
    expect((await withKey(hub, next)).statusCode).toBe(200);
  });

  it("ends every earlier secret at once where it is told to", async () => {
    const hub = await open();
    const ada = await new Visitor(hub.app).enter();
    const { text, id } = await makeKey(ada);
    const second = String((await post(ada, `${PATH}/${id}/rotate`, { old_secret: "kept" })).json().api_key);
    const third = String((await post(ada, `${PATH}/${id}/rotate`, { old_secret: "ended" })).json().api_key);
    for (const one of [text, second]) expect((await withKey(hub, one)).statusCode).toBe(401);
    expect((await withKey(hub, third)).statusCode).toBe(200);
  });

  it("has one winner of twenty at once", async () => {
    const hub = await open();
    const ada = await new Visitor(hub.app).enter();
    const { id } = await makeKey(ada);
    const headers = { "x-csrftoken": await ada.token() };
    const json = { old_secret: "kept" };
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => ada.send("POST", `${PATH}/${id}/rotate`, { json, headers })),
    );
    expect(answers.filter(({ statusCode }) => statusCode === 200)).toHaveLength(1);
    expect(answers.filter(({ statusCode }) => statusCode === 409)).toHaveLength(19);
  });

  it("revives no expired key", async () => {
    const hub = await open();
    const ada = await new Visitor(hub.app).enter();
    const { id } = await makeKey(ada, { lifetime_seconds: 60 });
    hub.clock.advance(61);
    const answer = await post(ada, `${PATH}/${id}/rotate`, { old_secret: "kept" });
    expect(answer.json().code).toBe("AEGIS_APIKEY_EXPIRED");
  });
});

describe("a quota", () => {
  it.each([
    ["at noon", 12, "fail", /resets in 3600 s/],
    ["in the last hour of a day", 23, "pass", /daily \(now hourly would look the same\)/],
  ])("that ends another time than the policy says is told apart %s", async (_when, hour, outcome, words) => {
    const tiers = (resets: "hourly" | "daily"): PolicyInput => ({
      apiKey: { tiers: [{ name: "standard", requestsLimit: 8, resets }] },
    });
    const clock = manualClock(Date.UTC(2030, 0, 15, hour));
    const hub = await open(tiers("hourly"), { clock });
    const report = await verify({
      origin: hub.origin,
      policy: policyOf(tiers("daily")),
      target: hubTarget,
      advance: (seconds) => clock.advance(seconds),
      now: () => clock.now(),
      only: ({ id }) => id === "apiKey.quota-declared",
    });
    expect(report.findings).toMatchObject([{ outcome, observed: expect.stringMatching(words) }]);
  });

  it("is said with every answer, ends with 429 and Retry-After, and begins anew", async () => {
    const hub = await open({ ...small(3), session: { idleTimeoutSeconds: 7200 } });
    const ada = await new Visitor(hub.app).enter();
    const { text, id } = await makeKey(ada);
    await withKey(hub, text, "/api/profile"); // refused for its scope: costs nothing
    for (const left of ["2", "1", "0"]) {
      const { headers, statusCode } = await withKey(hub, text);
      expect(statusCode).toBe(200);
      expect(headers).toMatchObject({ "x-quota-limit": "3", "x-quota-remaining": left });
    }
    const spent = [await withKey(hub, text), await withKey(hub, text)];
    for (const answer of spent) {
      expect([answer.statusCode, answer.json().code]).toEqual([429, "AEGIS_APIKEY_QUOTA_SPENT"]);
      expect(answer.headers["retry-after"]).toBe(answer.headers["x-quota-reset"]);
      expect(Number(answer.headers["retry-after"])).toBeLessThanOrEqual(3600);
    }
    expect(named(hub, "api_key.quota_exceeded")).toHaveLength(1);
    hub.clock.advance(Number(spent[0]?.headers["retry-after"]));
    expect((await withKey(hub, text)).statusCode).toBe(200);
    const usage = (await ada.send("GET", `${PATH}/${id}/usage`)).json();
    const requests: number[] = usage.items.map((day: { requests: number }) => day.requests);
    expect(requests.reduce((sum, one) => sum + one, 0)).toBe(4);
  });

  it("is not passed by twenty requests at once", async () => {
    const hub = await open(small(7));
    const ada = await new Visitor(hub.app).enter();
    const { text } = await makeKey(ada);
    const answers = await Promise.all(Array.from({ length: 20 }, () => withKey(hub, text)));
    expect(answers.filter(({ statusCode }) => statusCode === 200)).toHaveLength(7);
    expect(answers.filter(({ statusCode }) => statusCode === 429)).toHaveLength(13);
  });
});

describe("an administrator", () => {
  it("sees whose keys there are, the stale ones first, and never a secret", async () => {
    const hub = await open({ session: { idleTimeoutSeconds: 3600, absoluteTimeoutSeconds: 3600 } });
    const [ada, bob] = [await new Visitor(hub.app).enter(), await new Visitor(hub.app).enter()];
    const [old, used] = [await makeKey(ada, { name: "Forgotten" }), await makeKey(bob, { name: "Busy" })];
    hub.clock.advance(90 * 86_400);
    await withKey(hub, used.text);
    const chief = await administrator(hub);
    const ask = async (query: string) => (await chief.send("GET", `/api/admin/api-keys${query}`)).json();
    const all = await ask("");
    expect(all.total).toBe(2);
    expect(all.items).toMatchObject([
      { id: old.id, stale: true, owner: { username: ada.username } },
      { id: used.id, stale: false, owner: { username: bob.username } },
    ]);
    expect(JSON.stringify(all)).not.toContain(used.text.slice(20, 63));
    expect((await ask("?stale=true")).items).toMatchObject([{ id: old.id }]);
    expect((await ask(`?q=${bob.username}`)).items).toMatchObject([{ id: used.id }]);
    expect((await ask("?q=forgotten")).items).toMatchObject([{ id: old.id }]);
    expect((await ask("?per_page=1&page=2")).items).toMatchObject([{ id: used.id }]);
  });

  it("gives a key another quota, ends it, and nobody else may", async () => {
    const hub = await open(small(1));
    const ada = await new Visitor(hub.app).enter();
    const { text, id } = await makeKey(ada);
    await withKey(hub, text);
    expect((await withKey(hub, text)).statusCode).toBe(429);
    expect((await post(ada, `/api/admin/api-keys/${id}/tier`, { tier: "high" })).statusCode).toBe(403);
    expect((await post(ada, `/api/admin/api-keys/${id}/revoke`)).statusCode).toBe(403);
    const chief = await administrator(hub);
    const path = `/api/admin/api-keys/${id}`;
    expect((await post(chief, `${path}/tier`, { tier: "none" })).json().code).toBe(
      "AEGIS_APIKEY_TIER_UNKNOWN",
    );
    expect((await post(chief, `${path}/tier`, { tier: "high" })).json()).toMatchObject({ tier: "high" });
    const answer = await withKey(hub, text);
    expect(answer.headers).toMatchObject({ "x-quota-limit": "1000", "x-quota-remaining": "999" });
    const revoke = await chief.send("POST", `${path}/revoke`, {
      headers: { "x-csrftoken": await chief.token() },
    });
    expect(revoke.json()).toEqual({ revoked: 1 });
    expect((await withKey(hub, text)).statusCode).toBe(401);
    expect(named(hub, "api_key.revoked")).toMatchObject([{ username: ada.username, facts: { key: id } }]);
  });
});

describe("the rights of a key", () => {
  it("are those that its owner has now, and of scopes those that the policy still knows", async () => {
    const stores = roomyStores();
    const hub = await open({}, stores);
    const ada = await new Visitor(hub.app).enter();
    const { text } = await makeKey(ada);
    const stricter = await open({ apiKey: { scopes: ["profile:read"] } }, stores);
    const answer = await withKey(stricter, text);
    expect([answer.statusCode, answer.json().code]).toEqual([403, "AEGIS_ACCESS_SCOPE_MISSING"]);
  });
});
