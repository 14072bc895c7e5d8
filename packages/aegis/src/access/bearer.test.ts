import Fastify, { type FastifyContextConfig } from "fastify";
import { describe, expect, it } from "vitest";
import { accessDefaults } from "./policy.ts";
import { type BearerKind, enforceBearer } from "./bearer.ts";
import { enforceAccess } from "./enforce.ts";

const kind = (
  credential: "token" | "api-key",
  prefix: string,
  roles: readonly string[] = [],
): BearerKind => ({
  credential,
  hasForm: (text) => text.startsWith(prefix),
  verify: async (text) =>
    text === `${prefix}good`
      ? {
          credential,
          id: `${credential}-1`,
          scopes: ["courses:read"],
          principal: { userId: "u1", username: "ada", roles, tenantId: null },
        }
      : undefined,
});

function appWith(config: FastifyContextConfig) {
  const app = Fastify();
  const bearers = enforceBearer(app, [kind("token", "t-"), kind("api-key", "k-", ["admin"])]);
  app.decorateRequest("session", null);
  app.decorateRequest("unfinishedSignIn", null);
  enforceAccess(app, accessDefaults("test"), {
    principalOf: bearers.principalOf,
    now: () => 0,
    stepUpAgeSeconds: 1,
  });
  app.get("/", { config }, async (request) => ({ ...request.bearer, user: request.principal.userId }));
  return {
    as: (authorization?: string) =>
      app.inject({ url: "/", headers: authorization === undefined ? {} : { authorization } }),
    with: (headers: Readonly<Record<string, string>>) => app.inject({ url: "/", headers }),
  };
}

const keys = {
  access: "authenticated",
  credentials: ["session", "api-key"],
  scopes: ["courses:read"],
} as const;

describe("a token or key", () => {
  it("opens a route that takes its kind and asks for its scopes", async () => {
    const answer = await appWith(keys).as("Bearer k-good");
    expect(answer.json()).toEqual({
      credential: "api-key",
      id: "api-key-1",
      scopes: ["courses:read"],
      user: "u1",
    });
  });

  it.each([
    ["Bearer k-bad", "one that is not good"],
    ["Bearer t-good", "the other kind"],
    ["Bearer x-good", "no known form"],
    ["Bearer ", "nothing"],
    ["Basic k-good", "another scheme"],
    [`Bearer k-${"a".repeat(5000)}`, "one that is too long"],
    ["Bearer k-good, Bearer k-good", "two at once"],
  ])("is refused as %s: %s", async (header) => {
    expect((await appWith(keys).as(header)).statusCode).toBe(401);
  });

  it("may be sent as X-API-Key where it is a key, and nothing else may", async () => {
    const both = { ...keys, credentials: ["session", "api-key", "token"] } as const;
    expect((await appWith(both).with({ "x-api-key": "k-good" })).json()).toMatchObject({ id: "api-key-1" });
    for (const headers of [
      { "x-api-key": "t-good" },
      { "x-api-key": "k-bad" },
      { "x-api-key": "Bearer k-good" },
      { "x-api-key": `k-${"a".repeat(5000)}` },
      { "x-api-key": "k-good, k-good" },
      { "x-api-key": "k-good", authorization: "Bearer k-good" },
    ])
      expect([headers, (await appWith(both).with(headers)).statusCode]).toEqual([headers, 401]);
    const tokens = { ...keys, credentials: ["token"] } as const;
    expect((await appWith(tokens).with({ "x-api-key": "k-good" })).statusCode).toBe(401);
  });

  it("without the scope is refused", async () => {
    const answer = await appWith({ ...keys, scopes: ["courses:read", "courses:write"] }).as("Bearer k-good");
    expect([answer.statusCode, answer.json().code]).toEqual([403, "AEGIS_ACCESS_SCOPE_MISSING"]);
  });

  it("without the role is refused, whatever its scopes", async () => {
    const config = {
      access: "role:admin",
      credentials: ["token", "api-key"],
      scopes: ["courses:read"],
    } as const;
    expect((await appWith(config).as("Bearer t-good")).statusCode).toBe(403);
    expect((await appWith(config).as("Bearer k-good")).statusCode).toBe(200);
  });

  it("means nothing on a route that takes sessions alone", async () => {
    expect((await appWith({ access: "authenticated" }).as("Bearer k-good")).statusCode).toBe(401);
  });
});

describe("a route does not start", () => {
  it.each<[string, FastifyContextConfig]>([
    ["open to everybody", { ...keys, access: "public" }],
    ["open by group", { ...keys, access: "group:content" }],
    ["without scopes", { access: "authenticated", credentials: ["token"] }],
    ["asking for two factors", { ...keys, requireAal: 2 }],
    ["asking for a fresh proof", { ...keys, maxAuthAgeSeconds: "policy" }],
    ["ending a sign-in", { ...keys, signIn: "password" }],
  ])("that takes tokens or keys while it is %s", (_name, config) => {
    expect(() => appWith(config)).toThrow(/takes tokens or keys|asks for the proof/);
  });

  it("that declares scopes for sessions, which have none", () => {
    expect(() => appWith({ access: "authenticated", scopes: ["a"] })).toThrow(/declares scopes/);
  });
});
