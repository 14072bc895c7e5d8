/** What administrators see of attacks, limits, bans and sessions, through the front door; live and as a picture. */
import { definePolicy } from "aegis";
import { memoryStores } from "aegis/fastify";
import { afterEach, describe, expect, it } from "vitest";
import { MemoryRevocationLedger } from "../packages/aegis/src/revocation/memory-ledger.ts";
import { totpCode } from "./support/authenticator.ts";
import { PASSWORD, Visitor } from "./support/browser-like.ts";
import { listen } from "./support/event-stream.ts";
import { cheapHash, startHub } from "./support/hub.ts";

type Hub = Awaited<ReturnType<typeof startHub>>;
const hubs: Hub[] = [];
afterEach(async () => {
  for (const hub of hubs.splice(0)) await hub.close();
});
async function open(parts: Parameters<typeof startHub>[1] = {}): Promise<Hub> {
  const hub = await startHub(
    definePolicy({
      environment: "test",
      transport: { trustedProxies: ["127.0.0.1"] },
      password: { argon2: cheapHash, minLength: 12 },
      reputation: { suspiciousScoreLimit: 1000, banScoreLimit: 2000 },
    }),
    parts,
  );
  hubs.push(hub);
  return hub;
}

const BAD = "198.51.100.66";
const OVERVIEW = "/api/admin/security/overview";

async function administrator(hub: Hub) {
  const { password } = await hub.app.aegis.createAccount({ username: "root", roles: ["user", "admin"] });
  const root = new Visitor(hub.app);
  await root.send("POST", "/api/login", { json: { username: "root", password } });
  const post = async (url: string, json: unknown = {}) =>
    root.send("POST", url, { json, headers: { "x-csrftoken": await root.token() } });
  const { secret } = (await post("/api/auth/mfa/setup")).json();
  await post("/api/auth/mfa/verify-setup", { code: totpCode(String(secret), hub.clock.now()) });
  return { root, post, look: async () => (await root.send("GET", OVERVIEW)).json() };
}

const tries = (hub: Hub, address: string, username: string) =>
  hub.app.inject({
    method: "POST",
    url: "/api/login",
    headers: { "x-forwarded-for": address },
    payload: { username, password: PASSWORD },
  });

