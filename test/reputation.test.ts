/** What comes of asking badly, through the front door: slowed, banned for a while, explained, lifted. */
import { definePolicy, type PolicyInput } from "aegis";
import { memoryStores } from "aegis/fastify";
import { afterEach, describe, expect, it } from "vitest";
import { totpCode } from "./support/authenticator.ts";
import { PASSWORD, Visitor } from "./support/browser-like.ts";
import { cheapHash, startHub } from "./support/hub.ts";

type Hub = Awaited<ReturnType<typeof startHub>>;
const hubs: Hub[] = [];
afterEach(async () => {
  for (const hub of hubs.splice(0)) await hub.close();
});

async function open(
  reputation: PolicyInput["reputation"] = {},
  parts: Parameters<typeof startHub>[1] = {},
  input: PolicyInput = {},
): Promise<Hub> {
  const hub = await startHub(
    definePolicy({
      environment: "test",
      ...input,
      transport: { trustedProxies: ["127.0.0.1"] },
      password: { argon2: cheapHash, minLength: 12 },
      reputation: {
        suspiciousScoreLimit: 20,
        banScoreLimit: 40,
        firstBanSeconds: 60,
        longestBanSeconds: 120,
        ...reputation,
      },
    }),
    parts,
  );
  hubs.push(hub);
  return hub;
}

const from = (hub: Hub, address: string, url = "/health", headers: Record<string, string> = {}) =>
  hub.app.inject({ url, headers: { "x-forwarded-for": address, ...headers } });
/** Counted after the answer; nothing that a test may not wait for. */
const counted = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));
const scan = async (hub: Hub, address: string, times: number): Promise<void> => {
  for (let asked = 0; asked < times; asked++) await from(hub, address, `/nothing-${asked}`);
  await counted();
};
const BAD = "198.51.100.66";

describe("an address that does nothing but wrong", () => {
  it("is banned for a while, with a word when to come again; another is not", async () => {
    const hub = await open();
    await scan(hub, BAD, 19);
    expect((await from(hub, BAD)).statusCode).toBe(200);
    await scan(hub, BAD, 1);
    const refused = await from(hub, BAD);
    expect([refused.statusCode, refused.headers["retry-after"], refused.json().code]).toEqual([
      429,
      "60",
      "AEGIS_REPUTATION_BANNED",
    ]);
    expect((await from(hub, "198.51.100.67")).statusCode).toBe(200);
    hub.clock.advance(61);
    expect((await from(hub, BAD)).statusCode).toBe(200);
    expect(
      hub.events.filter(({ event }) => event.startsWith("reputation.")).map(({ event }) => event),
    ).toEqual(["reputation.banned", "reputation.refused"]);
  });

  it("is banned for longer each time, and asking during a ban does not make it longer", async () => {
    const hub = await open();
    const lengths: string[] = [];
    for (let round = 0; round < 3; round++) {
      await scan(hub, BAD, 60);
      lengths.push(String((await from(hub, BAD)).headers["retry-after"]));
      hub.clock.advance(121);
    }
    expect(lengths).toEqual(["60", "120", "120"]);
  });

  it("is one by what it writes into headers: nobody can have another address banned", async () => {
    const hub = await open();
    for (let asked = 0; asked < 30; asked++)
      await from(hub, `198.51.100.5, ${BAD}`, `/nothing-${asked}`, { "x-real-ip": "198.51.100.5" });
    await counted();
    expect((await from(hub, "198.51.100.5")).statusCode).toBe(200);
    expect((await from(hub, BAD)).statusCode).toBe(429);
  });

  it.each([
    ["failed sign-ins", { url: "/api/login", payload: { username: "nobody", password: PASSWORD } }, 20],
    [
      "malformed bodies",
      { url: "/api/login", payload: "{", headers: { "content-type": "application/json" } },
      8,
    ],
  ])("is known by %s", async (_what, { url, payload, ...rest }, times) => {
    const hub = await open();
    const headers = { "x-forwarded-for": BAD, ...("headers" in rest ? rest.headers : {}) };
    for (let asked = 0; asked < times; asked++) {
      await hub.app.inject({ method: "POST", url, payload, headers });
      await counted();
    }
    expect((await from(hub, BAD)).json().code).toBe("AEGIS_REPUTATION_BANNED");
  });

  it("is known by wrong CSRF tokens; whoever they came with goes on", async () => {
    const hub = await open();
    const visitor = await new Visitor(hub.app).enter();
    const headers = { "x-forwarded-for": BAD };
    for (let asked = 0; asked < 8; asked++) {
      await visitor.send("POST", "/api/profile", {
        json: {},
        headers: { ...headers, "x-csrftoken": "wrong" },
      });
      await counted();
    }
    expect((await from(hub, BAD)).json().code).toBe("AEGIS_REPUTATION_BANNED");
    expect((await visitor.send("GET", "/api/profile", { headers })).statusCode).toBe(200);
  });

  it.each([
    ["pictures that are not there", { method: "GET", url: "/nothing.png" }, { "sec-fetch-dest": "image" }],
    ["forged requests", { method: "POST", url: "/api/login" }, { origin: "https://evil.example" }],
    ["forged words", { method: "POST", url: "/api/login", payload: "{" }, { "content-type": "text/plain" }],
  ] as const)("is not one whose visitors a page elsewhere makes send %s", async (_what, request, headers) => {
    const hub = await open();
    for (let asked = 0; asked < 60; asked++) {
      const site = { "x-forwarded-for": BAD, "sec-fetch-site": "cross-site", ...headers };
      await hub.app.inject({ ...request, headers: site });
      await counted();
    }
    expect((await from(hub, BAD)).statusCode).toBe(200);
  });

  it("is known by failed sign-ins also where it names a site that the policy trusts", async () => {
    const csrf = { trustedOrigins: ["https://app.example"], sameSiteTrusted: true };
    const hub = await open({}, {}, { csrf });
    const named = [
      { "sec-fetch-site": "same-site" },
      { "sec-fetch-site": "cross-site", origin: "https://app.example" },
    ];
    for (let asked = 0; asked < 20; asked++) {
      const headers = { "x-forwarded-for": BAD, ...named[asked % 2] };
      const payload = { username: "nobody", password: PASSWORD };
      expect((await hub.app.inject({ method: "POST", url: "/api/login", payload, headers })).statusCode).toBe(
        401,
      );
      await counted();
    }
    expect((await from(hub, BAD)).json().code).toBe("AEGIS_REPUTATION_BANNED");
  });

  it("is not one that a browser without fetch metadata is made to send from", async () => {
    const hub = await open();
    for (let asked = 0; asked < 20; asked++) {
      const headers = { "x-forwarded-for": BAD, origin: "https://evil.example" };
      const { statusCode } = await hub.app.inject({ method: "POST", url: "/api/login", headers });
      expect(statusCode).toBe(400);
      await counted();
    }
    expect((await from(hub, BAD)).statusCode).toBe(200);
  });

  it("may ask half as much before it comes to that, and as much as before once it is forgotten", async () => {
    const hub = await open({ halfLifeSeconds: 60 }, { limits: memoryStores().limits });
    const allowed = async () => (await from(hub, BAD)).headers["x-ratelimit-limit"];
    expect(await allowed()).toBe("1200");
    await scan(hub, BAD, 12);
    expect(await allowed()).toBe("600");
    hub.clock.advance(60);
    expect(await allowed()).toBe("1200");
  });
});

