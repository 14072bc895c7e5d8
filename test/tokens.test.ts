/** Tokens through the front door: a hub in process, a clock that can be moved, `jose` as an independent client. */
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { newKeyRing } from "aegis";
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  importJWK,
  type JWTHeaderParameters,
  jwtVerify,
  SignJWT,
} from "jose";
import { afterEach, describe, expect, it } from "vitest";
import { roomyStores } from "./support/roomy-limits.ts";
import { totpCode } from "./support/authenticator.ts";
import { PASSWORD, Visitor } from "./support/browser-like.ts";
import {
  closeHubs,
  issue,
  open,
  post,
  program,
  refreshed,
  refreshes,
  signedIn,
  works,
} from "./support/tokens.ts";

afterEach(closeHubs);

describe("an access token", () => {
  it("opens what its scopes name, without a cookie and without a CSRF token, and nothing else", async () => {
    const { hub, ada } = await signedIn();
    const reader = await issue(ada, { scopes: ["profile:read"] });
    const answer = await program(hub).profile(reader.access);
    expect([answer.statusCode, answer.json().username]).toEqual([200, ada.username]);
    const bearer = { authorization: `Bearer ${reader.access}` };
    const save = { json: { display_name: "Ada", about_me: "" }, headers: bearer };
    const visitor = new Visitor(hub.app);
    expect((await visitor.send("POST", "/api/profile", save)).json().code).toBe("AEGIS_ACCESS_SCOPE_MISSING");
    const writer = { authorization: `Bearer ${(await issue(ada)).access}` };
    expect((await visitor.send("POST", "/api/profile", { ...save, headers: writer })).statusCode).toBe(200);
    expect(hub.events.findLast(({ event }) => event === "account.profile_changed")?.bearer_id).toMatch(
      /^[0-9a-f-]{36}$/,
    );
    // Everything that was not written for tokens: sessions, factors, tokens themselves.
    for (const url of ["/api/sessions", "/api/account/tokens", "/api/account/export", "/api/auth/mfa/status"])
      expect([url, (await visitor.send("GET", url, { headers: writer })).statusCode]).toEqual([url, 401]);
    expect(
      (await visitor.send("POST", "/api/auth/token", { json: { client: "x" }, headers: writer })).statusCode,
    ).toBe(401);
  });

  it("is RFC 9068's, says who, for whom and until when, and lasts to the second", async () => {
    const { hub, ada, pair } = await signedIn({ token: { accessSeconds: 900 } });
    expect(decodeProtectedHeader(pair.access)).toEqual({
      alg: "EdDSA",
      typ: "at+jwt",
      kid: expect.stringMatching(/^[\w-]{43}$/),
    });
    const claims = decodeJwt(pair.access);
    const now = Math.floor(hub.clock.now() / 1000);
    expect(claims).toMatchObject({
      iss: "http://localhost",
      aud: "http://localhost",
      sid: pair.id,
      preferred_username: ada.username,
      roles: ["user"],
      scope: "events:read profile:read profile:write",
      aal: 1,
      iat: now,
      nbf: now - 5,
      exp: now + 900,
    });
    hub.clock.advance(899);
    expect(await works(hub, pair)).toBe(200);
    hub.clock.advance(1);
    expect(await works(hub, pair)).toBe(401);
  });

  it("is not believed for longer than the policy says now, whatever it says itself", async () => {
    const [stores, tokenKeys] = [roomyStores(), newKeyRing("EdDSA", 0)];
    const { hub, pair } = await signedIn({ token: { accessSeconds: 3600 } }, { ...stores, tokenKeys });
    const shorter = await open({ token: { accessSeconds: 60 } }, { ...stores, tokenKeys, clock: hub.clock });
    hub.clock.advance(30);
    expect(await works(shorter, pair)).toBe(200);
    hub.clock.advance(40);
    expect([await works(shorter, pair), await works(hub, pair)]).toEqual([401, 200]);
  });

  it.each(["EdDSA", "ES256"] as const)(
    "of %s verifies for an independent client, over the network and from a copy",
    async (algorithm) => {
      const { hub, pair } = await signedIn({ token: { algorithm } });
      const address = new URL("/.well-known/jwks.json", hub.origin);
      const response = await fetch(address);
      expect(response.headers.get("cache-control")).toBe("public, max-age=300");
      expect(response.headers.get("content-type")).toContain("application/jwk-set+json");
      const jwks = await response.json();
      const expected = {
        issuer: "http://localhost",
        audience: "http://localhost",
        typ: "at+jwt",
        algorithms: [algorithm],
        currentDate: new Date(hub.clock.now()),
      };
      for (const keys of [createRemoteJWKSet(address), createLocalJWKSet(jwks)])
        expect((await jwtVerify(pair.access, keys, expected)).payload.sid).toBe(pair.id);
      expect(JSON.stringify(jwks)).not.toMatch(/"(d|p|q|dp|dq|qi|k|oth)"/);
      expect(jwks.keys).toEqual([
        expect.objectContaining({ kid: decodeProtectedHeader(pair.access).kid, alg: algorithm, use: "sig" }),
      ]);
    },
  );
});

