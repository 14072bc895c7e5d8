/** Walks over the live route table: what holds for one route must hold for all, those that come tomorrow included. */
import { readFileSync } from "node:fs";
import { definePolicy } from "aegis";
import type { RouteRow } from "aegis/fastify";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PASSWORD, Visitor } from "./support/browser-like.ts";
import { cheapHash, startHub } from "./support/hub.ts";
import { hubTarget } from "./support/target.ts";
import { memberOf, openTenant } from "./support/tenant-people.ts";

const NOBODY = "00000000-0000-4000-8000-000000000000";
let hub: Awaited<ReturnType<typeof startHub>>;
let routes: readonly RouteRow[];

beforeAll(async () => {
  hub = await startHub(
    definePolicy({
      preset: "saas",
      environment: "test",
      account: { emailRequired: false, emailVerification: "optional" },
      password: { argon2: cheapHash },
    }),
  );
  routes = hub.app.aegis.routes;
});
afterAll(() => hub.close());

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] as const;
const methodOf = ({ method }: RouteRow) => METHODS.find((one) => one === method) ?? "POST";
const addressOf = ({ url }: RouteRow): string => url.replace(/:\w+/g, NOBODY).replace("*", "x");
const compare = (a: string, b: string): number => (a < b ? -1 : 1);
const changes = ({ method }: RouteRow): boolean => !["GET", "HEAD"].includes(method);
const body = (row: RouteRow) => (changes(row) ? { json: {} } : {});

describe("every route", () => {
  it("that is not public refuses whoever is not signed in", async () => {
    const guarded = routes.filter(({ access }) => access !== "public");
    expect(guarded.length).toBeGreaterThan(10);
    for (const row of guarded) {
      const response = await new Visitor(hub.app).send(methodOf(row), addressOf(row), body(row));
      expect([row.method, row.url, response.statusCode]).toEqual([row.method, row.url, 401]);
    }
  });

  it("that changes something refuses a signed-in request without the CSRF token", async () => {
    const visitor = await new Visitor(hub.app).enter();
    const guarded = routes.filter((row) => changes(row) && row.csrf === "token");
    expect(guarded.length).toBeGreaterThan(3);
    for (const row of guarded) {
      for (const headers of [
        {},
        { "x-csrftoken": "wrong" },
        { "x-csrftoken": await new Visitor(hub.app).token() },
      ]) {
        const response = await visitor.send(methodOf(row), addressOf(row), { ...body(row), headers });
        expect([row.url, response.statusCode, response.json().detail]).toEqual([
          row.url,
          400,
          expect.stringContaining("CSRF"),
        ]);
      }
    }
  });

  it("that changes something takes a form's token from its body, and refuses a form without the right one", async () => {
    const visitor = await new Visitor(hub.app).enter();
    const form = { "content-type": "application/x-www-form-urlencoded" };
    const save = (fields: string, headers = {}) =>
      visitor.send("POST", "/api/profile", {
        payload: `display_name=x&about_me=${fields}`,
        headers: { ...form, ...headers },
      });
    expect((await save(`&csrf_token=${await visitor.token()}`)).statusCode).toBe(200);
    expect((await save("", { "x-csrf-token": await visitor.token() })).statusCode).toBe(200);
    expect((await save("")).json().code).toBe("AEGIS_CSRF_TOKEN_MISSING");
    expect((await save("&csrf_token=wrong")).json().code).toBe("AEGIS_CSRF_TOKEN_INVALID");
    expect((await save(`&csrf_token=${await visitor.token()}`, { "x-csrftoken": "wrong" })).json().code).toBe(
      "AEGIS_CSRF_TOKEN_INVALID",
    );
    expect((await visitor.send("POST", "/api/session/refresh", { headers: form })).json().code).toBe(
      "AEGIS_CSRF_TOKEN_MISSING",
    );
  });

  it("that changes something refuses what another site sends, token or not", async () => {
    const visitor = await new Visitor(hub.app).enter();
    for (const row of routes.filter(changes)) {
      const headers = {
        "x-csrftoken": await visitor.token(),
        origin: "https://evil.example",
        "sec-fetch-site": "cross-site",
      };
      const response = await visitor.send(methodOf(row), addressOf(row), { ...body(row), headers });
      expect([row.url, response.statusCode]).toEqual([row.url, 400]);
    }
  });

  it("answers a body that no schema knows with a clean refusal", async () => {
    const visitor = await new Visitor(hub.app).enter();
    // As the owner of a tenant: its routes look at what is sent for nobody else.
    const opened = await visitor.send("POST", "/api/tenants", {
      json: { name: "Walkers" },
      headers: { "x-csrftoken": await visitor.token() },
    });
    expect(opened.statusCode).toBe(201);
    for (const row of routes.filter((one) => changes(one) && one.url !== "/api/csp-report")) {
      for (const json of [{ surprise: 1 }, [], "text", 1, { username: { $ne: null } }]) {
        const response = await visitor.send(methodOf(row), addressOf(row), {
          json,
          headers: { "x-csrftoken": await visitor.token() },
        });
        // A route for administrators never looks at what somebody else sends.
        const status = row.access.startsWith("role:") ? 403 : 400;
        expect([row.url, response.statusCode]).toEqual([row.url, status]);
      }
    }
  });

  it("that works in a tenant refuses whoever works in none, and who is less there than it asks for", async () => {
    const bound = routes.filter(({ tenant }) => tenant !== undefined);
    expect(bound.length).toBeGreaterThan(20);
    const nobody = await new Visitor(hub.app).enter();
    const tenant = await openTenant(hub, "Ranks");
    const learner = await memberOf(hub, tenant, "learner");
    const ask = async (visitor: Visitor, row: RouteRow) => {
      const answer = await visitor.send(methodOf(row), addressOf(row), {
        ...body(row),
        headers: { "x-csrftoken": await visitor.token() },
      });
      return [row.url, answer.statusCode, row.method === "HEAD" ? "" : answer.json().code];
    };
    for (const row of bound) {
      const because = (code: string) => [row.url, 403, row.method === "HEAD" ? "" : code];
      expect(await ask(nobody, row)).toEqual(because("AEGIS_TENANCY_REQUIRED"));
      if (row.tenant !== "learner") expect(await ask(learner, row)).toEqual(because("AEGIS_TENANCY_ROLE"));
    }
  });

  it("exempt from the token is one that the design names", () => {
    expect(
      routes
        .filter((row) => changes(row) && row.csrf !== "token")
        .map(({ url }) => url)
        .toSorted(),
    ).toEqual([
      "/api/auth/passkeys/sign-in/options",
      "/api/auth/passkeys/sign-in/verify",
      "/api/auth/password/forgot",
      "/api/auth/password/reset",
      "/api/auth/refresh",
      "/api/auth/revoke",
      "/api/csp-report",
      "/api/login",
      "/api/logout",
      "/api/register",
      "/api/register/resend",
      "/api/register/verify",
    ]);
  });

  it("stands in the target description, as it is", () => {
    const live = routes
      .filter(({ method, url }) => method !== "HEAD" && url !== "/*")
      .map(({ method, url, access, tenant = "-" }) => `${method} ${url} ${access} ${tenant}`);
    const described = (hubTarget.routes ?? []).map(
      ({ method, path, access, tenant = "-" }) => `${method} ${path} ${access} ${tenant}`,
    );
    expect(described.toSorted(compare)).toEqual(live.toSorted(compare));
  });
});

