/**
 * Bad input everywhere: each family of payloads goes into every text, parameter and query that any route of the hub
 * takes, as its schema tells, on a real SQL engine. Whatever comes back is an answer: no 5xx, nothing of the inside.
 */
import { subscribe } from "node:diagnostics_channel";
import { definePolicy } from "aegis";
import { migrate, postgresStores } from "aegis/stores/postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { migrationSources } from "../apps/hub/server/database/migrations.ts";
import { openPglite } from "../apps/hub/server/database/pglite-pool.ts";
import { tenantRows } from "../apps/hub/server/database/tenant-rows.ts";
import { totpCode } from "./support/authenticator.ts";
import { PASSWORD, Visitor } from "./support/browser-like.ts";
import { cheapHash, startHub } from "./support/hub.ts";
import { roomyLimits } from "./support/roomy-limits.ts";

const families: Readonly<Record<string, readonly string[]>> = {
  "SQL injection": [
    "' or '1'='1",
    "'; drop table aegis_accounts; --",
    "\\'; select pg_sleep(5)--",
    "1) union select null,version()--",
    "$$;select 1;$$",
    "%' like '%",
  ],
  "cross-site scripting": [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "javascript:alert(1)",
    "{{constructor.constructor('alert(1)')()}}",
    "${7*7}",
  ],
  "path traversal": [
    "../../../etc/passwd",
    "..\\..\\windows\\win.ini",
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "/etc/passwd\u0000.png",
    "file:///etc/passwd",
  ],
  "Unicode tricks": [
    "\u202eexe.txt",
    "\ufeff\u200b\u2060",
    "ﷺ".repeat(60),
    "\u0130\u0131ſK",
    "e" + "\u0301".repeat(200),
    "\u{e0041}\u{1f3f4}",
    "A\u030a\u00c5\u212b",
  ],
  "lone surrogates": ["\ud800", "a\udc00b", "\udfff\ud800"],
  "NUL bytes": ["\u0000", "admin\u0000", "\u0000' or 1=1"],
  "huge numbers": [
    "99999999999999999999999999",
    "-1",
    "1e400",
    "NaN",
    "0x7fffffff",
    "2147483648",
    "9223372036854775808",
  ],
  "prototype pollution": [
    "__proto__",
    "constructor",
    "constructor.prototype.polluted",
    "toString",
    "hasOwnProperty",
  ],
  "header injection": ["a\r\nSet-Cookie: x=1", "a\nb", "%0d%0aSet-Cookie:x=1"],
  "commands and formulas": ["=cmd|'/c calc'!A1", "@SUM(1)", "$(id)", "`id`", "| cat /etc/passwd"],
  length: ["", " ", "x".repeat(5000), "9".repeat(300)],
};
/** Of each family; `BAD_INPUT=all` sends all of them. */
const MOST = process.env["BAD_INPUT"] === "all" ? Infinity : 2;
const others: readonly unknown[] = [
  null,
  true,
  1e308,
  -1,
  {},
  [],
  [[]],
  { $ne: null },
  ["a", "a"],
  { length: 1e9 },
];
const INSIDE =
  /\n\s+at \S|node_modules|\.[cm]?[jt]s:\d+|SQLSTATE|syntax error|relation "|column "|violates|duplicate key|invalid input|aegis_[a-z]+|pg_catalog|ENOENT|Traceback|\/(home|usr|tmp|var)\//;

interface Route {
  readonly method: string;
  readonly url: string;
  readonly schema: unknown;
}
const seen: Route[] = [];
let hub: Awaited<ReturnType<typeof startHub>>;
let database: Awaited<ReturnType<typeof openPglite>>;
let routes: readonly Route[];

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