describe("a forged access token", () => {
  const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

  it("is refused: signed by nobody, changed, by another key, by our public key as a secret, or by one it names itself", async () => {
    const tokenKeys = newKeyRing("EdDSA", 0);
    const { hub, ada, pair } = await signedIn({}, { tokenKeys });
    const [head = "", body = "", signature = ""] = pair.access.split(".");
    const header = decodeProtectedHeader(pair.access);
    const claims = decodeJwt(pair.access);
    const kid = header.kid ?? "";
    const foreign = generateKeyPairSync("ed25519");
    const jwk = foreign.publicKey.export({ format: "jwk" });
    const sign = (over: object = {}, key: Parameters<SignJWT["sign"]>[0] = foreign.privateKey) =>
      new SignJWT(claims).setProtectedHeader({ alg: "EdDSA", typ: "at+jwt", kid, ...over }).sign(key);
    const [x = ""] = tokenKeys.keys.map((one) => one.jwk.x);
    const publicBytes = Buffer.from(x, "base64url");
    const pem = generateKeyPairSync("ed25519").publicKey.export({ format: "pem", type: "spki" });
    const forged = {
      none: `${base64({ alg: "none", typ: "at+jwt", kid })}.${body}.`,
      "none with a signature": `${base64({ ...header, alg: "none" })}.${body}.${signature}`,
      "another payload": `${head}.${base64({ ...claims, roles: ["admin"], sub: randomUUID() })}.${signature}`,
      "no signature": `${head}.${body}.`,
      "another key": await sign(),
      "a key it brings along": await sign({ jwk }),
      "a key it points to": await sign({ jku: `${hub.origin}/.well-known/jwks.json` }),
      "a certificate it points to": await sign({ x5u: "https://evil.example/x.pem" }),
      "a key that is not in the ring": await sign({ kid: "A".repeat(43) }),
      "no kid": await new SignJWT(claims)
        .setProtectedHeader({ alg: "EdDSA", typ: "at+jwt" })
        .sign(foreign.privateKey),
      "our public key as a secret": await sign({ alg: "HS256" }, publicBytes),
      "its text as a secret": await sign({ alg: "HS256" }, Buffer.from(pem.toString())),
      "four parts": `${pair.access}.${signature}`,
    };
    for (const [name, token] of Object.entries(forged)) {
      const answer = await program(hub).profile(token);
      expect([name, answer.statusCode, answer.json().code]).toEqual([
        name,
        401,
        "AEGIS_ACCESS_BEARER_INVALID",
      ]);
    }
    // A cookie beside it does not help, and the right one still works.
    const beside = await ada.send("GET", "/api/profile", {
      headers: { authorization: `Bearer ${forged.none}` },
    });
    expect(beside.statusCode).toBe(401);
    expect(await works(hub, pair)).toBe(200);
  });

  it("is refused although our own key signed it, where it is meant for something else", async () => {
    const ring = newKeyRing("EdDSA", 0);
    const { hub, pair } = await signedIn({}, { tokenKeys: ring });
    const [key] = ring.keys;
    const ours = await importJWK({ ...key?.jwk }, "EdDSA");
    const claims = decodeJwt(pair.access);
    const sign = (over: object, header: Partial<JWTHeaderParameters> = {}) =>
      new SignJWT({ ...claims, ...over })
        .setProtectedHeader({ alg: "EdDSA", typ: "at+jwt", kid: key?.kid ?? "", ...header })
        .sign(ours);
    const now = Math.floor(hub.clock.now() / 1000);
    expect((await program(hub).profile(await sign({}))).statusCode).toBe(200);
    const wrong = {
      "an ID token": await sign({}, { typ: "JWT" }),
      "a critical extension": await sign({}, { crit: ["b64"], b64: true }),
      "another audience": await sign({ aud: "https://other.example" }),
      "another issuer": await sign({ iss: "https://other.example" }),
      "not yet": await sign({ nbf: now + 10 }),
      "from the future": await sign({ iat: now + 60, exp: now + 600 }),
      "for ever": await sign({ exp: now + 10 * 86_400, iat: now - 7200 }),
      "no end": await sign({ exp: undefined }),
      "no binding": await sign({ bnd: undefined }),
      "roles as text": await sign({ roles: "admin" }),
    };
    for (const [name, token] of Object.entries(wrong))
      expect([name, (await program(hub).profile(token)).statusCode]).toEqual([name, 401]);
  });
});