describe("an attack", () => {
  it("is named with its evidence and the address that it comes from", async () => {
    const hub = await open();
    const { look } = await administrator(hub);
    const quiet = await look();
    expect([quiet.findings, quiet.bans, quiet.addresses.length]).toEqual([[], [], 0]);
    for (let place = 0; place < 25; place++) await tries(hub, BAD, `from-a-list-${place}`);
    await hub.app.inject({ url: "/health", headers: { "x-forwarded-for": "198.51.100.7" } });
    hub.clock.advance(2);
    const picture = await look();
    expect(picture.findings).toEqual([
      expect.objectContaining({
        pattern: "stuffing",
        title: "Credential stuffing",
        addresses: [{ key: expect.stringMatching(/^a[\w-]{43}$/), address: BAD, banned: false }],
        evidence: [
          { label: "different names tried", value: 25 },
          { label: "of them without an account here", value: 25 },
          { label: "failed sign-ins", value: 25 },
          { label: "accounts that it got into", value: 0 },
        ],
      }),
    ]);
    expect(picture.addresses.find(({ address }: { address: string }) => address === BAD)).toMatchObject({
      requests: 25,
      refused: 25,
      sign_in_failed: 25,
      state: "seen",
    });
    expect(picture.minutes.length).toBe(60);
    // A minute may have ended in between.
    const lately = (name: string): number =>
      picture.minutes
        .slice(-2)
        .reduce(
          (sum: number, { counts }: { counts: Record<string, number> }) => sum + (counts[name] ?? 0),
          0,
        );
    expect([lately("sign_in_failed"), lately("signed_in")]).toEqual([25, 1]);
    expect(JSON.stringify(picture)).not.toContain("from-a-list");
  });

  it("on one account names it to whoever may look after it", async () => {
    const hub = await open();
    const { look } = await administrator(hub);
    await hub.app.aegis.createAccount({ username: "harriet", roles: ["user"] });
    for (let place = 0; place < 20; place++) await tries(hub, `203.0.113.${place}`, "harriet");
    hub.clock.advance(2);
    const { findings } = await look();
    expect(findings.map(({ pattern, account }: Record<string, unknown>) => [pattern, account])).toEqual([
      ["guessing", "harriet"],
    ]);
    expect(findings[0].addresses.length).toBe(10);
  });

  it("leaves no address and no name in the store, only what the secret key makes of them", async () => {
    const { monitor } = memoryStores();
    const hub = await open({ monitor });
    const { look } = await administrator(hub);
    await hub.app.aegis.createAccount({ username: "harriet", roles: ["user"] });
    for (let place = 0; place < 20; place++) await tries(hub, BAD, "harriet");
    await tries(hub, BAD, "not-there");
    await look();
    const kept = (await monitor.read(Math.floor(hub.clock.now() / 60_000))).map(({ counts, labels }) => [
      [...counts].map(([table, fields]) => [table, ...fields.keys()]),
      [...labels],
    ]);
    expect(JSON.stringify(kept)).toMatch(/signin.*a[\w-]{43} [\w-]{16} known/);
    expect(JSON.stringify(kept)).not.toMatch(/198\.51|harriet|not-there/);
  });

  it("is still seen after half an hour, and forgotten after it", async () => {
    const hub = await open();
    const { root, look } = await administrator(hub);
    for (let place = 0; place < 40; place++)
      await hub.app.inject({ url: `/nothing-${place}`, headers: { "x-forwarded-for": BAD } });
    // An administrator who is there: looking on is no activity.
    for (let quarter = 0; quarter < 4; quarter++) {
      hub.clock.advance(7 * 60);
      await root.send("GET", "/api/profile");
    }
    expect((await look()).findings.length).toBe(1);
    hub.clock.advance(3 * 60);
    const later = await look();
    expect(later.findings).toEqual([]);
    expect(
      later.minutes.reduce(
        (sum: number, one: { counts: { not_found: number } }) => sum + one.counts.not_found,
        0,
      ),
    ).toBe(40);
  });

  it("that is limited and banned shows as such, and which limit it ran into", async () => {
    const hub = await open({ limits: memoryStores().limits });
    const { look } = await administrator(hub);
    for (let place = 0; place < 13; place++) await tries(hub, BAD, "nobody");
    hub.clock.advance(2);
    const { limits, addresses } = await look();
    expect(limits.find(({ name }: { name: string }) => name === "login")).toEqual({
      name: "login",
      rate: "10/minute",
      used: 14,
      refused: 3,
    });
    expect(addresses[0]).toMatchObject({ address: BAD, limited: 3, state: "limited" });
  });
});

describe("the page", () => {
  it("is for administrators with two factors alone", async () => {
    const hub = await open();
    const visitor = await new Visitor(hub.app).enter();
    const { password } = await hub.app.aegis.createAccount({ username: "half", roles: ["user", "admin"] });
    const half = new Visitor(hub.app);
    await half.send("POST", "/api/login", { json: { username: "half", password } });
    for (const url of [OVERVIEW, "/api/admin/security/stream", "/api/admin/sessions"])
      for (const one of [visitor, half])
        expect([url, (await one.send("GET", url)).statusCode]).toEqual([url, 403]);
  });

  it("lists the sessions of the last half hour, and ends one", async () => {
    const hub = await open();
    const { root, post, look } = await administrator(hub);
    const visitor = await new Visitor(hub.app).enter();
    await visitor.send("GET", "/api/profile");
    const { items, total } = (await root.send("GET", "/api/admin/sessions?page=1&per_page=50")).json();
    expect((await root.send("GET", "/api/admin/sessions?per_page=51")).statusCode).toBe(400);
    expect((await root.send("GET", "/api/admin/sessions?page=1000")).json().items).toEqual([]);
    expect(total).toBeGreaterThanOrEqual(2);
    const found = items.find(
      ({ user }: { user: { username: string } }) => user.username === visitor.username,
    );
    expect(found).toMatchObject({ ip: "127.0.0.1", place: "This machine" });
    expect((await look()).sessions.last_5_minutes).toBeGreaterThanOrEqual(2);
    expect((await post(`/api/admin/sessions/${found.id}/revoke`)).json()).toEqual({ status: "revoked" });
    expect((await visitor.send("GET", "/api/profile")).statusCode).toBe(401);
    expect((await post(`/api/admin/sessions/${found.id}/revoke`)).json().code).toBe(
      "AEGIS_SESSION_NOT_FOUND",
    );
    expect(hub.events.find(({ session_id: id }) => id === found.id && id !== undefined)).toBeDefined();
    hub.clock.advance(601);
    expect((await post(`/api/admin/sessions/${found.id}/revoke`)).json().code).toBe(
      "AEGIS_ACCESS_PROOF_NEEDED",
    );
  });
});