describe("a ban", () => {
  it("lets whoever is signed in go on, keeps strangers out, and takes no cookie for more than it is", async () => {
    const hub = await open();
    const visitor = await new Visitor(hub.app).enter();
    await scan(hub, BAD, 30);
    const there = { "x-forwarded-for": BAD };
    expect((await visitor.send("GET", "/api/profile", { headers: there })).statusCode).toBe(200);
    const save = await visitor.send("POST", "/api/profile", {
      json: { display_name: "x", about_me: "" },
      headers: { ...there, "x-csrftoken": await visitor.token() },
    });
    expect(save.statusCode).toBe(200);
    for (const cookie of ["session=nobodys", "theme=dark", `session=${"A".repeat(43)}`])
      for (const url of ["/health", "/api/profile", "/api/content"])
        expect([cookie, url, (await from(hub, BAD, url, { cookie })).statusCode]).toEqual([cookie, url, 429]);
    expect((await from(hub, BAD, "/health", { authorization: "Bearer x" })).statusCode).toBe(429);
    const signIn = await hub.app.inject({
      method: "POST",
      url: "/api/login",
      headers: there,
      payload: { username: visitor.username, password: PASSWORD },
    });
    expect(signIn.statusCode).toBe(429);
  });

  it("is not for neighbours of somebody who asks beyond a limit of their own", async () => {
    const own = { rateLimit: { limits: { user: "5/day" } } };
    const hub = await open({}, { limits: memoryStores().limits }, own);
    const visitor = await new Visitor(hub.app).enter();
    const there = { "x-forwarded-for": BAD };
    let refused = 0;
    for (let asked = 0; asked < 60; asked++) {
      const { statusCode } = await visitor.send("GET", "/api/profile", { headers: there });
      if (statusCode === 429) refused += 1;
    }
    await counted();
    expect(refused).toBe(55);
    expect((await from(hub, BAD)).statusCode).toBe(200);
  });

  it("comes before the check for forged requests: a made-up cookie floods no log through it", async () => {
    const hub = await open();
    await scan(hub, BAD, 30);
    const events = hub.events.length;
    const headers = {
      "x-forwarded-for": BAD,
      cookie: `session=${"A".repeat(43)}`,
      origin: "https://evil.example",
    };
    for (let asked = 0; asked < 5; asked++)
      expect((await hub.app.inject({ method: "POST", url: "/api/profile", headers })).statusCode).toBe(429);
    expect(hub.events.slice(events).map(({ event }) => event)).not.toContain("csrf.refused");
  });

  it("never meets loopback, nor the networks that the policy names", async () => {
    const hub = await open({ neverBanned: ["127.0.0.0/8", "::1/128", "198.51.100.64/26", "2001:db8::/32"] });
    for (const address of ["127.0.0.1", BAD, "2001:db8:1::1"]) {
      await scan(hub, address, 60);
      expect([address, (await from(hub, address)).statusCode]).toEqual([address, 200]);
    }
    await expect(open({ neverBanned: ["999.1.1.1"] })).rejects.toThrow(/neverBanned holds "999.1.1.1"/);
  });

  it("is explained to administrators, who can lift it, and to nobody else", async () => {
    const hub = await open();
    await scan(hub, BAD, 25);
    const { password } = await hub.app.aegis.createAccount({ username: "root", roles: ["user", "admin"] });
    const root = new Visitor(hub.app);
    await root.send("POST", "/api/login", { json: { username: "root", password } });
    const post = async (url: string, json: unknown = {}) =>
      root.send("POST", url, { json, headers: { "x-csrftoken": await root.token() } });
    expect((await root.send("GET", "/api/admin/bans")).statusCode).toBe(403); // one factor is not enough
    const { secret } = (await post("/api/auth/mfa/setup")).json();
    await post("/api/auth/mfa/verify-setup", { code: totpCode(String(secret), hub.clock.now()) });
    const [ban, ...more] = (await root.send("GET", "/api/admin/bans")).json().items;
    expect(more).toEqual([]);
    expect(ban).toMatchObject({
      key: expect.stringMatching(/^a[\w-]{43}$/),
      address: BAD,
      bans: 1,
      causes: [{ cause: "not_found", count: 20, last_at: expect.stringMatching(/^\d{4}-/) }],
    });
    expect(Date.parse(ban.until) - Date.parse(ban.since)).toBe(60_000);
    const visitor = await new Visitor(hub.app).enter();
    expect((await visitor.send("GET", "/api/admin/bans")).statusCode).toBe(403);
    expect((await post(`/api/admin/bans/${ban.key}/lift`)).json()).toEqual({ status: "lifted" });
    expect((await from(hub, BAD)).statusCode).toBe(200);
    expect((await post(`/api/admin/bans/${ban.key}/lift`)).json().code).toBe("AEGIS_REPUTATION_NO_BAN");
    expect((await post("/api/admin/bans/..%2fx/lift")).statusCode).toBe(400);
    expect(hub.events.find(({ event }) => event === "reputation.lifted")?.facts).toEqual({ address: BAD });
    hub.clock.advance(601);
    await scan(hub, BAD, 25);
    expect((await post(`/api/admin/bans/${ban.key}/lift`)).json().code).toBe("AEGIS_ACCESS_PROOF_NEEDED");
  });
});

