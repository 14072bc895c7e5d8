/** How often somebody may ask, through the front door. */
import { randomBytes } from "node:crypto";
import { definePolicy, type PolicyInput } from "aegis";
import { aegis, type AegisWiring, type AuditEvent, memoryStores, serverOptions } from "aegis/fastify";
import { manualClock } from "aegis/testing";
import Fastify, { type FastifyInstance, type InjectOptions } from "fastify";
import { afterEach, describe, expect, it } from "vitest";
import { PASSWORD, Visitor } from "./support/browser-like.ts";
import { cheapHash, startHub } from "./support/hub.ts";
import { memberOf, openTenant } from "./support/tenant-people.ts";

const open: FastifyInstance[] = [];
afterEach(async () => {
  for (const app of open.splice(0)) await app.close();
});

/** A small application behind one trusted proxy on this machine. */
async function start(
  rateLimit: PolicyInput["rateLimit"],
  wiring: Partial<AegisWiring> = {},
  input: PolicyInput = {},
) {
  const policy = definePolicy({
    environment: "test",
    transport: { trustedProxies: ["127.0.0.1"] },
    password: { argon2: cheapHash },
    ...(rateLimit === undefined ? {} : { rateLimit }),
    ...input,
  });
  const clock = manualClock();
  const events: AuditEvent[] = [];
  const app = Fastify(serverOptions(policy));
  app.log.level = "silent";
  open.push(app);
  await app.register(aegis, {
    policy,
    secretKey: new Uint8Array(32).fill(1),
    ...memoryStores(),
    clock,
    audit: { write: (event) => void events.push(event) },
    ...wiring,
  });
  app.get("/open", { config: { access: "public" } }, async () => "x");
  app.post("/own", { config: { access: "public", csrf: "origin-only" } }, async () => "x");
  const from = (address: string, url = "/api/login", options: InjectOptions = {}) =>
    app.inject({
      method: "POST",
      url,
      ...options,
      headers: { "x-forwarded-for": address, ...options.headers },
    });
  const statuses = async (count: number, ask: () => ReturnType<typeof from>) => {
    const found: number[] = [];
    for (let asked = 0; asked < count; asked++) found.push((await ask()).statusCode);
    return found;
  };
  return { app, clock, events, from, statuses };
}

const limitsOf = (over: Readonly<Record<string, string>>) => ({ limits: over });

describe("a limit", () => {
  it("lets the declared number through, refuses the next with 429, and says when to come again", async () => {
    const { from, statuses, clock } = await start(limitsOf({ login: "3/minute" }));
    expect(await statuses(4, () => from("198.51.100.1"))).toEqual([400, 400, 400, 429]);
    const refusal = await from("198.51.100.1");
    expect(refusal.headers).toMatchObject({
      "retry-after": "20",
      "ratelimit-policy": '"login";q=3;w=60',
      ratelimit: '"login";r=0;t=20',
      "x-ratelimit-limit": "3",
      "x-ratelimit-remaining": "0",
      "content-type": "application/problem+json; charset=utf-8",
      "x-frame-options": "DENY",
      "cache-control": "no-store",
    });
    expect(refusal.json()).toMatchObject({ code: "AEGIS_RATE_LIMITED", status: 429 });
    clock.advance(19);
    expect((await from("198.51.100.1")).statusCode).toBe(429);
    clock.advance(1);
    expect(await statuses(2, () => from("198.51.100.1"))).toEqual([400, 429]);
  });

  it("is announced on every answer, with what is left", async () => {
    const { app, clock } = await start(limitsOf({ read: "10/minute" }));
    const answers = [await app.inject("/open"), await app.inject("/open"), await app.inject("/nothing")];
    expect(answers.map(({ headers }) => headers["ratelimit"])).toEqual([
      '"read";r=9;t=6',
      '"read";r=8;t=12',
      '"read";r=7;t=18',
    ]);
    expect(answers[0]?.headers["x-ratelimit-reset"]).toBe(String(Math.ceil(clock.now() / 1000) + 6));
  });

  it("is silent where the policy names no fields, but for Retry-After", async () => {
    const { from, statuses } = await start({ limits: { login: "1/minute" }, headers: [] });
    await statuses(1, () => from("198.51.100.1"));
    const { headers } = await from("198.51.100.1");
    expect(Object.keys(headers).filter((name) => name.includes("ratelimit"))).toEqual([]);
    expect(headers["retry-after"]).toBe("60");
  });

  it("counts from the first request of a window to its end under the other algorithm", async () => {
    const { from, statuses, clock } = await start({
      algorithm: "fixed-window",
      limits: { login: "2/minute" },
    });
    clock.advance(59);
    expect(await statuses(3, () => from("198.51.100.1"))).toEqual([400, 400, 429]);
    clock.advance(59);
    expect((await from("198.51.100.1")).headers["retry-after"]).toBe("1");
    clock.advance(1);
    expect(await statuses(3, () => from("198.51.100.1"))).toEqual([400, 400, 429]);
  });

  it("of one route is not used up by another, and what nobody names has its own", async () => {
    const { app, from, statuses } = await start(
      limitsOf({ login: "1/minute", global: "2/minute", read: "3/minute" }),
    );
    expect(await statuses(2, () => from("127.0.0.1"))).toEqual([400, 429]);
    expect(await statuses(3, () => app.inject({ method: "POST", url: "/own" }))).toEqual([200, 200, 429]);
    expect(await statuses(4, () => app.inject("/open"))).toEqual([200, 200, 200, 429]);
  });
});