describe("the stream", () => {
  it("sends a picture at once and the next when something has changed, under every header of the house", async () => {
    const hub = await open();
    const { root } = await administrator(hub);
    const stream = await listen(hub.origin, root.cookie);
    expect(stream.headers["content-type"]).toBe("text/event-stream");
    expect(stream.headers["cache-control"]).toBe("no-store");
    expect(stream.headers["x-content-type-options"]).toBe("nosniff");
    expect((await stream.next()).findings).toEqual([]);
    for (let place = 0; place < 25; place++) await tries(hub, BAD, `list-${place}`);
    hub.clock.advance(2);
    const { findings } = await stream.next();
    expect(findings).toEqual([expect.objectContaining({ pattern: "stuffing" })]);
    stream.close();
  });

  it("ends when its session is revoked, and sends nothing further", async () => {
    const hub = await open();
    const { root, post } = await administrator(hub);
    const stream = await listen(hub.origin, root.cookie);
    await stream.next();
    const { items } = (await root.send("GET", "/api/admin/sessions")).json();
    const own = items.find(({ user }: { user: { username: string } }) => user.username === "root");
    await post(`/api/admin/sessions/${own.id}/revoke`);
    hub.clock.advance(2);
    expect(await stream.ended).toBe("end");
    expect(stream.pictures()).toBe(1);
  });

  it("ends when its session is revoked, also where the store loses that write", async () => {
    const { sessions } = memoryStores();
    Object.assign(sessions, { isDurable: false, revoke: async () => true });
    const bus = { publish: async () => undefined, listen: async () => async () => undefined };
    const hub = await open({ sessions, revocation: { ledger: new MemoryRevocationLedger(), bus } });
    const { root, post } = await administrator(hub);
    const stream = await listen(hub.origin, root.cookie);
    await stream.next();
    expect((await post("/api/logout")).statusCode).toBe(200);
    hub.clock.advance(2);
    expect(await stream.ended).toBe("end");
    expect(stream.pictures()).toBe(1);
  });

  it("is bounded for one administrator, and a closed window gives its own back", async () => {
    const hub = await open();
    const { root } = await administrator(hub);
    const all = await Promise.all(Array.from({ length: 5 }, () => listen(hub.origin, root.cookie)));
    expect(all.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 200, 200, 200, 429]);
    for (const one of all) one.close();
    await expect
      .poll(async () => {
        const again = await listen(hub.origin, root.cookie);
        again.close();
        return again.status;
      })
      .toBe(200);
  });

  it("does not hold up the end of the server", async () => {
    const hub = await open();
    const { root } = await administrator(hub);
    const stream = await listen(hub.origin, root.cookie);
    await stream.next();
    hubs.splice(hubs.indexOf(hub), 1);
    await hub.close();
    expect(await stream.ended).toBe("end");
  });

  it("closes where nobody can say whether its session still lives", async () => {
    const stores = memoryStores();
    let away = false;
    const listByUser = stores.sessions.listByUser.bind(stores.sessions);
    stores.sessions.listByUser = (userId, now) =>
      away
        ? Promise.reject(Object.assign(new Error("gone"), { code: "ECONNREFUSED" }))
        : listByUser(userId, now);
    const hub = await open({ sessions: stores.sessions });
    const { root } = await administrator(hub);
    const stream = await listen(hub.origin, root.cookie);
    await stream.next();
    away = true;
    expect(await stream.ended).toBe("end");
  });
});

describe("while the store of what happens is away", () => {
  it("everything else goes on, and the page says so", async () => {
    const gone = () => Promise.reject(Object.assign(new Error("gone"), { code: "ECONNREFUSED" }));
    const hub = await open({ monitor: { add: gone, read: gone } });
    const { root } = await administrator(hub);
    expect((await root.send("GET", "/health")).statusCode).toBe(200);
    expect((await root.send("GET", OVERVIEW)).json().code).toBe("AEGIS_STORE_UNAVAILABLE");
  });
});