describe("a refresh token", () => {
  it("gives a new pair once, for as long as it is used, and not beyond the family's end", async () => {
    const { hub, pair } = await signedIn({
      token: { accessSeconds: 60, refreshSeconds: 1000, familySeconds: 2500 },
    });
    let newest = pair;
    for (let turn = 0; turn < 2; turn++) {
      hub.clock.advance(999);
      newest = await refreshed(hub, newest);
      expect([newest.id, await works(hub, newest)]).toEqual([pair.id, 200]);
    }
    hub.clock.advance(502);
    expect(await refreshes(hub, newest)).toBe(401);
    const idle = await signedIn({ token: { refreshSeconds: 1000 } });
    idle.hub.clock.advance(1000);
    expect(await refreshes(idle.hub, idle.pair)).toBe(401);
  });

  it("that is used twice ends the family with its newest tokens, and its owner hears of it", async () => {
    const { hub, ada, pair } = await signedIn();
    await post(ada, "/api/account/email", { email: "ada@example.com" });
    await hub.settled();
    const code = /\d{6}/.exec(hub.mail.sent.at(-1)?.text ?? "")?.[0];
    await ada.send("POST", "/api/register/verify", {
      json: { username: ada.username, email: "ada@example.com", code },
    });
    const second = await refreshed(hub, pair);
    const third = await refreshed(hub, second);
    const stranger = await issue(ada);
    expect(await refreshes(hub, pair)).toBe(401);
    expect([await refreshes(hub, third), await works(hub, third), await works(hub, pair)]).toEqual([
      401, 401, 401,
    ]);
    expect([await works(hub, stranger), await refreshes(hub, stranger)]).toEqual([200, 200]);
    await hub.settled();
    const reports = hub.events.filter(({ event }) => event === "token.reuse_detected");
    expect(reports).toEqual([expect.objectContaining({ outcome: "failure", facts: { family: pair.id } })]);
    const letters = hub.mail.sent.filter(({ subject }) => subject.includes("A program was signed out"));
    expect(letters.map(({ to }) => to)).toEqual(["ada@example.com"]);
    const events = (await ada.send("GET", "/api/account/events")).json().items;
    expect(events.filter((one: { event: string }) => one.event === "token.reuse_detected")).toHaveLength(1);
  });

  it("used twice within the grace is refused alone, and the family lives on", async () => {
    const { hub, pair } = await signedIn({ token: { reuseGraceSeconds: 10 } });
    const second = await refreshed(hub, pair);
    hub.clock.advance(9);
    const again = await program(hub).refresh(pair.refresh);
    expect([again.statusCode, again.json().code]).toEqual([409, "AEGIS_TOKEN_OVERTAKEN"]);
    const third = await refreshed(hub, second);
    hub.clock.advance(10);
    expect([await refreshes(hub, second), await refreshes(hub, third)]).toEqual([401, 401]);
  });

  it("made up, or of any other form, is refused in the same words", async () => {
    const { hub, pair } = await signedIn();
    const bodies = new Set<string>();
    for (const token of ["A".repeat(43), "", "x", pair.access.slice(0, 256), "' or 1=1 --"]) {
      const { request_id: _id, ...body } = (await program(hub).refresh(token)).json();
      bodies.add(JSON.stringify(body));
    }
    expect(bodies.size).toBe(1);
    expect([...bodies][0]).toContain("AEGIS_TOKEN_REFRESH_REFUSED");
    expect(await refreshes(hub, pair)).toBe(200);
  });
});

