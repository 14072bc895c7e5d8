/** Tenants, through the front door: who works where, who comes in, and what ends it. */
import { definePolicy, type PolicyInput } from "aegis";
import { aegis, memoryStores, serverOptions } from "aegis/fastify";
import { memoryTransport } from "aegis/mail";
import Fastify from "fastify";
import { afterEach, describe, expect, it } from "vitest";
import { totpCode } from "./support/authenticator.ts";
import { PASSWORD, Visitor } from "./support/browser-like.ts";
import { cheapHash, startHub } from "./support/hub.ts";

type Hub = Awaited<ReturnType<typeof startHub>>;
const hubs: Hub[] = [];
afterEach(async () => {
  for (const hub of hubs.splice(0)) await hub.close();
});

async function open(input: PolicyInput = {}): Promise<Hub> {
  const hub = await startHub(
    definePolicy({
      preset: "education",
      environment: "test",
      ...input,
      password: { argon2: cheapHash, minLength: 12 },
      token: { enabled: true },
      tenancy: { selfService: true, ...input.tenancy },
    }),
  );
  hubs.push(hub);
  return hub;
}

type Method = "POST" | "PATCH" | "DELETE";
const act = async (visitor: Visitor, method: Method, url: string, json?: unknown) =>
  visitor.send(method, url, {
    ...(json === undefined ? {} : { json }),
    headers: { "x-csrftoken": await visitor.token() },
  });
const named = (hub: Hub, name: string) => hub.events.filter(({ event }) => event === name);
const current = async (visitor: Visitor) => (await visitor.send("GET", "/api/tenant")).json().tenant;

async function owner(hub: Hub, name: string) {
  const visitor = await new Visitor(hub.app).enter();
  const made = await act(visitor, "POST", "/api/tenants", { name });
  expect(made.statusCode, made.body).toBe(201);
  return { visitor, id: String(made.json().tenant.id) };
}

/** Registered and signed in, with a verified address. */
async function person(hub: Hub) {
  const visitor = new Visitor(hub.app);
  const email = `${visitor.username}@example.com`;
  await visitor.send("POST", "/api/register", {
    json: { username: visitor.username, email, password: PASSWORD },
  });
  await hub.settled();
  const code = /\b(\d{6})\b/.exec(hub.mail.sent.findLast(({ to }) => to === email)?.text ?? "")?.[1];
  await visitor.send("POST", "/api/register/verify", { json: { username: visitor.username, email, code } });
  await visitor.send("POST", "/api/login", { json: { username: visitor.username, password: PASSWORD } });
  return { visitor, email };
}

async function invite(hub: Hub, by: Visitor, email: string, role = "learner"): Promise<string> {
  const answer = await act(by, "POST", "/api/tenant/invitations", { email, role });
  expect(answer.statusCode, answer.body).toBe(201);
  await hub.settled();
  const letter = hub.mail.sent.findLast(({ to, text }) => to === email && text.includes("/invitation#"));
  return /#token=([\w-]+)/.exec(letter?.text ?? "")?.[1] ?? "";
}
const accept = (visitor: Visitor, token: string) =>
  act(visitor, "POST", "/api/tenant/invitations/accept", { token });

async function member(hub: Hub, by: Visitor, role = "learner") {
  const made = await person(hub);
  const joined = await accept(made.visitor, await invite(hub, by, made.email, role));
  expect(joined.statusCode, joined.body).toBe(200);
  const id = String((await made.visitor.send("GET", "/api/check_session")).json().user.id);
  return { ...made, id };
}
const works = async (visitor: Visitor) => (await visitor.send("GET", "/api/tenant/roles")).statusCode;

