/** Second factors, fresh proof and administrators, through the front door. */
import { execFileSync } from "node:child_process";
import { definePolicy, type PolicyInput } from "aegis";
import { aegis, memoryStores, serverOptions } from "aegis/fastify";
import Fastify from "fastify";
import { afterEach, describe, expect, it } from "vitest";
import { roomyStores } from "./support/roomy-limits.ts";
import { totpCode } from "./support/authenticator.ts";
import { PASSWORD, Visitor } from "./support/browser-like.ts";
import { cheapHash, startHub } from "./support/hub.ts";

type Hub = Awaited<ReturnType<typeof startHub>>;
const hubs: Hub[] = [];
afterEach(async () => {
  for (const hub of hubs.splice(0)) await hub.close();
});

async function open(input: PolicyInput = {}, parts: Parameters<typeof startHub>[1] = {}): Promise<Hub> {
  const policy = definePolicy({
    environment: "test",
    ...input,
    password: { argon2: cheapHash, minLength: 12, ...input.password },
  });
  const hub = await startHub(policy, parts);
  hubs.push(hub);
  return hub;
}

const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
const post = async (visitor: Visitor, url: string, json: unknown = {}) =>
  visitor.send("POST", url, { json, headers: { "x-csrftoken": await visitor.token() } });
const signIn = (visitor: Visitor, username = visitor.username, password = PASSWORD) =>
  visitor.send("POST", "/api/login", { json: { username, password } });

async function enrol(hub: Hub, visitor: Visitor) {
  const setup = (await post(visitor, "/api/auth/mfa/setup")).json();
  const secret = String(setup.secret);
  const answer = await post(visitor, "/api/auth/mfa/verify-setup", {
    code: totpCode(secret, hub.clock.now()),
  });
  expect(answer.statusCode, answer.body).toBe(200);
  hub.clock.advance(30);
  return { secret, uri: String(setup.otpauth_uri), codes: texts(answer.json().backup_codes) };
}

/** An administrator who has signed in with two factors. */
async function administrator(hub: Hub, name: string) {
  const { id, password } = await hub.app.aegis.createAccount({ username: name, roles: ["user", "admin"] });
  const visitor = new Visitor(hub.app);
  await signIn(visitor, name, password);
  return { id, password, visitor, ...(await enrol(hub, visitor)) };
}

