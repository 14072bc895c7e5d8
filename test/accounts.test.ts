/** Accounts, factors and recovery through the front door: a hub in process, mail in memory, a clock that can be moved. */
import { definePolicy, type PolicyInput } from "aegis";
import { afterEach, describe, expect, it } from "vitest";
import { PASSWORD, Visitor } from "./support/browser-like.ts";
import { BREACHED, cheapHash, startHub } from "./support/hub.ts";
import { codeIn, linkIn } from "./support/letters.ts";
import { totpCode } from "./support/authenticator.ts";

type Hub = Awaited<ReturnType<typeof startHub>>;
const hubs: Hub[] = [];
afterEach(async () => {
  for (const hub of hubs.splice(0)) await hub.close();
});

async function open(input: PolicyInput = {}): Promise<Hub> {
  const { account, password, ...rest } = input;
  const hub = await startHub(
    definePolicy({
      environment: "test",
      ...rest,
      account: { emailVerification: "optional", ...account },
      password: { argon2: cheapHash, minLength: 12, ...password },
    }),
  );
  hubs.push(hub);
  return hub;
}

const post = async (visitor: Visitor, url: string, json: unknown = {}) =>
  visitor.send("POST", url, { json, headers: { "x-csrftoken": await visitor.token() } });
const signIn = (visitor: Visitor, password = PASSWORD, username = visitor.username) =>
  visitor.send("POST", "/api/login", { json: { username, password } });
const lastMail = async (hub: Hub, to: string) => {
  await hub.settled();
  return hub.mail.sent.filter((one) => one.to === to).at(-1);
};

/** Signs in and sets up an authenticator; the secret, and the backup codes. */
async function withTotp(hub: Hub, visitor: Visitor) {
  const { secret } = (await post(visitor, "/api/auth/mfa/setup")).json();
  const answer = await post(visitor, "/api/auth/mfa/verify-setup", {
    code: totpCode(secret, hub.clock.now()),
  });
  expect(answer.statusCode, answer.body).toBe(200);
  hub.clock.advance(30);
  return { secret: String(secret), codes: texts(answer.json().backup_codes) };
}

const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];

describe("an address", () => {
  it("belongs to whoever types the code that was sent to it, and signs in from then on", async () => {
    const hub = await open();
    const ada = new Visitor(hub.app);
    const email = `${ada.username}@example.com`;
    const registered = await ada.send("POST", "/api/register", {
      json: { username: ada.username, email, password: PASSWORD },
    });
    expect([registered.statusCode, registered.json().verification]).toEqual([201, "sent"]);
    expect((await signIn(ada, PASSWORD, email)).statusCode).toBe(401);
    const code = codeIn(await lastMail(hub, email));
    const verify = (typed: string) =>
      new Visitor(hub.app).send("POST", "/api/register/verify", {
        json: { username: ada.username, email, code: typed },
      });
    expect((await verify(code === "000000" ? "000001" : "000000")).json().code).toBe(
      "AEGIS_ACCOUNT_CODE_REFUSED",
    );
    expect((await verify(code)).statusCode).toBe(200);
    expect((await verify(code)).statusCode).toBe(400);
    expect((await signIn(ada, PASSWORD, email)).json().user.email_verified).toBe(true);
  });

  it("that is taken is answered like one that is free, and its owner is told", async () => {
    const hub = await open();
    const register = async (email: string) => {
      const visitor = new Visitor(hub.app);
      const answer = await visitor.send("POST", "/api/register", {
        json: { username: visitor.username, email, password: PASSWORD },
      });
      return { visitor, status: answer.statusCode, body: answer.json() };
    };
    const email = "owner@example.com";
    const owner = await register(email);
    const code = codeIn(await lastMail(hub, email));
    const { username } = owner.visitor;
    await new Visitor(hub.app).send("POST", "/api/register/verify", { json: { username, email, code } });
    const again = await register(email);
    const fresh = await register("nobody@example.com");
    const shape = ({ status, body }: typeof again) => [
      status,
      body.status,
      body.verification,
      Object.keys(body.user),
    ];
    expect(shape(again)).toEqual(shape(fresh));
    expect((await lastMail(hub, email))?.subject).not.toMatch(/code/i);
    expect((await signIn(again.visitor, PASSWORD, email)).json().user.username).toBe(owner.visitor.username);
  });

  it("is sent no second code within the pause, and none is right after too many wrong ones", async () => {
    const hub = await open();
    const email = "ada@example.com";
    const ada = new Visitor(hub.app);
    await ada.send("POST", "/api/register", { json: { username: ada.username, email, password: PASSWORD } });
    const code = codeIn(await lastMail(hub, email));
    const resend = () =>
      new Visitor(hub.app).send("POST", "/api/register/resend", { json: { username: ada.username, email } });
    expect((await resend()).statusCode).toBe(202);
    await hub.settled();
    expect(hub.mail.sent).toHaveLength(1);
    const verify = (typed: string) =>
      new Visitor(hub.app).send("POST", "/api/register/verify", {
        json: { username: ada.username, email, code: typed },
      });
    for (let tries = 0; tries < 5; tries++) await verify("wrong");
    expect((await verify(code)).statusCode).toBe(400);
    hub.clock.advance(61);
    await resend();
    const next = codeIn(await lastMail(hub, email));
    hub.clock.advance(601);
    expect((await verify(next)).statusCode).toBe(400); // ten minutes are over
  });

  it("must be verified before the first sign-in where the policy says so", async () => {
    const hub = await open({ account: { emailRequired: true, emailVerification: "required" } });
    const ada = new Visitor(hub.app);
    const email = "ada@example.com";
    await ada.send("POST", "/api/register", { json: { username: ada.username, email, password: PASSWORD } });
    expect((await signIn(ada)).json().code).toBe("AEGIS_ACCOUNT_UNVERIFIED");
    expect((await signIn(ada, "wrong password here")).json().code).toBe("AEGIS_SIGN_IN_FAILED");
    const code = codeIn(await lastMail(hub, email));
    await ada.send("POST", "/api/register/verify", { json: { username: ada.username, email, code } });
    expect((await signIn(ada)).json().step).toBe("complete");
  });
});