describe("a session", () => {
  it("works in the tenant that it entered, under a new token, and in no other that anybody names", async () => {
    const hub = await open();
    const [one, other] = [await owner(hub, "One"), await owner(hub, "Other")];
    expect(await current(one.visitor)).toEqual({ id: one.id, name: "One", role: "owner" });
    for (const name of ["x-tenant-id", "x-customer-id", "X-User-ID"]) {
      const answer = await one.visitor.send("GET", "/api/tenant", { headers: { [name]: other.id } });
      expect(answer.json().tenant.id).toBe(one.id);
    }
    const refused = await act(one.visitor, "POST", "/api/tenant/switch", { tenant_id: other.id });
    expect([refused.statusCode, refused.json().code]).toEqual([403, "AEGIS_TENANCY_REQUIRED"]);

    const second = await act(one.visitor, "POST", "/api/tenants", { name: "Second" });
    const before = one.visitor.cookies.get("session") ?? "";
    await act(one.visitor, "POST", "/api/tenant/switch", { tenant_id: one.id });
    expect(one.visitor.cookies.get("session")).not.toBe(before);
    expect((await current(one.visitor)).name).toBe("One");
    const thief = new Visitor(hub.app);
    thief.cookies.set("session", before);
    expect((await thief.send("GET", "/api/tenant")).statusCode).toBe(401);

    // Where a person worked last is where the next sign-in starts.
    hub.clock.advance(1);
    await act(one.visitor, "POST", "/api/tenant/switch", { tenant_id: second.json().tenant.id });
    const { username } = one.visitor;
    await one.visitor.send("POST", "/api/login", { json: { username, password: PASSWORD } });
    expect((await current(one.visitor)).name).toBe("Second");
    expect(named(hub, "tenancy.entered").map(({ facts }) => facts?.["tenant"])).toContain(one.id);
  });

  it("is refused from the next request on when its person is removed, and shows what a new role allows", async () => {
    const hub = await open();
    const { visitor, id: tenant } = await owner(hub, "Acme");
    const ada = await member(hub, visitor);
    const token = (await act(ada.visitor, "POST", "/api/auth/token", { client: "App" })).json().access_token;
    expect(typeof token).toBe("string");
    expect((await ada.visitor.send("GET", "/api/tenant/members")).json().code).toBe("AEGIS_TENANCY_ROLE");
    await act(visitor, "PATCH", `/api/tenant/members/${ada.id}`, { role: "admin" });
    expect((await ada.visitor.send("GET", "/api/tenant/members")).statusCode).toBe(200);
    await act(visitor, "PATCH", `/api/tenant/members/${ada.id}`, { role: "learner" });
    expect((await ada.visitor.send("GET", "/api/tenant/members")).statusCode).toBe(403);

    expect(await works(ada.visitor)).toBe(200);
    const removed = await act(visitor, "DELETE", `/api/tenant/members/${ada.id}`);
    expect(removed.json()).toEqual({ removed: 1 });
    expect(await works(ada.visitor)).toBe(403);
    expect(await current(ada.visitor)).toBeNull();
    expect((await act(ada.visitor, "POST", "/api/tenant/switch", { tenant_id: tenant })).statusCode).toBe(
      403,
    );
    expect(named(hub, "tenancy.removed")[0]).toMatchObject({ user_id: ada.id, facts: { tenant } });
    expect(named(hub, "tenancy.refused").length).toBeGreaterThan(0);
  });

  it("ends no right of the account when it leaves, and leaves no tenant without an owner", async () => {
    const hub = await open();
    const { visitor } = await owner(hub, "Acme");
    const own = String((await visitor.send("GET", "/api/check_session")).json().user.id);
    const leave = () => act(visitor, "POST", "/api/tenant/leave");
    expect((await leave()).json().code).toBe("AEGIS_TENANCY_LAST_OWNER");
    expect((await act(visitor, "PATCH", `/api/tenant/members/${own}`, { role: "admin" })).json().code).toBe(
      "AEGIS_TENANCY_LAST_OWNER",
    );
    const ada = await member(hub, visitor, "owner");
    expect((await leave()).json()).toEqual({ status: "left" });
    expect(await works(visitor)).toBe(403);
    expect((await visitor.send("GET", "/api/profile")).statusCode).toBe(200);
    expect(await works(ada.visitor)).toBe(200);
  });
});

describe("an administrator of a tenant", () => {
  it("gives no role above their own, and touches no owner", async () => {
    const hub = await open();
    const { visitor } = await owner(hub, "Acme");
    const own = String((await visitor.send("GET", "/api/check_session")).json().user.id);
    const admin = await member(hub, visitor, "admin");
    const learner = await member(hub, visitor);
    const code = async (method: Method, url: string, json?: unknown) =>
      (await act(admin.visitor, method, url, json)).json().code;
    expect([
      await code("PATCH", `/api/tenant/members/${learner.id}`, { role: "owner" }),
      await code("PATCH", `/api/tenant/members/${own}`, { role: "learner" }),
      await code("DELETE", `/api/tenant/members/${own}`),
      await code("POST", "/api/tenant/invitations", { email: "x@example.com", role: "owner" }),
    ]).toEqual(Array.from({ length: 4 }, () => "AEGIS_TENANCY_ROLE"));
    const given = await act(admin.visitor, "PATCH", `/api/tenant/members/${learner.id}`, { role: "admin" });
    expect(given.statusCode).toBe(200);
  });

  it("does nothing in a tenant by an id of another: members and invitations there are not found", async () => {
    const hub = await open();
    const [one, other] = [await owner(hub, "One"), await owner(hub, "Other")];
    const ada = await member(hub, other.visitor);
    await invite(hub, other.visitor, "new@example.com");
    const [invitation] = (await other.visitor.send("GET", "/api/tenant/invitations")).json().items;
    const codes = [
      await act(one.visitor, "PATCH", `/api/tenant/members/${ada.id}`, { role: "admin" }),
      await act(one.visitor, "DELETE", `/api/tenant/members/${ada.id}`),
      await act(one.visitor, "DELETE", `/api/tenant/invitations/${invitation.id}`),
    ].map((answer) => answer.json().code);
    expect(codes).toEqual(Array.from({ length: 3 }, () => "AEGIS_TENANCY_NOT_FOUND"));
    expect((await one.visitor.send("GET", "/api/tenant/invitations")).json().items).toEqual([]);
    expect((await one.visitor.send("GET", "/api/tenant/members")).body).not.toContain(ada.id);
  });
});