describe("whose request it is", () => {
  it("is the last address that a named proxy saw: what a client writes before it changes nothing", async () => {
    const { from, statuses } = await start(limitsOf({ login: "2/minute" }));
    let round = 0;
    const spoofed = () =>
      from(`203.0.113.${(round += 1)}, 198.51.100.9`, "/api/login", {
        headers: { "x-real-ip": `203.0.113.${round}`, forwarded: `for=203.0.113.${round}` },
      });
    expect(await statuses(4, spoofed)).toEqual([400, 400, 429, 429]);
    expect((await from("198.51.100.10")).statusCode).toBe(400);
  });

  it("is the network of an IPv6 address, and the IPv4 address that one wraps", async () => {
    const { from, statuses } = await start(limitsOf({ login: "2/minute" }));
    const hosts = ["2001:db8:1:2::1", "2001:db8:1:2:ffff::2", "2001:DB8:1:2:3:4:5:6"];
    expect(await statuses(3, () => from(hosts.shift() ?? ""))).toEqual([400, 400, 429]);
    expect((await from("2001:db8:1:3::1")).statusCode).toBe(400);
    const wrapped = ["198.51.100.7", "::ffff:198.51.100.7", "::ffff:c633:6407"];
    expect(await statuses(3, () => from(wrapped.shift() ?? ""))).toEqual([400, 400, 429]);
  });

  it("of somebody signed in is the person, from whatever address, reading included", async () => {
    const { app } = await start(limitsOf({ user: "4/day", global: "2/hour" }));
    const visitor = await new Visitor(app).enter();
    const profile = (address: string) =>
      visitor.send("GET", "/api/profile", { headers: { "x-forwarded-for": address } });
    const found: number[] = [];
    for (let asked = 0; asked < 5; asked++) found.push((await profile(`198.51.100.${asked}`)).statusCode);
    expect(found).toEqual([200, 200, 200, 200, 429]);
    const refusal = await profile("198.51.100.77");
    expect(refusal.headers["ratelimit-policy"]).toBe('"read";q=1200;w=60, "user";q=4;w=86400');
    const other = await new Visitor(app).enter();
    expect((await other.send("GET", "/api/profile")).statusCode).toBe(200);
  });

  it("of a tenant is everybody who works in it, and nobody who was put out of it", async () => {
    const limits = memoryStores().limits;
    const policy = definePolicy({
      environment: "test",
      password: { argon2: cheapHash },
      tenancy: { enabled: true },
      rateLimit: limitsOf({ tenant: "6/day" }),
    });
    const hub = await startHub(policy, { limits });
    open.push(hub.app);
    const [tenant, other] = [await openTenant(hub, "test.com"), await openTenant(hub, "ACME")];
    const [ada, grace, left] = [
      await memberOf(hub, tenant, "learner"),
      await memberOf(hub, tenant, "learner"),
      await memberOf(hub, tenant, "learner"),
    ];
    const leftId = (await hub.stores.accounts.findByLogin(left.username))?.id ?? "";
    await hub.stores.tenancy.remove(tenant, leftId, false);
    const ask = async (visitor: Visitor) => (await visitor.send("GET", "/api/tenant/roles")).statusCode;
    for (let asked = 0; asked < 8; asked++) expect(await ask(left)).toBe(403);
    for (let asked = 0; asked < 3; asked++) expect([await ask(ada), await ask(grace)]).toEqual([200, 200]);
    expect([await ask(ada), await ask(grace)]).toEqual([429, 429]);
    // What does not work in the tenant goes on, and so does another tenant.
    expect((await ada.send("GET", "/api/profile")).statusCode).toBe(200);
    expect(await ask(await memberOf(hub, other, "learner"))).toBe(200);
  });

  it("that another limit refused is charged nowhere else", async () => {
    const { app } = await start(limitsOf({ user: "10/day", global: "1/hour" }));
    const visitor = await new Visitor(app).enter();
    const save = async () =>
      visitor.send("POST", "/api/profile", {
        json: { display_name: "x", about_me: "" },
        headers: { "x-csrftoken": await visitor.token() },
      });
    expect((await save()).statusCode).toBe(200);
    for (let tries = 0; tries < 20; tries++) expect((await save()).statusCode).toBe(429);
    expect((await visitor.send("GET", "/api/profile")).headers["ratelimit"]).toContain('"user";r=8;');
  });

  it.each([
    ["/api/login", "POST", { login: "3/minute" }],
    ["/api/register", "POST", { register: "3/minute" }],
    ["/open", "GET", { read: "3/minute" }],
  ] as const)(
    "that a page elsewhere makes a browser send to %s has a count of its own",
    async (url, method, limits) => {
      const { from, statuses } = await start(limitsOf(limits));
      for (const headers of [
        { "sec-fetch-site": "cross-site" },
        { "sec-fetch-site": "same-site" },
        { origin: "https://evil.example" },
      ])
        expect((await statuses(5, () => from("198.51.100.1", url, { method, headers }))).at(-1)).toBe(429);
      expect((await from("198.51.100.1", url, { method, payload: {} })).statusCode).not.toBe(429);
    },
  );

  it("gains no second count by naming a site that the policy trusts", async () => {
    const csrf = { trustedOrigins: ["https://app.example"], sameSiteTrusted: true };
    const { from, statuses } = await start(limitsOf({ login: "3/minute" }), {}, { csrf });
    const sent = [
      {},
      { "sec-fetch-site": "same-site" },
      { "sec-fetch-site": "cross-site", origin: "https://app.example" },
      { "sec-fetch-site": "same-origin" },
    ];
    const signIn = () => from("198.51.100.1", "/api/login", { headers: sent.shift() ?? {} });
    expect(await statuses(4, signIn)).toEqual([400, 400, 400, 429]);
  });

  it("that a key is refused costs the person behind it nothing", async () => {
    const { app } = await start(
      limitsOf({ user: "50/day", global: "2/hour" }),
      {},
      { apiKey: { enabled: true } },
    );
    app.post(
      "/program",
      { config: { access: "authenticated", credentials: ["api-key"], scopes: ["profile:read"] } },
      async () => "x",
    );
    const visitor = await new Visitor(app).enter();
    const made = await visitor.send("POST", "/api/api-keys", {
      json: { name: "Import", scopes: ["profile:read"] },
      headers: { "x-csrftoken": await visitor.token() },
    });
    const headers = { authorization: `Bearer ${made.json().api_key}` };
    const answers: number[] = [];
    for (let asked = 0; asked < 40; asked++)
      answers.push((await app.inject({ method: "POST", url: "/program", headers })).statusCode);
    expect(answers).toEqual([200, 200, ...Array.from({ length: 38 }, () => 429)]);
    expect((await visitor.send("GET", "/api/profile")).headers["ratelimit"]).toContain('"user";r=46;');
  });

  it.each([
    ["made-up cookies", { cookie: `session=${"A".repeat(43)}` }, 401],
    ["made-up keys", { authorization: `Bearer aegis_test_${"A".repeat(58)}` }, 401],
    ["what is forged", { "sec-fetch-site": "cross-site" }, 400],
    ["what is forged in an older browser", { origin: "https://evil.example" }, 400],
  ])("is its address before %s is looked at, reading or not", async (_what, headers, status) => {
    const stores = memoryStores();
    let looked = 0;
    const find = stores.sessions.findByTokenHash.bind(stores.sessions);
    stores.sessions.findByTokenHash = (...args) => {
      looked += 1;
      return find(...args);
    };
    const { from, statuses, events } = await start(limitsOf({ read: "3/minute" }), stores);
    const refused = await statuses(20, () => from("198.51.100.1", "/api/profile", { headers }));
    expect(refused).toEqual([status, status, status, ...Array.from({ length: 17 }, () => 429)]);
    expect(looked).toBeLessThanOrEqual(3);
    expect(events.length).toBeLessThanOrEqual(4);
  });

  it("a forged request is not held against whom it was forged for", async () => {
    const { app } = await start(limitsOf({ global: "1/hour", user: "100/day" }));
    const visitor = await new Visitor(app).enter();
    for (let tries = 0; tries < 5; tries++)
      expect((await visitor.send("POST", "/api/profile", { json: {} })).statusCode).toBe(400); // no CSRF token
    const save = await visitor.send("POST", "/api/profile", {
      json: { display_name: "x", about_me: "" },
      headers: { "x-csrftoken": await visitor.token() },
    });
    expect(save.statusCode).toBe(200);
  });
});