describe("a forgotten password", () => {
  async function registered(hub: Hub) {
    const ada = new Visitor(hub.app);
    const email = `${ada.username}@example.com`;
    await ada.send("POST", "/api/register", { json: { username: ada.username, email, password: PASSWORD } });
    const code = codeIn(await lastMail(hub, email));
    await ada.send("POST", "/api/register/verify", { json: { username: ada.username, email, code } });
    return { ada, email };
  }
  const forgot = (hub: Hub, email: string) =>
    new Visitor(hub.app).send("POST", "/api/auth/password/forgot", { json: { email } });
  const reset = (hub: Hub, token: string, password: string) =>
    new Visitor(hub.app).send("POST", "/api/auth/password/reset", {
      json: { token, new_password: password },
    });

  it("is set anew by the link, once; every session ends, the second factor stays, the owner is told", async () => {
    const hub = await open();
    const { ada, email } = await registered(hub);
    await signIn(ada);
    const { secret } = await withTotp(hub, ada);
    expect((await forgot(hub, email)).json()).toEqual((await forgot(hub, "nobody@example.com")).json());
    const token = linkIn(await lastMail(hub, email));
    expect((await reset(hub, token, "short")).json().errors[0].field).toBe("new_password");
    const next = "Another violet, 12 forks";
    expect((await reset(hub, token, next)).statusCode).toBe(200);
    expect((await reset(hub, token, "Yet another one, 13")).json().code).toBe("AEGIS_RECOVERY_LINK_REFUSED");
    expect((await ada.send("GET", "/api/check_session")).statusCode).toBe(401);
    expect((await lastMail(hub, email))?.text).toMatch(/password/i);
    expect((await signIn(ada)).statusCode).toBe(401);
    const step = await signIn(ada, next);
    expect([step.json().step, step.json().methods]).toEqual(["second_factor", ["totp", "backup_code"]]);
    expect((await ada.send("GET", "/api/profile")).json().code).toBe("AEGIS_ACCESS_SIGN_IN_UNFINISHED");
    const done = await post(ada, "/api/auth/mfa/verify", { code: totpCode(secret, hub.clock.now()) });
    expect([done.json().step, done.json().session.aal]).toEqual(["complete", 2]);
  });

  it("is asked for once a minute, and a newer link voids the older", async () => {
    const hub = await open();
    const { email } = await registered(hub);
    await forgot(hub, email);
    const first = linkIn(await lastMail(hub, email));
    const count = hub.mail.sent.length;
    await forgot(hub, email);
    await hub.settled();
    expect(hub.mail.sent).toHaveLength(count);
    hub.clock.advance(61);
    await forgot(hub, email);
    const second = linkIn(await lastMail(hub, email));
    expect((await reset(hub, first, "Another violet, 12 forks")).statusCode).toBe(400);
    hub.clock.advance(1801);
    expect((await reset(hub, second, "Another violet, 12 forks")).statusCode).toBe(400);
  });
});

