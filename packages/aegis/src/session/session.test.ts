/** Sessions through the front door: a small application in process, a clock that can be moved. */
import Fastify, { type FastifyInstance } from "fastify";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { aegis, memoryStores, serverOptions, type SessionStore } from "../fastify.ts";
import { definePolicy, type PolicyInput } from "../policy.ts";
import { manualClock } from "../testing/clock.ts";
import { clearCookie, cookieName, setCookie, tokenFromCookie } from "./cookie.ts";
import { deviceName } from "./device.ts";

const json = { "content-type": "application/json" };
const credentials = { username: "ada", password: "harbour violet eleven spoons" };

async function open(input: PolicyInput = {}, sessions: SessionStore = memoryStores().sessions) {
  const clock = manualClock();
  const policy = definePolicy({
    environment: "test",
    ...input,
    password: { argon2: { memoryKib: 7168, iterations: 1 } },
  });
  const app = Fastify(serverOptions(policy));
  await app.register(aegis, {
    policy,
    secretKey: new Uint8Array(32),
    ...memoryStores(),
    sessions,
    clock,
    audit: { write: () => undefined },
  });
  app.get("/mine", { config: { access: "authenticated" } }, async (request) => ({
    name: request.principal.username,
  }));
  app.get("/anyone", { config: { access: "public" } }, async (request) => ({
    signedIn: request.session !== null,
  }));
  app.get("/careless", { config: { access: "public" } }, async (request) => request.principal.username);
  await app.inject({
    method: "POST",
    url: "/api/register",
    headers: json,
    payload: JSON.stringify(credentials),
  });
  return { app, clock, sessions };
}

async function signIn(app: FastifyInstance, extra: object = {}, cookie?: string) {
  const response = await app.inject({
    method: "POST",
    url: "/api/login",
    headers: { ...json, ...(cookie === undefined ? {} : { cookie }) },
    payload: JSON.stringify({ ...credentials, ...extra }),
  });
  return { response, cookie: String(response.headers["set-cookie"]).split(";")[0] ?? "" };
}

const get = (app: FastifyInstance, url: string, cookie: string) => app.inject({ url, headers: { cookie } });