describe("an authenticator", () => {
  it("is set up by a secret that oathtool understands, and its codes sign in once each", async () => {
    const hub = await open();
    const ada = await new Visitor(hub.app).enter();
    const { secret, uri } = await enrol(hub, ada);
    expect(uri).toContain(`secret=${secret}&`);
    const at = new Date(hub.clock.now()).toISOString();
    const code = execFileSync("oathtool", ["--totp", "--base32", `--now=${at}`, secret], {
      encoding: "utf8",
    }).trim();
    const half = new Visitor(hub.app);
    expect((await signIn(half, ada.username)).json()).toEqual({
      step: "second_factor",
      methods: ["totp", "backup_code"],
    });
    expect((await post(half, "/api/auth/mfa/verify", { code })).json().step).toBe("complete");
    const again = new Visitor(hub.app);
    await signIn(again, ada.username);
    const replayed = await post(again, "/api/auth/mfa/verify", { code });
    expect([replayed.statusCode, replayed.json().code]).toEqual([401, "AEGIS_MFA_CODE_REFUSED"]);
  });

  it("gives the half-finished sign-in no rights on any route but those that finish it", async () => {
    const hub = await open();
    const ada = await new Visitor(hub.app).enter();
    await enrol(hub, ada);
    const half = new Visitor(hub.app);
    await signIn(half, ada.username);
    const token = await half.token();
    const finishing = new Set([
      "/api/auth/mfa/verify",
      "/api/auth/passkeys/verify/options",
      "/api/auth/passkeys/verify",
    ]);
    const methods = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;
    let refused = 0;
    for (const { method, url, access } of hub.app.aegis.routes) {
      const known = methods.find((one) => one === method);
      // Public to everybody, and so to half a sign-in too.
      if (access === "public" || access === "group:content" || known === undefined || finishing.has(url))
        continue;
      const address = url.replace(/:\w+/g, "00000000-0000-4000-8000-000000000000");
      const response = await half.send(known, address, { headers: { "x-csrftoken": token } });
      expect([url, response.statusCode, response.json().code]).toEqual([
        url,
        403,
        "AEGIS_ACCESS_SIGN_IN_UNFINISHED",
      ]);
      refused += 1;
    }
    expect(refused).toBeGreaterThan(30);
  });

  it("is stored so that another key, or another account, cannot read it", async () => {
    const stores = roomyStores();
    const hub = await open({}, stores);
    const ada = await new Visitor(hub.app).enter();
    const { secret } = await enrol(hub, ada);
    const id = (await ada.send("GET", "/api/profile")).json().id;
    const sealed = (await stores.factors.totp(String(id)))?.sealedSecret ?? "";
    expect(sealed).toMatch(/^v1\./);
    expect(sealed).not.toContain(secret);
    const other = await open({}, { ...stores, secretKey: new Uint8Array(32).fill(2) });
    const half = new Visitor(other.app);
    await signIn(half, ada.username);
    const refused = await post(half, "/api/auth/mfa/verify", { code: totpCode(secret, other.clock.now()) });
    expect(refused.statusCode).toBe(500);
    const rotated = await open(
      {},
      {
        ...stores,
        secretKey: new Uint8Array(32).fill(2),
        previousSecretKeys: [new Uint8Array(32).fill(1)],
        clock: hub.clock,
      },
    );
    const again = new Visitor(rotated.app);
    await signIn(again, ada.username);
    const taken = await post(again, "/api/auth/mfa/verify", { code: totpCode(secret, hub.clock.now()) });
    expect(taken.json().step).toBe("complete");
    expect((await stores.factors.totp(String(id)))?.sealedSecret).not.toBe(sealed); // sealed anew
  });

  it("can be switched off with password and code alone, and its backup codes go with it", async () => {
    const hub = await open();
    const ada = await new Visitor(hub.app).enter();
    const { secret, codes } = await enrol(hub, ada);
    expect((await post(ada, "/api/auth/mfa/disable", { password: "wrong", code: "123456" })).statusCode).toBe(
      403,
    );
    const off = { password: PASSWORD, code: totpCode(secret, hub.clock.now()) };
    expect((await post(ada, "/api/auth/mfa/disable", off)).json()).toEqual({ status: "disabled" });
    const next = new Visitor(hub.app);
    expect((await signIn(next, ada.username)).json().step).toBe("complete");
    expect(codes).toHaveLength(10);
    expect((await next.send("GET", "/api/auth/mfa/status")).json().backup_codes).toEqual({
      left: 0,
      total: 0,
      warn: false,
    });
  });
});

describe("a backup code", () => {
  it("signs in once, however it is typed; at three left the owner is warned, and a new set voids the old", async () => {
    const hub = await open();
    const ada = await new Visitor(hub.app).enter();
    const { codes } = await enrol(hub, ada);
    const use = async (code: string) => {
      const visitor = new Visitor(hub.app);
      await signIn(visitor, ada.username);
      return post(visitor, "/api/auth/mfa/verify", { backup_code: code });
    };
    const [first = "", second = ""] = codes;
    expect((await use(first.toLowerCase().replaceAll("-", " "))).json().backup_codes_left).toBe(9);
    expect((await use(first)).statusCode).toBe(401);
    for (const code of codes.slice(2, 8)) await use(code);
    const status = (await ada.send("GET", "/api/auth/mfa/status")).json();
    expect(status.backup_codes).toEqual({ left: 3, total: 10, warn: true });
    const renewed = await post(ada, "/api/auth/mfa/backup-codes", { password: PASSWORD });
    expect(texts(renewed.json().backup_codes)).toHaveLength(10);
    expect((await use(second)).statusCode).toBe(401);
  });
});