describe("a route without an access rule", () => {
  it("stops the start", async () => {
    const { default: Fastify } = await import("fastify");
    const { aegis, memoryStores, serverOptions } = await import("aegis/fastify");
    const policy = definePolicy({ environment: "test" });
    const app = Fastify(serverOptions(policy));
    await app.register(aegis, { policy, secretKey: new Uint8Array(32), ...memoryStores() });
    expect(() => app.get("/forgotten", async () => "x")).toThrow(/declares no access rule/);
    await app.close();
  });
});

describe("answers", () => {
  it.each(["test", "production"] as const)(
    "carry the whole header block in %s, whatever kind they are",
    async (environment) => {
      const secure = environment === "production";
      const policy = definePolicy({ preset: "education", environment, password: { argon2: cheapHash } });
      const boom = await startHub(policy, { checkReady: () => Promise.reject(new Error("boom")) });
      boom.app.log.level = "silent";
      const https = secure ? { "x-forwarded-proto": "https" } : {};
      const visitor = new Visitor(boom.app);
      const page = await visitor.send("GET", "/", { headers: https });
      const asset = /\/assets\/[^"]+\.js/.exec(page.body)?.[0] ?? "";
      const large = { "content-type": "application/json", ...https };
      const kinds = {
        html: page,
        json: await visitor.send("GET", "/api/content", { headers: https }),
        "404": await visitor.send("GET", "/nothing", { headers: https }),
        "400": await visitor.send("POST", "/api/login", { payload: "{", headers: large }),
        "401": await visitor.send("GET", "/api/profile", { headers: https }),
        "413": await visitor.send("POST", "/api/login", {
          payload: `{"a":"${"x".repeat(1_100_000)}"}`,
          headers: large,
        }),
        "415": await visitor.send("POST", "/api/login", {
          payload: "x",
          headers: { "content-type": "text/x", ...https },
        }),
        "503": await visitor.send("GET", "/ready", { headers: https }),
        static: await visitor.send("GET", asset, { headers: https }),
        badUrl: await visitor.send("GET", "/%ff", { headers: https }),
      };
      const wanted = {
        html: 200,
        json: 200,
        "404": 404,
        "400": 400,
        "401": 401,
        "413": 413,
        "415": 415,
        "503": 503,
        static: 200,
        badUrl: 400,
      };
      for (const [kind, response] of Object.entries(kinds)) {
        expect([kind, response.statusCode]).toEqual([
          kind,
          Object.entries(wanted).find(([name]) => name === kind)?.[1],
        ]);
        expect([kind, response.headers]).toEqual([
          kind,
          expect.objectContaining({
            "x-content-type-options": "nosniff",
            "x-frame-options": "DENY",
            "referrer-policy": "strict-origin-when-cross-origin",
            "permissions-policy": expect.stringContaining("camera=(), "),
            "cross-origin-embedder-policy": "require-corp",
            "cross-origin-opener-policy": "same-origin",
            "cross-origin-resource-policy": "same-origin",
            "x-permitted-cross-domain-policies": "none",
            "x-download-options": "noopen",
            "x-xss-protection": "0",
            "content-security-policy": expect.stringContaining(
              kind === "html" ? "'strict-dynamic'" : "default-src 'none'; base-uri 'none'",
            ),
            "cache-control": kind === "static" ? "public, max-age=31536000, immutable" : "no-store",
          }),
        ]);
        expect([kind, response.headers["strict-transport-security"]]).toEqual([
          kind,
          secure ? "max-age=31536000; includeSubDomains" : undefined,
        ]);
        expect(response.headers["server"] ?? response.headers["x-powered-by"]).toBeUndefined();
      }
      await boom.close();
    },
  );

  it("carry the header block when the application throws (500), and tell nothing of it", async () => {
    const { default: Fastify } = await import("fastify");
    const { aegis, memoryStores, serverOptions } = await import("aegis/fastify");
    const policy = definePolicy({ environment: "test" });
    const app = Fastify(serverOptions(policy));
    await app.register(aegis, { policy, secretKey: new Uint8Array(32), ...memoryStores() });
    app.get("/boom", { config: { access: "public" } }, async () => {
      throw new Error("password of the database is hunter2");
    });
    const response = await app.inject("/boom");
    expect(response.statusCode).toBe(500);
    expect(response.headers).toMatchObject({ "x-frame-options": "DENY", "cache-control": "no-store" });
    expect(response.json()).toMatchObject({
      code: "AEGIS_INTERNAL",
      request_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(response.body).not.toContain("hunter2");
    await app.close();
  });
});

describe("the logs and events of a whole visit", () => {
  it("hold no password, token or cookie", async () => {
    const lines: string[] = [];
    const policy = definePolicy({
      preset: "education",
      environment: "test",
      password: { argon2: cheapHash },
    });
    const logged = await startHub(policy, {
      logger: { level: "trace", stream: { write: (line: string) => void lines.push(line) } },
    });
    const visitor = new Visitor(logged.app);
    await visitor.enter();
    const secrets = [PASSWORD, visitor.cookies.get("session") ?? "", await visitor.token()];
    await visitor.send("POST", "/api/profile", {
      json: { display_name: "x", about_me: "y" },
      headers: { "x-csrftoken": secrets[2] ?? "" },
    });
    await visitor.send("POST", "/api/login", {
      json: { username: visitor.username, password: `${PASSWORD}!` },
    });
    await visitor.send("POST", "/api/login", { json: { username: 'x"}\n{"level":60', password: PASSWORD } });
    await visitor.send("POST", "/api/logout");
    await logged.close();
    const all = lines.join("") + JSON.stringify(logged.events);
    for (const secret of secrets) expect(all).not.toContain(secret);
    const names = logged.events.map(({ event, outcome }) => `${event} ${outcome}`);
    expect(names).toEqual(
      expect.arrayContaining([
        "account.registered success",
        "session.signed_in success",
        "account.profile_changed success",
        "session.sign_in_failed failure",
        "session.ended success",
      ]),
    );
    const failure = logged.events.find(({ event }) => event === "session.sign_in_failed");
    expect(failure).toMatchObject({ username: visitor.username, ip: "127.0.0.1" });
    for (const line of lines) expect(() => JSON.parse(line)).not.toThrow();
  });
});

describe("README", () => {
  it("shows the quick-start example as it is", () => {
    const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");
    expect(read("README.md")).toContain(read("examples/quick-start/server.ts").trim());
  });
});