describe("a route", () => {
  it("that names a limit which the policy does not have stops the start", async () => {
    const { app } = await start(undefined);
    expect(() => app.get("/a", { config: { access: "public", limit: "serach" } }, async () => "x")).toThrow(
      /names the limit "serach"[\s\S]*Known: login/,
    );
    expect(() => app.get("/b", { config: { access: "public", limit: "user" } }, async () => "x")).toThrow(
      /user/,
    );
  });

  it("may name limits of the application's own, and several", async () => {
    const { app, statuses } = await start({ own: ["search=2/minute"], limits: { reset: "5/minute" } });
    app.get("/find", { config: { access: "public", limit: ["search", "reset"] } }, async () => "x");
    expect(await statuses(3, () => app.inject("/find"))).toEqual([200, 200, 429]);
  });

  it("keeps the critical limits of the library", async () => {
    const hub = await startHub(
      definePolicy({ preset: "education", environment: "test", password: { argon2: cheapHash } }),
      { limits: memoryStores().limits },
    );
    open.push(hub.app);
    const named = async (url: string) =>
      (await hub.app.inject({ method: "POST", url, payload: {} })).headers["ratelimit-policy"];
    expect(await named("/api/login")).toBe('"login";q=10;w=60');
    expect(await named("/api/register")).toBe('"register";q=5;w=60');
    expect(await named("/api/auth/password/forgot")).toBe('"reset";q=5;w=60');
    expect(await named("/api/auth/password/reset")).toBe('"reset";q=5;w=60');
    expect(await named("/api/register/verify")).toBe('"verifyEmail";q=10;w=60');
    expect(await named("/api/register/resend")).toBe('"verifyEmail";q=10;w=60');
    expect(await named("/api/auth/mfa/verify")).toBe('"mfaVerify";q=10;w=60');
    expect(await named("/api/session/refresh")).toBe('"refresh";q=60;w=60');
    expect(await named("/api/auth/passkeys/sign-in/verify")).toBe('"login";q=10;w=60');
    expect(await named("/api/csp-report")).toBe('"cspReport";q=60;w=60');
    expect(await named("/api/profile")).toBe('"global";q=200;w=3600');
  });
});