describe("an administrator", () => {
  it("must set a second factor up at the first sign-in, and cannot do without it afterwards", async () => {
    const hub = await open();
    const { visitor, secret, password } = await administrator(hub, "root");
    expect((await visitor.send("GET", "/api/admin/users")).statusCode).toBe(200);
    const asked = await post(visitor, "/api/auth/mfa/disable", {
      password,
      code: totpCode(secret, hub.clock.now()),
    });
    expect([asked.statusCode, asked.json().status]).toEqual([202, "approval_requested"]);
    expect((await visitor.send("GET", "/api/auth/mfa/status")).json().enabled).toBe(true);
  });

  it("loses it only when another administrator agrees: not by themselves, not twice, not too late", async () => {
    const hub = await open();
    const one = await administrator(hub, "root");
    const two = await administrator(hub, "second");
    const ask = () => post(two.visitor, `/api/admin/users/${one.id}/reset-mfa`);
    const { approval_id: id } = (await ask()).json();
    expect((await ask()).json().code).toBe("AEGIS_APPROVAL_PENDING");
    const decide = (who: Visitor, approval: string, verb = "approve") =>
      post(who, `/api/admin/approvals/${approval}/${verb}`);
    expect((await decide(two.visitor, id)).statusCode).toBe(409); // asked for it
    expect((await decide(one.visitor, id)).statusCode).toBe(409); // it is about them
    const three = await administrator(hub, "third");
    expect((await decide(three.visitor, id)).json()).toEqual({ status: "approved" });
    expect((await decide(three.visitor, id)).statusCode).toBe(409);
    expect((await one.visitor.send("GET", "/api/check_session")).statusCode).toBe(401);
    expect((await signIn(new Visitor(hub.app), "root", one.password)).json().step).toBe("mfa_enrolment");
    const late = (await post(three.visitor, `/api/admin/users/${two.id}/reset-mfa`)).json().approval_id;
    hub.clock.advance(86_401);
    const back = new Visitor(hub.app);
    await signIn(back, "third", three.password);
    await post(back, "/api/auth/mfa/verify", { code: totpCode(three.secret, hub.clock.now()) });
    const listed = (await back.send("GET", "/api/admin/approvals")).json();
    expect(
      listed.items.map(({ id: which, state }: { id: string; state: string }) => [which === late, state]),
    ).toContainEqual([true, "expired"]);
  });

  it("suspends, restores, signs out and forces a new password, each of them held at once", async () => {
    const hub = await open();
    const { visitor } = await administrator(hub, "root");
    const ada = await new Visitor(hub.app).enter();
    const id = (await ada.send("GET", "/api/profile")).json().id;
    const act = (verb: string) => post(visitor, `/api/admin/users/${id}/${verb}`);
    await act("sign-out");
    expect((await ada.send("GET", "/api/check_session")).statusCode).toBe(401);
    await act("suspend");
    expect((await signIn(ada)).json().code).toBe("AEGIS_SIGN_IN_FAILED");
    await act("restore");
    await act("force-password-change");
    expect((await signIn(ada)).json().step).toBe("password_change");
    const seen = (await visitor.send("GET", `/api/admin/users/${id}`)).json();
    expect(seen.must_change_password).toBe(true);
    await hub.settled();
    expect(JSON.stringify(seen)).not.toMatch(/argon2/);
  });
});

describe("a dangerous action", () => {
  it("asks for a fresh proof when the last is old: the password, or with two factors a code", async () => {
    const hub = await open({ session: { idleTimeoutSeconds: 3600 } });
    const ada = await new Visitor(hub.app).enter();
    hub.clock.advance(601);
    const refused = await post(ada, "/api/auth/mfa/setup");
    expect([refused.statusCode, refused.json().code]).toEqual([403, "AEGIS_ACCESS_PROOF_NEEDED"]);
    expect((await post(ada, "/api/auth/confirm", { password: "wrong" })).json().code).toBe(
      "AEGIS_THROTTLE_PROOF_FAILED",
    );
    const before = ada.cookies.get("session");
    expect((await post(ada, "/api/auth/confirm", { password: PASSWORD })).statusCode).toBe(200);
    expect(ada.cookies.get("session")).not.toBe(before);
    const { secret } = await enrol(hub, ada);
    hub.clock.advance(601);
    expect((await post(ada, "/api/auth/confirm", { password: PASSWORD })).statusCode).toBe(403);
    expect(
      (await post(ada, "/api/auth/confirm", { code: totpCode(secret, hub.clock.now()) })).statusCode,
    ).toBe(200);
  });
});