describe("a session", () => {
  it("is kept alive by use and ends by idleness", async () => {
    const { app, clock } = await open();
    const { cookie } = await signIn(app);
    let current = cookie;
    for (let round = 0; round < 5; round++) {
      clock.advance(800);
      const response = await get(app, "/mine", current);
      expect(response.statusCode).toBe(200);
      current = String(response.headers["set-cookie"] ?? current).split(";")[0] ?? "";
    }
    clock.advance(901);
    expect((await get(app, "/mine", current)).statusCode).toBe(401);
  });

  it("is not kept alive by being asked about", async () => {
    const { app, clock } = await open();
    const { cookie } = await signIn(app);
    for (let round = 0; round < 2; round++) {
      clock.advance(400);
      expect((await get(app, "/api/check_session", cookie)).statusCode).toBe(200);
    }
    clock.advance(101);
    expect((await get(app, "/api/check_session", cookie)).statusCode).toBe(401);
  });

  it("rotates once under twenty parallel requests, and answers all of them", async () => {
    const { app, clock } = await open();
    const { cookie } = await signIn(app);
    for (let round = 0, current = cookie; round < 20; round++) {
      clock.advance(301);
      const answers = await Promise.all(Array.from({ length: 20 }, () => get(app, "/mine", current)));
      expect(answers.map(({ statusCode }) => statusCode)).toEqual(Array.from({ length: 20 }, () => 200));
      const cookies = answers.flatMap(({ headers }) =>
        headers["set-cookie"] === undefined ? [] : [String(headers["set-cookie"])],
      );
      expect(cookies).toHaveLength(1);
      const old = current;
      current = cookies[0]?.split(";")[0] ?? "";
      clock.advance(11);
      expect((await get(app, "/mine", old)).statusCode).toBe(401);
      expect((await get(app, "/mine", current)).statusCode).toBe(200);
    }
  });

  it("is new at every sign-in, and the one before is over", async () => {
    const { app } = await open();
    const first = await signIn(app);
    const second = await signIn(app, {}, first.cookie);
    expect(second.cookie).not.toBe(first.cookie);
    expect((await get(app, "/mine", first.cookie)).statusCode).toBe(401);
    expect((await get(app, "/mine", second.cookie)).statusCode).toBe(200);
  });

  it("lasts long when asked to where the policy allows it, and only there", async () => {
    const long = await open({
      preset: "saas",
      account: { emailRequired: false, emailVerification: "off" },
      access: { openGroups: [] },
    });
    await long.app.inject({
      method: "POST",
      url: "/api/register",
      headers: json,
      payload: JSON.stringify({ username: "grace", password: "Harbour violet, 11 spoons" }),
    });
    const remembered = await signIn(long.app, {
      username: "grace",
      password: "Harbour violet, 11 spoons",
      remember_me: true,
    });
    expect(String(remembered.response.headers["set-cookie"])).toContain("Max-Age=604800");
    const short = await open();
    const asked = await signIn(short.app, { remember_me: true });
    expect([asked.response.headers["set-cookie"]].flat()[0]).not.toMatch(/Max-Age|Expires/);
  });

  it("of another user cannot be ended, nor seen", async () => {
    const { app } = await open();
    await app.inject({
      method: "POST",
      url: "/api/register",
      headers: json,
      payload: JSON.stringify({ ...credentials, username: "eve" }),
    });
    const ada = await signIn(app);
    const eve = await signIn(app, { username: "eve" });
    const id: unknown = (await get(app, "/api/sessions", ada.cookie)).json().items[0].id;
    const token: unknown = (await get(app, "/csrf-token", eve.cookie)).json().csrf_token;
    const tried = await app.inject({
      method: "DELETE",
      url: `/api/sessions/${String(id)}`,
      headers: { cookie: eve.cookie, "x-csrftoken": String(token) },
    });
    expect([tried.statusCode, tried.json().code]).toEqual([404, "AEGIS_SESSION_NOT_FOUND"]);
    expect((await get(app, "/api/sessions", eve.cookie)).json().total).toBe(1);
    expect((await get(app, "/mine", ada.cookie)).statusCode).toBe(200);
  });

  it("that nobody has denies whoever asks for the principal by mistake", async () => {
    const { app } = await open();
    const response = await app.inject("/careless");
    expect([response.statusCode, response.json().code]).toEqual([401, "AEGIS_ACCESS_SIGN_IN_REQUIRED"]);
  });

  it("store that is away closes what is guarded and serves what anyone may read", async () => {
    const away = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
    const { app, sessions } = await open();
    const { cookie } = await signIn(app);
    sessions.findByTokenHash = () => Promise.reject(away);
    expect((await get(app, "/mine", cookie)).statusCode).toBe(503);
    expect((await get(app, "/api/check_session", cookie)).statusCode).toBe(503);
    expect((await get(app, "/anyone", cookie)).json()).toEqual({ signedIn: false });
    sessions.findByTokenHash = () => Promise.reject(new Error("a fault of our own"));
    expect((await get(app, "/anyone", cookie)).statusCode).toBe(500);
  });
});

describe("the cookie", () => {
  const production = definePolicy({ environment: "production" }).session.cookie;

  it("is __Host-, Secure, HttpOnly and SameSite in production", () => {
    expect(setCookie(production, "T")).toBe("__Host-session=T; Path=/; HttpOnly; Secure; SameSite=Lax");
    expect(clearCookie(production)).toBe(
      "__Host-session=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax",
    );
  });

  it("is found among others by its exact name, once, and in its exact shape", () => {
    const token = "A".repeat(43);
    expect(tokenFromCookie("session", `a=b; session=${token}; c=d`)).toBe(token);
    for (const header of [
      undefined,
      "",
      `xsession=${token}`,
      `session=${token}; session=${token}`,
      `session=${token}x`,
      `session="${token}"`,
      `SESSION=${token}`,
      `session =${token}`,
    ])
      expect(tokenFromCookie("session", header)).toBeUndefined();
    fc.assert(fc.property(fc.string(), (header) => void tokenFromCookie(cookieName(production), header)));
  });
});

describe("a device's name", () => {
  it.each([
    ["Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"],
    [
      "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0",
      "Edge on Windows",
    ],
    [
      "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1",
      "Safari on iOS",
    ],
    ["curl/8.5.0", "curl"],
    ["", "Unknown device"],
    ["<script>alert(1)</script>", "Unknown device"],
  ])("of %j is %s", (agent, name) => {
    expect(deviceName(agent)).toBe(name);
  });
});