describe("the log of refusals", () => {
  it("has one event per address, limit and window, and a bounded number of all", async () => {
    const { from, events, clock } = await start(limitsOf({ login: "1/minute" }));
    const exceeded = () => events.filter(({ event }) => event === "rate_limit.exceeded");
    for (let tries = 0; tries < 20; tries++) await from("198.51.100.1");
    expect(exceeded()).toMatchObject([{ ip: "198.51.100.1", facts: { limit: "login" } }]);
    clock.advance(130);
    for (let tries = 0; tries < 3; tries++) await from("198.51.100.1");
    expect(exceeded().length).toBe(2);
    for (let address = 0; address < 200; address++)
      for (let tries = 0; tries < 2; tries++) await from(`203.0.113.${address}`);
    expect(exceeded().length).toBeLessThanOrEqual(61);
    clock.advance(60);
    for (let tries = 0; tries < 2; tries++) await from("192.0.2.1");
    expect(exceeded().at(-1)?.facts?.["untold"]).toBeGreaterThan(100);
  });
});

describe("the log of what is refused before any limit", () => {
  it("has one event per address, reason and minute, and a bounded number of all", async () => {
    const transport = { trustedProxies: ["127.0.0.1"], allowedHosts: ["app.test"] };
    const { from, events, clock } = await start(undefined, {}, { transport });
    const refused = () => events.filter(({ event }) => event === "transport.refused");
    for (let tries = 0; tries < 50; tries++) expect((await from("198.51.100.1")).statusCode).toBe(421);
    expect(refused()).toMatchObject([{ ip: "198.51.100.1", code: "AEGIS_TRANSPORT_HOST" }]);
    for (let address = 0; address < 200; address++) await from(`203.0.113.${address}`);
    expect(refused().length).toBe(60);
    clock.advance(60);
    await from("198.51.100.1");
    expect(refused().at(-1)?.facts).toEqual({ untold: 141 });
  });
});