describe("a person", () => {
  it("gets twice as much with two factors and nothing held against them, and half when suspicious; never a ban", async () => {
    const hub = await open({ halfLifeSeconds: 86_400 }, { limits: memoryStores().limits });
    const visitor = await new Visitor(hub.app).enter();
    const allowed = async () =>
      /"user";q=(\d+)/.exec(
        String((await visitor.send("GET", "/api/profile")).headers["ratelimit-policy"]),
      )?.[1];
    expect(await allowed()).toBe("10000");
    const post = async (url: string, json: unknown = {}) =>
      visitor.send("POST", url, { json, headers: { "x-csrftoken": await visitor.token() } });
    const { secret } = (await post("/api/auth/mfa/setup")).json();
    await post("/api/auth/mfa/verify-setup", { code: totpCode(String(secret), hub.clock.now()) });
    expect(await allowed()).toBe("20000");
    for (let asked = 0; asked < 60; asked++)
      await visitor.send("GET", `/api/content/nothing-${asked}`, {
        headers: { "x-forwarded-for": `203.0.113.${asked}` },
      });
    await counted();
    expect(await allowed()).toBe("5000");
    expect((await visitor.send("GET", "/api/profile")).statusCode).toBe(200);
  });
});

describe("while the store of reputations is away", () => {
  it("nobody is banned, everything else goes on, and it is told once", async () => {
    const { reputation } = memoryStores();
    const gone = () => Promise.reject(Object.assign(new Error("gone"), { code: "ECONNREFUSED" }));
    const hub = await open(
      {},
      {
        reputation: {
          isShared: false,
          hold: gone,
          find: gone,
          listBans: reputation.listBans.bind(reputation),
          lift: gone,
        },
      },
    );
    await scan(hub, BAD, 60);
    expect((await from(hub, BAD)).statusCode).toBe(200);
    expect(hub.events.filter(({ event }) => event === "reputation.store_away").length).toBe(1);
  });
});