beforeAll(async () => {
  subscribe("fastify.initialization", (message) => {
    const fastify = isRecord(message) ? message["fastify"] : undefined;
    const addHook: unknown = isRecord(fastify) ? fastify["addHook"] : undefined;
    if (typeof addHook !== "function") throw new Error("Fastify does not say that it begins");
    Reflect.apply(addHook, fastify, [
      "onRoute",
      (route: { method: string | string[]; url: string; schema?: unknown }) => {
        for (const method of [route.method].flat())
          seen.push({ method, url: route.url, schema: route.schema });
      },
    ]);
  });
  database = await openPglite();
  await migrate(database, migrationSources);
  hub = await startHub(
    definePolicy({
      preset: "education",
      environment: "test",
      password: { argon2: cheapHash },
      mfa: { requiredForRoles: [] },
      session: { idleTimeoutSeconds: 3600 },
      throttle: { freeAttemptCount: 20 },
      token: { enabled: true },
    }),
    { ...postgresStores(database), rows: await tenantRows(database), limits: roomyLimits() },
  );
  hub.app.log.level = "silent";
  // A stream of events never ends, and takes nothing but who asks.
  routes = seen.filter(
    ({ method, url }) => method !== "HEAD" && method !== "OPTIONS" && !/stream|live/.test(url),
  );
});
afterAll(async () => {
  await hub?.close();
  await database?.end();
});

let made = 0;
/** With two factors, or no route for administrators would look at what it is sent. */
async function administrator(): Promise<{ visitor: Visitor; token: string }> {
  const visitor = new Visitor(hub.app);
  const username = `root${made++}`;
  await hub.app.aegis.createAccount({ username, password: PASSWORD, roles: ["user", "admin"] });
  await visitor.send("POST", "/api/login", { json: { username, password: PASSWORD } });
  const headers = { "x-csrftoken": await visitor.token() };
  const { secret } = (await visitor.send("POST", "/api/auth/mfa/setup", { json: {}, headers })).json();
  const code = totpCode(secret, hub.clock.now());
  await visitor.send("POST", "/api/auth/mfa/verify-setup", {
    json: { code },
    headers: { "x-csrftoken": await visitor.token() },
  });
  const { statusCode } = await visitor.send("GET", "/api/admin/users");
  if (statusCode !== 200) throw new Error(`an administrator is answered with ${statusCode}`);
  // As the owner of a tenant, or no route that works in one would look either.
  const owner = String((await visitor.send("GET", "/api/check_session")).json().user.id);
  const tenant = await hub.app.aegis.openTenant({ name: `Tenant of ${username}`, owner });
  const entered = await visitor.send("POST", "/api/tenant/switch", {
    json: { tenant_id: tenant?.id },
    headers: { "x-csrftoken": await visitor.token() },
  });
  if (entered.statusCode !== 200) throw new Error(`the tenant is entered with ${entered.statusCode}`);
  return { visitor, token: await visitor.token() };
}

const ID = "00000000-0000-4000-8000-000000000000";
const good: Readonly<Record<string, unknown>> = {
  username: "someone",
  email: "a@example.com",
  password: PASSWORD,
  current_password: PASSWORD,
  new_password: PASSWORD,
  code: "123456",
};
/** A value that the schema takes, if one can be guessed. */
function valueFor(name: string, schema: unknown): unknown {
  if (Object.hasOwn(good, name)) return good[name];
  if (!isRecord(schema)) return "x";
  if (Array.isArray(schema["enum"])) return schema["enum"][0];
  const [first] = [schema["anyOf"], schema["oneOf"]].flatMap((one) => (Array.isArray(one) ? one : []));
  if (first !== undefined) return valueFor(name, first);
  switch (schema["type"]) {
    case "integer":
    case "number":
      return schema["minimum"] ?? 1;
    case "boolean":
      return true;
    case "array":
      return [valueFor("", schema["items"])];
    case "object":
      return Object.fromEntries(propertiesOf(schema).map(([key, inner]) => [key, valueFor(key, inner)]));
    default:
      return "x".repeat(Math.max(1, Number(schema["minLength"] ?? 1)));
  }
}
const needsFactor = (body: string): boolean => body.includes("AEGIS_ACCESS_SECOND_FACTOR_NEEDED");
const propertiesOf = (schema: unknown): [string, unknown][] =>
  isRecord(schema) && isRecord(schema["properties"]) ? Object.entries(schema["properties"]) : [];