describe("a password", () => {
  it("of breaches is refused by name, one of the last five too, and a change ends the other sessions", async () => {
    const hub = await open({
      environment: "test",
      breach: { source: "online" },
      password: { historyCount: 5 },
    });
    const visitor = new Visitor(hub.app);
    const registered = await visitor.send("POST", "/api/register", {
      json: { username: visitor.username, password: BREACHED },
    });
    expect(registered.json().errors).toEqual([expect.objectContaining({ reason: "breached" })]);
    await visitor.enter();
    const other = new Visitor(hub.app);
    await signIn(other, PASSWORD, visitor.username);
    const change = (from: string, to: string) =>
      post(visitor, "/api/auth/password/change", { current_password: from, new_password: to });
    expect((await change("wrong", "Another violet, 12 forks")).statusCode).toBe(403);
    expect((await change(PASSWORD, PASSWORD)).json().errors[0].reason).toBe("used_before");
    const changed = await change(PASSWORD, "Another violet, 12 forks");
    expect([changed.statusCode, changed.json().sessions_ended]).toEqual([200, 1]);
    expect((await other.send("GET", "/api/check_session")).statusCode).toBe(401);
    expect((await visitor.send("GET", "/api/check_session")).statusCode).toBe(200);
    expect((await change("Another violet, 12 forks", PASSWORD)).json().errors[0].reason).toBe("used_before");
  });

  it("that has expired must be changed before anything else", async () => {
    const hub = await open({ password: { expireAfterSeconds: 90 * 86_400 } });
    const ada = await new Visitor(hub.app).enter();
    expect((await ada.send("GET", "/api/auth/password")).json().days_until_expiry).toBe(90);
    hub.clock.advance(90 * 86_400);
    expect((await signIn(ada)).json().step).toBe("password_change");
    expect((await ada.send("GET", "/api/check_session")).json()).toEqual({
      is_authenticated: false,
      step: "password_change",
    });
    expect((await ada.send("GET", "/api/profile")).statusCode).toBe(403);
    const changed = await post(ada, "/api/auth/password/change", {
      current_password: PASSWORD,
      new_password: "Another violet, 12 forks",
    });
    expect(changed.json().step).toBe("complete");
    expect((await ada.send("GET", "/api/profile")).statusCode).toBe(200);
  });

  it("may be shorter beside a second factor, and must grow when the factor goes", async () => {
    const hub = await open({ password: { minLength: 15, minLengthWithMfa: 8 } });
    const ada = await new Visitor(hub.app).enter();
    const change = (from: string, to: string) =>
      post(ada, "/api/auth/password/change", { current_password: from, new_password: to });
    expect((await change(PASSWORD, "q8-Zt!vw")).json().errors[0].reason).toBe("too_short");
    const { secret } = await withTotp(hub, ada);
    expect((await change(PASSWORD, "q8-Zt!vw")).statusCode).toBe(200);
    const off = await post(ada, "/api/auth/mfa/disable", {
      password: "q8-Zt!vw",
      code: totpCode(secret, hub.clock.now()),
    });
    expect(off.statusCode, off.body).toBe(200);
    expect((await signIn(ada, "q8-Zt!vw")).json().step).toBe("password_change");
  });
});

describe("repeated failures", () => {
  it("wait longer and longer, in the words of a wrong password, and the owner's device is not locked out", async () => {
    const hub = await open();
    const owner = await new Visitor(hub.app).enter();
    const stranger = new Visitor(hub.app);
    const guess = (password = "wrong") => signIn(stranger, password, owner.username);
    const bodies = new Set<string>();
    for (let tries = 0; tries < 8; tries++) {
      const { statusCode, body } = await guess();
      bodies.add(`${statusCode} ${body.replace(/"request_id":"[^"]+"/, "")}`);
    }
    expect(bodies.size).toBe(1);
    expect((await guess(PASSWORD)).statusCode).toBe(401);
    hub.clock.advance(2);
    expect((await guess(PASSWORD)).statusCode).toBe(200); // 1 s after the fifth
    for (let tries = 0; tries < 20; tries++) await guess();
    expect((await signIn(owner)).statusCode).toBe(200);
  });

  it("are ended by an administrator, who sees them", async () => {
    const hub = await open({ throttle: { mode: "lockout" } });
    const ada = await new Visitor(hub.app).enter();
    const { password } = await hub.app.aegis.createAccount({ username: "root", roles: ["user", "admin"] });
    for (let tries = 0; tries < 5; tries++) await signIn(new Visitor(hub.app), "wrong", ada.username);
    expect((await signIn(new Visitor(hub.app), PASSWORD, ada.username)).statusCode).toBe(401);
    const admin = new Visitor(hub.app);
    expect((await signIn(admin, password, "root")).json().step).toBe("mfa_enrolment");
    expect((await admin.send("GET", "/api/admin/users")).statusCode).toBe(403);
    await withTotp(hub, admin);
    const found = (await admin.send("GET", `/api/admin/users?q=${ada.username}`)).json();
    expect(found.items[0]).toMatchObject({ failed_login_attempts: 5, mfa_enabled: false });
    expect(found.items[0].locked_until).not.toBeNull();
    expect((await post(admin, `/api/admin/users/${found.items[0].id}/unlock`)).statusCode).toBe(200);
    expect((await signIn(new Visitor(hub.app), PASSWORD, ada.username)).statusCode).toBe(200);
  });
});