describe("while the store of limits is away", () => {
  it("closes what is critical, counts the rest in the process, tells it once, and is back by itself", async () => {
    const { limits } = memoryStores();
    const state = { away: false, asked: 0 };
    const flaky = {
      isShared: false,
      take: limits.take.bind(limits),
      takeMany: (...args: Parameters<typeof limits.takeMany>) => {
        state.asked += 1;
        return state.away
          ? Promise.reject(Object.assign(new Error("gone"), { code: "ECONNREFUSED" }))
          : limits.takeMany(...args);
      },
      leaseBlock: limits.leaseBlock.bind(limits),
      peek: limits.peek.bind(limits),
      clear: limits.clear.bind(limits),
    };
    const { app, from, events, clock, statuses } = await start(limitsOf({ read: "3/minute" }), {
      limits: flaky,
    });
    state.away = true;
    for (let tries = 0; tries < 20; tries++) {
      const refused = await from("198.51.100.1");
      expect([refused.statusCode, refused.headers["retry-after"], refused.json().code]).toEqual([
        503,
        "5",
        "AEGIS_RATE_UNCOUNTED",
      ]);
    }
    expect(state.asked).toBe(1); // not every request waits for a store that is not there
    expect(await statuses(4, () => app.inject("/open"))).toEqual([200, 200, 200, 429]);
    clock.advance(2);
    expect((await from("198.51.100.1")).statusCode).toBe(503);
    state.away = false;
    clock.advance(2);
    expect((await from("198.51.100.1")).statusCode).toBe(400);
    expect(
      events.filter(({ event }) => event === "rate_limit.store_away").map(({ outcome }) => outcome),
    ).toEqual(["failure", "success"]);
  });
});

describe("while the stores hang", () => {
  it("only one request in a while waits for them, and not every one", async () => {
    const clock = manualClock();
    let waited = 0;
    const hang = async (): Promise<never> => {
      waited += 1;
      await new Promise((resolve) => setTimeout(resolve, 5));
      clock.advance(1); // as long as the client of Redis waits
      throw Object.assign(new Error("no answer within 1000 ms"), { code: "ECONNREFUSED" });
    };
    const { limits, reputation } = memoryStores();
    limits.takeMany = hang;
    reputation.find = hang;
    const { app, statuses } = await start(undefined, { limits, reputation, clock });
    expect(await statuses(20, () => app.inject("/open"))).toEqual(Array.from({ length: 20 }, () => 200));
    expect(waited).toBeLessThanOrEqual(3);
    clock.advance(5);
    const before = waited;
    await Promise.all(Array.from({ length: 20 }, () => app.inject("/open")));
    expect(waited - before).toBeLessThanOrEqual(2);
  });
});

describe("the operator's probe key", () => {
  const key = randomBytes(32).toString("base64url");

  it("lifts the limits of volume for whoever has it, and for nobody else", async () => {
    const { from, statuses } = await start(limitsOf({ login: "1/minute" }), { probeKey: key });
    const withKey = (value: string) => () =>
      from("198.51.100.1", "/api/login", { headers: { "aegis-probe-key": value } });
    expect(await statuses(10, withKey(key))).toEqual(Array.from({ length: 10 }, () => 400));
    expect(await statuses(2, withKey(`${key}x`))).toEqual([400, 429]);
    expect((await withKey("")()).statusCode).toBe(429);
    expect((await from("198.51.100.1")).statusCode).toBe(429);
  });

  it("means nothing where none was set, and must be strong where one is", async () => {
    const { from, statuses } = await start(limitsOf({ login: "1/minute" }));
    const asked = () => from("198.51.100.1", "/api/login", { headers: { "aegis-probe-key": "" } });
    expect(await statuses(2, asked)).toEqual([400, 429]);
    for (const weak of ["", "short", "a".repeat(64), `${key} `])
      await expect(start(undefined, { probeKey: weak })).rejects.toThrow(/probe key must be 43/);
  });

  it("opens nothing else: passwords are still guessed at the throttle's pace", async () => {
    const { app, from } = await start(limitsOf({ login: "1/minute" }), { probeKey: key });
    const visitor = await new Visitor(app).enter();
    const headers = { "aegis-probe-key": key };
    const signIn = (password: string) =>
      from("198.51.100.1", "/api/login", { headers, payload: { username: visitor.username, password } });
    for (let tries = 0; tries < 6; tries++)
      expect((await signIn("Wrong horse, 12 spoons")).statusCode).toBe(401);
    expect((await signIn(PASSWORD)).statusCode).toBe(401); // must wait, and is not told
    expect((await from("198.51.100.1", "/api/profile", { headers })).statusCode).not.toBe(200);
  });
});