describe("the logs and events of tokens", () => {
  it("hold no token, neither a good one nor one that is refused", async () => {
    const lines: string[] = [];
    const { hub, pair } = await signedIn(
      {},
      {
        logger: { level: "trace", stream: { write: (line: string) => void lines.push(line) } },
      },
    );
    await works(hub, pair);
    await program(hub).profile(`${pair.access.slice(0, -4)}AAAA`);
    const second = await refreshed(hub, pair);
    await refreshes(hub, pair);
    await program(hub).revoke(second.refresh);
    await hub.settled();
    const all = lines.join("") + JSON.stringify(hub.events);
    expect(all).toContain("token.reuse_detected");
    for (const secret of [pair.access, pair.refresh, second.access, second.refresh])
      for (const part of secret.split(".")) expect(all).not.toContain(part.slice(0, 40));
  });
});

describe("tokens are given to nobody", () => {
  it("without a session, without the CSRF token, half way through a sign-in, or long after the last proof", async () => {
    const { hub, ada } = await signedIn();
    const ask = { json: { client: "x" } };
    expect((await new Visitor(hub.app).send("POST", "/api/auth/token", ask)).statusCode).toBe(401);
    expect((await ada.send("POST", "/api/auth/token", ask)).json().code).toBe("AEGIS_CSRF_TOKEN_MISSING");
    const { secret } = (await post(ada, "/api/auth/mfa/setup")).json();
    await post(ada, "/api/auth/mfa/verify-setup", { code: totpCode(secret, hub.clock.now()) });
    expect(decodeJwt((await issue(ada)).access)["aal"]).toBe(2);
    const half = new Visitor(hub.app);
    await half.send("POST", "/api/login", { json: { username: ada.username, password: PASSWORD } });
    expect((await post(half, "/api/auth/token", ask.json)).statusCode).toBe(403);
    hub.clock.advance(700);
    expect((await post(ada, "/api/auth/token", ask.json)).json().code).toBe("AEGIS_ACCESS_PROOF_NEEDED");
  });

  it("with a scope that no route asks for, or a name that is none", async () => {
    const { ada } = await signedIn();
    const status = async (json: object) => (await post(ada, "/api/auth/token", json)).statusCode;
    expect(await status({ client: "x", scopes: ["admin:all"] })).toBe(400);
    for (const client of ["", "  ", "a\u0007b", "a\u202Eb", "x".repeat(65)])
      expect([client, await status({ client })]).toEqual([client, 400]);
    expect(await status({ client: "x", scopes: [] })).toBe(200);
  });

  it("where the policy gives none out: every route of theirs finds nothing", async () => {
    const hub = await open({ token: { enabled: false } });
    const ada = await new Visitor(hub.app).enter();
    const statuses = [
      await ada.send("GET", "/.well-known/jwks.json"),
      await ada.send("GET", "/api/account/tokens"),
      await post(ada, "/api/auth/token", { client: "x" }),
      await post(ada, "/api/auth/refresh", { refresh_token: "x" }),
      await post(ada, "/api/auth/revoke", { token: "x" }),
    ].map(({ statusCode }) => statusCode);
    expect(statuses).toEqual([404, 404, 404, 404, 404]);
  });
});
