/** How tokens end, and where they are bound: through the front door, with a clock that can be moved. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { definePolicy, newKeyRing, rotateKeyRing } from "aegis";
import { decodeProtectedHeader } from "jose";
import { afterEach, describe, expect, it } from "vitest";
import { setUp, tokenKeysOf } from "../apps/hub/server/secrets.ts";
import { openKeyRing } from "../packages/aegis/src/token/keys.ts";
import { roomyStores } from "./support/roomy-limits.ts";
import { totpCode } from "./support/authenticator.ts";
import { PASSWORD, Visitor } from "./support/browser-like.ts";
import { cheapHash, startHub } from "./support/hub.ts";
import { linkIn } from "./support/letters.ts";
import {
  closeHubs,
  type Hub,
  issue,
  open,
  type Pair,
  pairIn,
  post,
  program,
  refreshed,
  refreshes,
  signedIn,
  works,
} from "./support/tokens.ts";

afterEach(closeHubs);

describe("tokens end", () => {
  const dead = async (hub: Hub, pair: Pair) => {
    expect([await works(hub, pair), await refreshes(hub, pair)]).toEqual([401, 401]);
  };

  it("with the session that they were got in, and not with another", async () => {
    const { hub, ada, pair } = await signedIn();
    const other = new Visitor(hub.app);
    await other.send("POST", "/api/login", { json: { username: ada.username, password: PASSWORD } });
    const kept = await issue(other);
    await post(ada, "/api/logout");
    await dead(hub, pair);
    expect([await works(hub, kept), await refreshes(hub, kept)]).toEqual([200, 200]);
  });

  it("with every session of a user, wherever they were got", async () => {
    for (const end of [
      (visitor: Visitor) => post(visitor, "/api/logout/all"),
      async (visitor: Visitor) =>
        visitor.send("DELETE", "/api/sessions", { headers: { "x-csrftoken": await visitor.token() } }),
      (visitor: Visitor) =>
        post(visitor, "/api/auth/password/change", {
          current_password: PASSWORD,
          new_password: "Another violet, 12 forks",
        }),
      async (visitor: Visitor) =>
        visitor.send("DELETE", "/api/account", { headers: { "x-csrftoken": await visitor.token() } }),
    ]) {
      const { hub, ada, pair } = await signedIn();
      const newest = await refreshed(hub, pair);
      hub.clock.advance(1);
      expect((await end(ada)).statusCode).toBeLessThan(300);
      await dead(hub, newest);
    }
  });

  it("when a factor is added, when the password is reset by mail, and when an administrator says so", async () => {
    const { hub, ada, pair } = await signedIn();
    hub.clock.advance(1);
    const { secret } = (await post(ada, "/api/auth/mfa/setup")).json();
    await post(ada, "/api/auth/mfa/verify-setup", { code: totpCode(secret, hub.clock.now()) });
    await dead(hub, pair);

    const email = "grace@example.com";
    const grace = await hub.app.aegis.createAccount({
      username: "grace",
      password: PASSWORD,
      email,
      roles: ["user"],
    });
    const visitor = new Visitor(hub.app);
    const enter = (password: string) =>
      visitor.send("POST", "/api/login", { json: { username: "grace", password } });
    await enter(PASSWORD);
    const second = await issue(visitor);
    hub.clock.advance(1);
    await visitor.send("POST", "/api/auth/password/forgot", { json: { email } });
    await hub.settled();
    const token = linkIn(hub.mail.sent.filter(({ to }) => to === email).at(-1));
    const changed = "Yet another violet, 13";
    await visitor.send("POST", "/api/auth/password/reset", { json: { token, new_password: changed } });
    await dead(hub, second);

    const root = new Visitor(hub.app);
    await hub.app.aegis.createAccount({ username: "root", password: PASSWORD, roles: ["user", "admin"] });
    await root.send("POST", "/api/login", { json: { username: "root", password: PASSWORD } });
    const setup = (await post(root, "/api/auth/mfa/setup")).json();
    await post(root, "/api/auth/mfa/verify-setup", { code: totpCode(setup.secret, hub.clock.now()) });
    for (const verb of ["sign-out", "suspend"]) {
      await enter(changed);
      hub.clock.advance(1);
      const third = await issue(visitor);
      hub.clock.advance(1);
      expect((await post(root, `/api/admin/users/${grace.id}/${verb}`)).statusCode).toBe(200);
      await dead(hub, third);
    }
  });

  it("one by one: in the owner's list, where a stranger finds none", async () => {
    const { hub, ada, pair } = await signedIn();
    const kept = await issue(ada, { client: "Laptop", scopes: ["profile:read"] });
    const listed = (await ada.send("GET", "/api/account/tokens")).json();
    expect(listed.total).toBe(2);
    expect(JSON.stringify(listed)).not.toContain(pair.refresh);
    expect(listed.items).toContainEqual(
      expect.objectContaining({ id: kept.id, client: "Laptop", scopes: ["profile:read"] }),
    );
    const end = async (visitor: Visitor, id: string) =>
      visitor.send("DELETE", `/api/account/tokens/${id}`, {
        headers: { "x-csrftoken": await visitor.token() },
      });
    const eve = await new Visitor(hub.app).enter();
    expect((await end(eve, pair.id)).json().code).toBe("AEGIS_TOKEN_NOT_FOUND");
    expect(await works(hub, pair)).toBe(200);
    expect((await end(ada, pair.id)).json()).toEqual({ revoked: 1 });
    expect((await end(ada, pair.id)).statusCode).toBe(404);
    await dead(hub, pair);
    expect(await works(hub, kept)).toBe(200);
  });

  it("when they are given back (RFC 7009): one access token, or by any refresh token all of a family", async () => {
    const { hub, pair } = await signedIn();
    expect((await program(hub).revoke(pair.access)).json()).toEqual({});
    expect(await works(hub, pair)).toBe(401);
    const second = await refreshed(hub, pair);
    expect(await works(hub, second)).toBe(200);
    expect((await program(hub).revoke(pair.refresh)).statusCode).toBe(200);
    await dead(hub, second);
    for (const nothing of ["x", "A".repeat(43), pair.access]) {
      const answer = await program(hub).revoke(nothing);
      expect([answer.statusCode, answer.json()]).toEqual([200, {}]);
    }
  });

  it("are remembered as revoked until the last of them is over by itself, and no longer", async () => {
    const stores = roomyStores();
    const { hub, ada, pair } = await signedIn({ token: { accessSeconds: 900 } }, stores);
    hub.clock.advance(1);
    await post(ada, "/api/logout/all");
    const { tokenDenylist } = stores;
    const over = hub.clock.now() + 910_000; // and clocks of two machines, five seconds off each
    expect(await tokenDenylist.removeExpired(over - 1)).toBe(0);
    await dead(hub, pair);
    expect(await tokenDenylist.removeExpired(over)).toBe(2); // the user's, and the family's
  });

  it("when their session ends while they are being asked for", async () => {
    const stores = roomyStores();
    const { refreshTokens } = stores;
    let between = async (): Promise<void> => undefined;
    const slow = new Proxy(refreshTokens, {
      get(target, name) {
        if (name !== "open") return Reflect.get(target, name).bind(target);
        return async (...args: Parameters<typeof target.open>) => {
          await between();
          return target.open(...args);
        };
      },
    });
    const { hub, ada } = await signedIn({}, { ...stores, refreshTokens: slow });
    const csrf = await ada.token();
    const thief = new Visitor(hub.app);
    for (const [name, value] of ada.cookies) thief.cookies.set(name, value);
    between = async () => {
      between = async () => undefined;
      await post(ada, "/api/logout/all");
    };
    const answer = await thief.send("POST", "/api/auth/token", {
      json: { client: "x" },
      headers: { "x-csrftoken": csrf },
    });
    expect(answer.statusCode).toBe(401);
    await ada.send("POST", "/api/login", { json: { username: ada.username, password: PASSWORD } });
    expect((await ada.send("GET", "/api/account/tokens")).json().total).toBe(0);
  });
});

describe("a token of somebody who may not sign in any more", () => {
  it("is not renewed, and not used up either", async () => {
    const { hub, ada, pair } = await signedIn();
    const root = new Visitor(hub.app);
    await hub.app.aegis.createAccount({ username: "root", password: PASSWORD, roles: ["user", "admin"] });
    await root.send("POST", "/api/login", { json: { username: "root", password: PASSWORD } });
    const setup = (await post(root, "/api/auth/mfa/setup")).json();
    await post(root, "/api/auth/mfa/verify-setup", { code: totpCode(setup.secret, hub.clock.now()) });
    const users = (await root.send("GET", `/api/admin/users?q=${ada.username}`)).json();
    const id = users.items[0].id;
    await post(root, `/api/admin/users/${id}/force-password-change`);
    expect(await refreshes(hub, pair)).toBe(401);
    const refusal = hub.events.findLast(({ event }) => event === "token.refresh_refused");
    expect(refusal?.facts).toEqual({ because: "account" });
  });
});

describe("sessions beside tokens", () => {
  it("are looked up in memory first, as without them", async () => {
    const { sessions } = roomyStores();
    let peeked = 0;
    Object.assign(sessions, { peek: () => void (peeked += 1) });
    const hub = await open({}, { sessions });
    const ada = await new Visitor(hub.app).enter();
    expect((await ada.send("GET", "/api/profile")).statusCode).toBe(200);
    expect(peeked).toBeGreaterThan(0);
  });
});

describe("a token from another place", () => {
  const other = "OtherApp/1.0";
  const behindProxy = { transport: { trustedProxies: ["127.0.0.1"] } };

  it("is refused where its program is another one (strict), and not where it was updated", async () => {
    const hub = await open({ token: { userAgentBinding: "strict" } });
    const ada = await new Visitor(hub.app).enter();
    const answer = await ada.send("POST", "/api/auth/token", {
      json: { client: "App" },
      headers: { "x-csrftoken": await ada.token(), "user-agent": "HubApp/1.0 (Linux 6)" },
    });
    const pair = pairIn(answer.json());
    const [same, thief] = [program(hub, "HubApp/2.3 (Linux 7)"), program(hub, other)];
    expect((await thief.profile(pair.access)).statusCode).toBe(401);
    expect((await thief.refresh(pair.refresh)).statusCode).toBe(401);
    expect((await same.profile(pair.access)).statusCode).toBe(200);
    expect((await same.refresh(pair.refresh)).statusCode).toBe(200);
    const seen = hub.events.filter(({ event }) => event === "token.binding_mismatch");
    expect(seen.map(({ outcome, facts }) => [outcome, facts?.["user_agent"], facts?.["score"]])).toEqual([
      ["failure", true, 60],
      ["failure", true, 60],
    ]);
  });

  it("is told of once in a while, and does not push what happened out of its owner's list", async () => {
    const { hub, ada, pair } = await signedIn({ token: { userAgentBinding: "strict" } });
    const thief = program(hub, other);
    for (let tries = 0; tries < 60; tries++) {
      expect((await thief.refresh(pair.refresh)).statusCode).toBe(401);
      expect((await thief.profile(pair.access)).statusCode).toBe(401);
    }
    await hub.settled();
    expect(hub.events.filter(({ event }) => event === "token.binding_mismatch")).toHaveLength(2);
    const { items } = (await ada.send("GET", "/api/account/events")).json();
    const names: unknown[] = items.map(({ event }: { event: unknown }) => event);
    expect(names.filter((name) => name === "token.binding_mismatch")).toHaveLength(1);
    expect(names).toContain("token.issued");
    hub.clock.advance(3601);
    await thief.refresh(pair.refresh);
    expect(hub.events.filter(({ event }) => event === "token.binding_mismatch")).toHaveLength(3);
  });

  it("is served and noted (signal), or served and not looked at (off)", async () => {
    const { hub, pair } = await signedIn();
    expect((await program(hub, other).profile(pair.access)).statusCode).toBe(200);
    const [noted] = hub.events.filter(({ event }) => event === "token.binding_mismatch");
    expect(noted).toMatchObject({
      outcome: "success",
      facts: { user_agent: true, network: false, score: 60 },
    });
    const off = await signedIn({ token: { userAgentBinding: "off" } });
    expect((await program(off.hub, other).profile(off.pair.access)).statusCode).toBe(200);
    expect(off.hub.events.some(({ event }) => event === "token.binding_mismatch")).toBe(false);
  });

  it.each([
    ["192.0.2.7", "192.0.2.200", 200],
    ["192.0.2.7", "192.0.3.7", 401],
    ["2001:db8:1:2::7", "2001:db8:1:2:ffff::1", 200],
    ["2001:db8:1:2::7", "2001:db8:1:3::7", 401],
    ["::ffff:192.0.2.7", "192.0.2.9", 200],
    ["192.0.2.7", "2001:db8::1", 401],
  ])(
    "given to %s and used from %s is answered with %i where its network binds it",
    async (from, to, status) => {
      const hub = await open({
        ...behindProxy,
        token: { networkBinding: "strict", userAgentBinding: "off" },
      });
      const ada = await new Visitor(hub.app).enter();
      const answer = await ada.send("POST", "/api/auth/token", {
        json: { client: "App" },
        headers: { "x-csrftoken": await ada.token(), "x-forwarded-for": from },
      });
      const { access } = pairIn(answer.json());
      const headers = { authorization: `Bearer ${access}`, "x-forwarded-for": to };
      expect((await new Visitor(hub.app).send("GET", "/api/profile", { headers })).statusCode).toBe(status);
    },
  );
});

describe("keys", () => {
  it("that were replaced verify what they signed, until they are taken out of the ring", async () => {
    const [stores, ring] = [roomyStores(), newKeyRing("ES256", 0)];
    const { hub, pair } = await signedIn({ token: { algorithm: "ES256" } }, { ...stores, tokenKeys: ring });
    const options = { algorithm: "EdDSA", keepSeconds: 900, now: 1000 } as const;
    const rotated = rotateKeyRing(ring, options).ring;
    const parts = { ...stores, clock: hub.clock };
    const next = await open({}, { ...parts, tokenKeys: rotated });
    expect(await works(next, pair)).toBe(200);
    expect((await new Visitor(next.app).send("GET", "/.well-known/jwks.json")).json().keys).toHaveLength(2);
    const newest = await refreshed(next, pair);
    expect(decodeProtectedHeader(newest.access).alg).toBe("EdDSA");
    const last = await open(
      {},
      { ...parts, tokenKeys: rotateKeyRing(rotated, { ...options, now: 901_001 }).ring },
    );
    expect([await works(last, pair), await works(last, newest)]).toEqual([401, 200]);
    const retired = {
      keys: rotated.keys.map((key) => (key.state === "active" ? key : { ...key, state: "retired" as const })),
    };
    const without = await open({}, { ...parts, tokenKeys: retired });
    expect([await works(without, pair), await works(without, newest)]).toEqual([401, 200]);
    expect((await new Visitor(without.app).send("GET", "/.well-known/jwks.json")).json().keys).toHaveLength(
      1,
    );
  });

  it("that cannot be read stop the hub, which says why and quotes nothing of them", async () => {
    const folder = mkdtempSync(join(tmpdir(), "aegis-ring-"));
    const [good, other] = [newKeyRing("EdDSA", 0), newKeyRing("EdDSA", 0)];
    const [key, foreign] = [...good.keys, ...other.keys];
    const read = async (file: string) =>
      tokenKeysOf((await setUp([], { TOKEN_KEYS_FILE: file }, "test")).secrets)?.settled();
    const readText = (content: string) => {
      writeFileSync(join(folder, "ring.json"), content);
      return read(join(folder, "ring.json"));
    };
    try {
      expect(await readText(JSON.stringify(good))).toEqual(good);
      expect(await read("")).toBeUndefined();
      await expect(read(join(folder, "none.json"))).rejects.toThrow(/TOKEN_KEYS_FILE: there is no file/);
      for (const broken of [
        '{"keys":[{"d":"hunter2"',
        '{"keys":[{"d":"hunter2"}]}',
        JSON.stringify({ keys: [{ ...key, state: "verify-only" }] }),
        JSON.stringify({ keys: [key, key] }),
        JSON.stringify({ keys: [{ ...key, kid: foreign?.kid }] }),
        JSON.stringify({ keys: [{ ...key, jwk: { ...key?.jwk, d: undefined } }] }),
      ]) {
        const error: unknown = await readText(broken).catch((thrown: unknown) => thrown);
        expect([broken, String(error)]).toEqual([broken, expect.stringContaining("TOKEN_KEYS (from files")]);
        expect(String(error)).not.toContain("hunter2");
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
    const swapped = {
      keys: good.keys.map((one) => ({ ...one, jwk: { ...one.jwk, d: foreign?.jwk.d ?? "" } })),
    };
    expect(() => openKeyRing(swapped)).toThrow(/does not belong/);
  });

  it("are demanded in production, of the algorithm that the policy names, with the issuer's name", async () => {
    const production = definePolicy({
      environment: "production",
      token: { enabled: true },
      account: { emailVerification: "off" },
      password: { argon2: cheapHash },
    });
    await expect(startHub(production)).rejects.toThrow(/there are no keys/);
    await expect(startHub(production, { tokenKeys: newKeyRing("ES256", 0) })).rejects.toThrow(
      /aegis keys rotate/,
    );
    await expect(
      startHub(production, { tokenKeys: newKeyRing("EdDSA", 0), publicOrigin: undefined, mail: undefined }),
    ).rejects.toThrow(/need publicOrigin/);
  });
});