describe("a way to sign in", () => {
  const build = async () => {
    const policy = definePolicy({ environment: "test", password: { argon2: cheapHash } });
    const app = Fastify(serverOptions(policy));
    await app.register(aegis, { policy, secretKey: new Uint8Array(32), ...memoryStores() });
    return app;
  };
  const config = { access: "public", signIn: "sso" } as const;

  it("that nobody classified stops the start", async () => {
    const app = await build();
    expect(() => app.post("/sso", { config }, async () => "x")).toThrow(/nobody classified/);
    app.aegis.signInPaths.declare("sso", "one-factor");
    expect(() => app.post("/sso", { config }, async () => "x")).not.toThrow();
    expect(() => app.aegis.signInPaths.declare("sso", "two-factors")).toThrow(/declared twice/);
    const unsaid: { proof?: "one-factor" } = {};
    expect(() => Reflect.apply(app.aegis.signInPaths.declare, undefined, ["saml", unsaid.proof])).toThrow(
      /does not say what it proves/,
    );
  });
});

describe("what is kept about a person", () => {
  it("can be taken along as JSON and as an archive, and holds no secret", async () => {
    const hub = await open();
    const ada = await new Visitor(hub.app).enter();
    await enrol(hub, ada);
    const json = await ada.send("GET", "/api/account/export");
    expect(Object.keys(json.json()).toSorted()).toEqual([
      "api_keys",
      "events",
      "exported_at",
      "passkeys",
      "profile",
      "programs",
      "sessions",
      "uploads",
    ]);
    expect(json.headers["content-disposition"]).toContain("attachment");
    expect(json.body).not.toMatch(/argon2|token_?hash|sealed/i);
    const zip = await ada.send("GET", "/api/account/export?format=zip");
    expect(zip.rawPayload.subarray(0, 2).toString()).toBe("PK");
    expect((await ada.send("GET", "/api/account/export?format=exe")).statusCode).toBe(400);
  });

  it("is deleted after the grace, unless its owner signs in", async () => {
    const hub = await open();
    const ada = await new Visitor(hub.app).enter();
    const remove = async (visitor: Visitor) =>
      visitor.send("DELETE", "/api/account", { headers: { "x-csrftoken": await visitor.token() } });
    expect((await remove(ada)).json().status).toBe("scheduled");
    expect((await ada.send("GET", "/api/check_session")).statusCode).toBe(401);
    expect((await signIn(ada)).json().deletion_cancelled).toBe(true);
    await remove(ada);
    hub.clock.advance(14 * 86_400 + 1);
    expect((await signIn(ada)).statusCode).toBe(401);
  });

  it("shows its owner what happened", async () => {
    const hub = await open();
    const ada = await new Visitor(hub.app).enter();
    await signIn(new Visitor(hub.app), ada.username, "wrong");
    await hub.settled();
    const { items } = (await ada.send("GET", "/api/account/events")).json();
    expect(items.map(({ event }: { event: string }) => event)).toEqual(
      expect.arrayContaining(["account.registered", "session.signed_in", "session.sign_in_failed"]),
    );
    const few = await ada.send("GET", "/api/account/events?limit=2");
    expect(few.json()).toEqual({ items: items.slice(0, 2), total: 2 });
    for (const limit of ["0", "101", "-1", "x", "2&limit=3"])
      expect([limit, (await ada.send("GET", `/api/account/events?limit=${limit}`)).statusCode]).toEqual([
        limit,
        400,
      ]);
  });
});