describe("an invitation", () => {
  it("opens for the verified address that it was sent to, once, for one of twenty that accept it at once", async () => {
    const hub = await open();
    const { visitor } = await owner(hub, "Acme");
    const [ada, eve] = [await person(hub), await person(hub)];
    const token = await invite(hub, visitor, ada.email, "author");
    expect((await accept(eve.visitor, token)).json().code).toBe("AEGIS_TENANCY_INVITATION_REFUSED");
    const unverified = await new Visitor(hub.app).enter();
    expect((await accept(unverified, token)).statusCode).toBe(403);
    expect((await accept(ada.visitor, "x".repeat(43))).statusCode).toBe(403);

    const csrf = await ada.visitor.token();
    const all = await Promise.all(
      Array.from({ length: 20 }, () => {
        const copy = new Visitor(hub.app);
        for (const [name, value] of ada.visitor.cookies) copy.cookies.set(name, value);
        return copy.send("POST", "/api/tenant/invitations/accept", {
          json: { token },
          headers: { "x-csrftoken": csrf },
        });
      }),
    );
    expect(all.filter(({ statusCode }) => statusCode === 200)).toHaveLength(1);
    expect(named(hub, "tenancy.joined")).toHaveLength(1);
  });

  it("ends when it is withdrawn, when another takes its place, and in time", async () => {
    const hub = await open({ tenancy: { invitationSeconds: 600 } });
    const { visitor } = await owner(hub, "Acme");
    const ada = await person(hub);
    const first = await invite(hub, visitor, ada.email);
    const second = await invite(hub, visitor, ada.email.toUpperCase().replace("EXAMPLE.COM", "example.com"));
    expect((await accept(ada.visitor, first)).statusCode).toBe(403);
    const { items } = (await visitor.send("GET", "/api/tenant/invitations")).json();
    expect(items).toHaveLength(1);
    await act(visitor, "DELETE", `/api/tenant/invitations/${items[0].id}`);
    expect((await accept(ada.visitor, second)).statusCode).toBe(403);
    const third = await invite(hub, visitor, ada.email);
    hub.clock.advance(600);
    expect((await accept(ada.visitor, third)).statusCode).toBe(403);
  });

  it("is sent to one address five times a day, whichever tenants ask, and holds no link that a name makes", async () => {
    const hub = await open();
    const [one, other] = [await owner(hub, "evil.example"), await owner(hub, "Other")];
    for (const { visitor } of [one, one, other, other, one]) await invite(hub, visitor, "ada@example.com");
    const more = await act(other.visitor, "POST", "/api/tenant/invitations", {
      email: "Ada@example.com",
      role: "learner",
    });
    expect([more.statusCode, more.json().code]).toEqual([429, "AEGIS_TENANCY_LETTERS_SPENT"]);
    const letters = hub.mail.sent.filter(({ to }) => to === "ada@example.com");
    expect(letters).toHaveLength(5);
    for (const { text, subject } of letters) expect(subject + text).not.toContain("evil.example");
    for (const name of ["http://evil", "a@b", "a/b", "аcme", " ", "x".repeat(65)])
      expect((await act(one.visitor, "POST", "/api/tenants", { name })).statusCode, name).toBe(400);
  });
});

describe("a registration", () => {
  it("may name a tenant that takes strangers, and learns nothing of the others", async () => {
    const hub = await open();
    const made = await hub.app.aegis.openTenant({ name: "test.com", openRegistration: true });
    await hub.app.aegis.openTenant({ name: "ACME" });
    const register = (visitor: Visitor, tenant: string) =>
      visitor.send("POST", "/api/register", {
        json: { username: visitor.username, password: PASSWORD, tenant },
      });
    const ada = new Visitor(hub.app);
    const answer = await register(ada, " Test.COM ");
    expect([answer.statusCode, answer.json().tenant]).toEqual([201, { id: made?.id, name: "test.com" }]);
    await ada.send("POST", "/api/login", { json: { username: ada.username, password: PASSWORD } });
    expect(await current(ada)).toEqual({ id: made?.id, name: "test.com", role: "learner" });
    const refusals = await Promise.all(
      ["ACME", "Nobody"].map(async (name) => (await register(new Visitor(hub.app), name)).json().errors),
    );
    expect(refusals[0]).toEqual([expect.objectContaining({ field: "tenant", reason: "closed" })]);
    expect(refusals[0]).toEqual(refusals[1]);
    await hub.stores.tenancy.change(made?.id ?? "", { disabledAt: 1 });
    expect(await works(ada)).toBe(403);
    expect((await register(new Visitor(hub.app), "test.com")).statusCode).toBe(400);
  });

  it("stands without the tenant where there is no room in it", async () => {
    const hub = await open({ tenancy: { membersLimit: 1 } });
    const { visitor } = await owner(hub, "Full");
    await act(visitor, "PATCH", "/api/tenant/settings", { open_registration: true });
    const ada = new Visitor(hub.app);
    const json = { username: ada.username, password: PASSWORD, tenant: "Full" };
    const answer = await ada.send("POST", "/api/register", { json });
    expect([answer.statusCode, answer.json().tenant]).toEqual([201, null]);
  });
});