const partOf = ({ schema }: Route, part: string): unknown => (isRecord(schema) ? schema[part] : undefined);
const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;

/** Every request that puts one payload at one place of a route. */
function* requestsFor(route: Route, payload: unknown): Generator<{ url: string; json?: unknown }> {
  const plain = route.url.replace(/:\w+/g, ID).replace("*", "x");
  const body = partOf(route, "body");
  const whole = isRecord(body) ? valueFor("", { ...body, type: "object" }) : undefined;
  const json = route.method === "GET" || whole === undefined ? {} : { json: whole };
  if (typeof payload === "string") {
    const encoded = encodeURIComponent(payload.toWellFormed());
    for (const match of route.url.matchAll(/:\w+/g))
      yield { url: route.url.replace(match[0], encoded).replace(/:\w+/g, ID), ...json };
    for (const name of [...propertiesOf(partOf(route, "querystring")).map(([key]) => key), "__proto__[x]"])
      yield { url: `${plain}?${name}=${encoded}`, ...json };
  }
  if (route.method === "GET" || !isRecord(whole)) return;
  for (const name of Object.keys(whole)) yield { url: plain, json: { ...whole, [name]: payload } };
  yield { url: plain, json: payload };
}

/** Signing one in takes as long as all the payloads of a dozen routes. */
const ROUTES_EACH = 12;

describe("every route", () => {
  const walk = async (payloads: readonly unknown[]): Promise<number> => {
    let count = 0;
    let { visitor, token } = await administrator();
    for (const [place, route] of routes.entries()) {
      // Not one for all: what was tried too often on one account is not looked at any more.
      if (place % ROUTES_EACH === ROUTES_EACH - 1) ({ visitor, token } = await administrator());
      const method = METHODS.find((one) => one === route.method);
      if (method === undefined) continue;
      for (const payload of payloads)
        for (const { url, json } of requestsFor(route, payload)) {
          const response = await visitor.send(method, url, {
            ...(json === undefined ? {} : { json }),
            headers: { "x-csrftoken": token },
          });
          count += 1;
          const what = `${method} ${url} ${JSON.stringify(json)?.slice(0, 300)}`;
          expect([what, response.statusCode]).toEqual([
            what,
            expect.toSatisfy((status: number) => status < 500),
          ]);
          const isOurs = /json/.test(String(response.headers["content-type"]));
          if (response.statusCode >= 400 && isOurs)
            expect([what, INSIDE.exec(response.body)?.[0]]).toEqual([what, undefined]);
          expect(response.headers["set-cookie"]?.toString() ?? "").not.toMatch(/^x=1/m);
          // It signed itself out, or ended its account: go on as somebody else.
          if (!visitor.cookies.has("session") || response.statusCode === 401 || needsFactor(response.body)) {
            ({ visitor, token } = await administrator());
          }
        }
    }
    expect(Object.keys(Object.prototype)).toEqual([]);
    return count;
  };

  it.each(Object.entries(families).map(([name, payloads]) => [name, payloads.slice(0, MOST)] as const))(
    "answers %s with less than 500, and tells nothing",
    async (_name, payloads) => {
      expect(routes.length).toBeGreaterThan(60);
      expect(await walk(payloads)).toBeGreaterThan(200);
    },
    120_000,
  );

  it("answers values of any other type with less than 500, and tells nothing", async () => {
    expect(await walk(others)).toBeGreaterThan(200);
  }, 120_000);

  it("still works after all that", async () => {
    expect((await hub.app.inject("/health")).statusCode).toBe(200);
    expect((await administrator()).token).toMatch(/\S{20}/);
  });
});