describe("an administrator of the whole", () => {
  it("opens, names, closes and hands over tenants, and sees nothing inside", async () => {
    const hub = await open();
    const { password } = await hub.app.aegis.createAccount({ username: "chief", roles: ["user", "admin"] });
    const chief = new Visitor(hub.app);
    await chief.send("POST", "/api/login", { json: { username: "chief", password } });
    const setup = await act(chief, "POST", "/api/auth/mfa/setup", {});
    const code = totpCode(String(setup.json().secret), hub.clock.now());
    await act(chief, "POST", "/api/auth/mfa/verify-setup", { code });
    const ada = await new Visitor(hub.app).enter();
    expect((await ada.send("GET", "/api/admin/tenants")).statusCode).toBe(403);

    const made = await act(chief, "POST", "/api/admin/tenants", { name: "Acme", owner: ada.username });
    expect(made.statusCode, made.body).toBe(201);
    const id = String(made.json().id);
    expect((await act(chief, "POST", "/api/admin/tenants", { name: "acme" })).statusCode).toBe(409);
    expect((await act(chief, "POST", "/api/admin/tenants", { name: "Other", owner: "x" })).statusCode).toBe(
      400,
    );
    await act(ada, "POST", "/api/tenant/switch", { tenant_id: id });
    expect(await works(ada)).toBe(200);
    expect(await works(chief)).toBe(403);
    expect((await act(chief, "POST", "/api/tenant/switch", { tenant_id: id })).statusCode).toBe(403);

    await act(chief, "PATCH", `/api/admin/tenants/${id}`, { closed: true });
    expect(await works(ada)).toBe(403);
    await act(chief, "PATCH", `/api/admin/tenants/${id}`, {
      closed: false,
      owner: "chief",
      name: "Acme Ltd",
    });
    expect(await works(ada)).toBe(200);
    const { items } = (await chief.send("GET", "/api/admin/tenants?q=acme")).json();
    expect(items).toEqual([expect.objectContaining({ id, name: "Acme Ltd", members: 2, closed_at: null })]);
  });
});

describe("headers that say who is asking", () => {
  it("reach no handler where they are ignored, and are logged once an hour", async () => {
    const hub = await startHub(definePolicy({ preset: "education", environment: "test" }));
    hubs.push(hub);
    for (let count = 0; count < 5; count++)
      await hub.app.inject({ url: "/health", headers: { "x-user-id": "1", "X-Tenant-ID": "2" } });
    const seen = named(hub, "tenancy.identity_header").map(({ facts, outcome }) => [facts, outcome]);
    expect(seen).toEqual([
      [{ header: "x-user-id" }, "success"],
      [{ header: "x-tenant-id" }, "success"],
    ]);
    expect(JSON.stringify(hub.events)).not.toContain('"2"');
  });

  it("are refused where the policy says so, before anybody is looked up", async () => {
    const hub = await open({ tenancy: { identityHeaders: "refuse" } });
    const { visitor } = await owner(hub, "Acme");
    for (const url of ["/api/tenant", "/health", "/nowhere"]) {
      const answer = await visitor.send("GET", url, { headers: { "X-Customer-ID": "1" } });
      expect([answer.statusCode, answer.json().code]).toEqual([400, "AEGIS_TENANCY_IDENTITY_HEADER"]);
    }
  });
});

describe("a route", () => {
  it("that works in a tenant and is open to everybody stops the start", async () => {
    const policy = definePolicy({ preset: "education", environment: "test" });
    const app = Fastify(serverOptions(policy));
    await app.register(aegis, {
      policy,
      secretKey: new Uint8Array(32).fill(1),
      ...memoryStores(),
      mail: memoryTransport(),
    });
    const config = { access: "public", tenant: "learner" } as const;
    expect(() => app.get("/lessons", { config }, () => "")).toThrow(/works in a tenant, but is open/);
    await app.close();
  });
});
