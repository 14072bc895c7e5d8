/** What a stranger, or a thief with half of the proof, gains by guessing and by asking again and again. */
import { definePolicy, type PolicyInput } from "aegis";
import type { AegisStores } from "aegis/fastify";
import { afterEach, describe, expect, it } from "vitest";
import { roomyStores } from "./support/roomy-limits.ts";
import { totpCode } from "./support/authenticator.ts";
import { PASSWORD, Visitor } from "./support/browser-like.ts";
import { cheapHash, startHub } from "./support/hub.ts";
import { softPasskey } from "./support/passkey.ts";
import { codeIn, linkIn } from "./support/letters.ts";

type Hub = Awaited<ReturnType<typeof startHub>>;
const hubs: Hub[] = [];
afterEach(async () => {
  for (const hub of hubs.splice(0)) await hub.close();
});

async function open(input: PolicyInput = {}, stores: AegisStores = roomyStores()): Promise<Hub> {
  const { account, password, ...rest } = input;
  const policy = definePolicy({
    environment: "test",
    ...rest,
    account: { emailVerification: "optional", ...account },
    password: { argon2: cheapHash, minLength: 12, ...password },
  });
  const hub = await startHub(policy, stores);
  hubs.push(hub);
  return hub;
}

const post = async (visitor: Visitor, url: string, json: unknown = {}) =>
  visitor.send("POST", url, { json, headers: { "x-csrftoken": await visitor.token() } });
const signIn = (visitor: Visitor, password = PASSWORD, username = visitor.username) =>
  visitor.send("POST", "/api/login", { json: { username, password } });

const OTHER_PASSWORD = "Quarry lantern, 77 blue otters";

/** An account with an address that is its own. */
async function accountAt(hub: Hub, email = "owner@example.com"): Promise<Visitor> {
  const visitor = new Visitor(hub.app);
  await hub.app.aegis.createAccount({
    username: visitor.username,
    email,
    password: PASSWORD,
    roles: ["user"],
  });
  return visitor;
}

async function resetLink(hub: Hub, email = "owner@example.com"): Promise<string> {
  await new Visitor(hub.app).send("POST", "/api/auth/password/forgot", { json: { email } });
  await hub.settled();
  return linkIn(hub.mail.sent.filter(({ to }) => to === email).at(-1));
}
const reset = (hub: Hub, token: string, password = OTHER_PASSWORD) =>
  new Visitor(hub.app).send("POST", "/api/auth/password/reset", { json: { token, new_password: password } });

async function withTotp(hub: Hub, visitor: Visitor): Promise<string> {
  const { secret } = (await post(visitor, "/api/auth/mfa/setup")).json();
  const code = totpCode(secret, hub.clock.now());
  expect((await post(visitor, "/api/auth/mfa/verify-setup", { code })).statusCode).toBe(200);
  hub.clock.advance(30);
  return String(secret);
}

describe("a code", () => {
  it("that is guessed in a stolen session must wait, though the thief shows the right password in between", async () => {
    const hub = await open();
    const owner = await new Visitor(hub.app).enter();
    const secret = await withTotp(hub, owner);
    const thief = new Visitor(hub.app);
    thief.cookies.set("session", owner.cookies.get("session") ?? "");
    const right = totpCode(secret, hub.clock.now());
    for (let round = 0; round < 3; round++) {
      for (let guess = 0; guess < 4; guess++)
        await post(thief, "/api/auth/confirm", { code: right === "000000" ? "000001" : "000000" });
      const change = { current_password: PASSWORD, new_password: "short" };
      expect((await post(thief, "/api/auth/password/change", change)).statusCode).toBe(400);
    }
    expect((await post(thief, "/api/auth/confirm", { code: right })).statusCode).toBe(403);
  });
});

describe("new backup codes", () => {
  it("are for a fresh proof: with an old session and the password nobody makes second factors", async () => {
    const hub = await open();
    const owner = await new Visitor(hub.app).enter();
    const secret = await withTotp(hub, owner);
    hub.clock.advance(11 * 60);
    const renew = () => post(owner, "/api/auth/mfa/backup-codes", { password: PASSWORD });
    expect((await renew()).json().code).toBe("AEGIS_ACCESS_PROOF_NEEDED");
    await post(owner, "/api/auth/confirm", { code: totpCode(secret, hub.clock.now()) });
    expect((await renew()).statusCode).toBe(200);
  });
});

describe("an administrator", () => {
  it("does not get rid of the last factor by removing two passkeys at once", async () => {
    const stores = roomyStores();
    const hub = await open({}, stores);
    const ada = new Visitor(hub.app);
    const { id } = await hub.app.aegis.createAccount({
      username: ada.username,
      password: PASSWORD,
      roles: ["admin"],
    });
    await signIn(ada);
    await withTotp(hub, ada);
    const own = [softPasskey(id), softPasskey(id)];
    for (const { record } of own) await stores.passkeys.add(record);
    await stores.factors.removeTotp(id);
    const headers = { "x-csrftoken": await ada.token() };
    const answers = await Promise.all(
      own.map(({ record }) => ada.send("DELETE", `/api/auth/passkeys/${record.id}`, { headers })),
    );
    expect(answers.map(({ statusCode }) => statusCode).toSorted((a, b) => a - b)).toEqual([200, 409]);
    expect(await stores.passkeys.listByAccount(id)).toHaveLength(1);
  });
});

describe("a guess that must wait", () => {
  it("does not push what happened out of the owner's list", async () => {
    const hub = await open();
    const owner = await new Visitor(hub.app).enter();
    await withTotp(hub, owner);
    const thief = new Visitor(hub.app);
    await signIn(thief, PASSWORD, owner.username);
    for (let guess = 0; guess < 60; guess++) await post(thief, "/api/auth/mfa/verify", { code: "none" });
    await hub.settled();
    const { items } = (await owner.send("GET", "/api/account/events")).json();
    const names: unknown[] = items.map(({ event }: { event: unknown }) => event);
    expect(names).toContain("mfa.enabled");
    expect(names.filter((name) => name === "mfa.code_refused")).toHaveLength(5);
  });
});

describe("a reset link", () => {
  it("tells its token to no server: what is asked for is the page alone", async () => {
    const hub = await open();
    await accountAt(hub);
    const token = await resetLink(hub);
    const link = /https?:\/\/\S+\/reset\S*/.exec(hub.mail.sent.at(-1)?.text ?? "")?.[0] ?? "";
    const { pathname, search, hash } = new URL(link);
    expect([pathname, search, hash]).toEqual(["/reset", "", `#token=${token}`]);
  });

  it("tells five times at most whether a password is one that the account had, however many ask at once", async () => {
    const hub = await open();
    await accountAt(hub);
    const token = await resetLink(hub);
    const answers = await Promise.all(Array.from({ length: 20 }, () => reset(hub, token, PASSWORD)));
    const codes = answers.map((answer): unknown => answer.json().code);
    expect(codes.filter((code) => code === "AEGIS_INPUT_INVALID")).toHaveLength(5);
    expect((await reset(hub, token)).json().code).toBe("AEGIS_RECOVERY_LINK_REFUSED");
  });

  it("is good for the owner who chooses badly more often than that, and then well", async () => {
    const hub = await open();
    await accountAt(hub);
    const token = await resetLink(hub);
    for (let tries = 0; tries < 8; tries++)
      expect((await reset(hub, token, "short")).json().errors[0].reason).toBe("too_short");
    for (let tries = 0; tries < 4; tries++)
      expect((await reset(hub, token, PASSWORD)).json().errors[0].reason).toBe("used_before");
    expect((await reset(hub, token)).statusCode).toBe(200);
  });
});

describe("a changed address", () => {
  const lastTo = async (hub: Hub, email: string) => {
    await hub.settled();
    return hub.mail.sent.filter(({ to }) => to === email).at(-1);
  };
  const move = async (hub: Hub, visitor: Visitor, email: string): Promise<string> => {
    expect((await post(visitor, "/api/account/email", { email })).statusCode).toBe(202);
    return codeIn(await lastTo(hub, email));
  };
  const verify = (visitor: Visitor, email: string, code: string) =>
    visitor.send("POST", "/api/register/verify", { json: { username: visitor.username, email, code } });

  it("is told to the old one, whose links work no more", async () => {
    const hub = await open();
    const ada = await accountAt(hub);
    const token = await resetLink(hub);
    await signIn(ada);
    const code = await move(hub, ada, "new@example.com");
    expect((await verify(ada, "new@example.com", code)).statusCode).toBe(200);
    expect((await lastTo(hub, "owner@example.com"))?.subject).toMatch(/address .* was changed/);
    expect((await reset(hub, token)).statusCode).toBe(400);
  });

  it("that a thief asked for does not outlive the reset that put them out", async () => {
    const hub = await open();
    const ada = await accountAt(hub);
    await signIn(ada);
    const code = await move(hub, ada, "thief@example.com");
    hub.clock.advance(1);
    expect((await reset(hub, await resetLink(hub))).statusCode).toBe(200);
    expect((await verify(ada, "thief@example.com", code)).statusCode).toBe(400);
  });
});

describe("a changed password", () => {
  it("ends the link that was asked for before", async () => {
    const hub = await open();
    const ada = await accountAt(hub);
    const token = await resetLink(hub);
    await signIn(ada);
    const change = { current_password: PASSWORD, new_password: OTHER_PASSWORD };
    expect((await post(ada, "/api/auth/password/change", change)).statusCode).toBe(200);
    expect((await reset(hub, token, "Thimble orchard, 9 kites")).statusCode).toBe(400);
  });
});

describe("a reset password", () => {
  it("ends the wait of the browser that its owner always uses", async () => {
    const hub = await open({ preset: "platform" });
    const ada = await accountAt(hub);
    expect((await signIn(ada)).statusCode).toBe(200);
    ada.cookies.delete("session");
    for (let failure = 0; failure < 5; failure++) await signIn(ada, "not the right one");
    expect((await signIn(ada)).statusCode).toBe(401);
    expect((await reset(hub, await resetLink(hub))).statusCode).toBe(200);
    expect((await signIn(ada, OTHER_PASSWORD)).statusCode).toBe(200);
  });

  it("takes their lanes from browsers that knew the old one", async () => {
    const hub = await open();
    const ada = await accountAt(hub);
    const thief = new Visitor(hub.app);
    expect((await signIn(thief, PASSWORD, ada.username)).statusCode).toBe(200);
    expect((await reset(hub, await resetLink(hub))).statusCode).toBe(200);
    for (let failure = 0; failure < 5; failure++)
      await signIn(new Visitor(hub.app), "not the right one", ada.username);
    thief.cookies.delete("session");
    expect((await signIn(thief, OTHER_PASSWORD, ada.username)).statusCode).toBe(401);
  });
});

describe("a second factor", () => {
  it("is guessed at no oftener for all the passwords that its thief resets, until an administrator helps", async () => {
    const hub = await open({ throttle: { attemptLimit: 5, freeAttemptCount: 4 } });
    const ada = await accountAt(hub);
    await signIn(ada);
    const secret = await withTotp(hub, ada);
    const admin = new Visitor(hub.app);
    await hub.app.aegis.createAccount({
      username: admin.username,
      password: PASSWORD,
      roles: ["admin"],
    });
    const refusals = () => hub.events.filter(({ event }) => event === "mfa.code_refused").length;
    const half = async (password: string): Promise<Visitor> => {
      const visitor = new Visitor(hub.app);
      expect((await signIn(visitor, password, ada.username)).json().step).toBe("second_factor");
      return visitor;
    };
    const prove = async (visitor: Visitor) =>
      (await post(visitor, "/api/auth/mfa/verify", { code: totpCode(secret, hub.clock.now()) })).statusCode;
    let password = PASSWORD;
    for (let round = 0; round < 3; round++) {
      const thief = await half(password);
      for (let guess = 0; guess < 8; guess++) await post(thief, "/api/auth/mfa/verify", { code: "none" });
      password = `Violet harbour ${round}, 9 spoons`;
      expect((await reset(hub, await resetLink(hub), password)).statusCode).toBe(200);
      hub.clock.advance(61);
    }
    expect(refusals()).toBe(5);
    expect(await prove(await half(password))).toBe(401);
    await signIn(admin);
    await withTotp(hub, admin);
    const { items } = (await admin.send("GET", `/api/admin/users?q=${ada.username}`)).json();
    expect((await post(admin, `/api/admin/users/${items[0].id}/unlock`)).statusCode).toBe(200);
    expect(await prove(await half(password))).toBe(200);
  });
});

describe("a sign-in that is under way", () => {
  /** Lets something happen after the account was read and before its session is made. */
  async function during(act: (hub: Hub, stores: AegisStores, id: string) => Promise<void>) {
    const stores = roomyStores();
    const hub = await open({}, stores);
    const ada = new Visitor(hub.app);
    const { id } = await hub.app.aegis.createAccount({
      username: ada.username,
      password: PASSWORD,
      roles: ["user"],
    });
    const find = stores.accounts.findByLogin.bind(stores.accounts);
    stores.accounts.findByLogin = async (login) => {
      const found = await find(login);
      await act(hub, stores, id);
      return found;
    };
    const answer = await signIn(ada);
    return [
      answer.statusCode,
      ada.cookies.has("session"),
      (await ada.send("GET", "/api/profile")).statusCode,
    ];
  }

  it("ends when the account is suspended meanwhile", async () => {
    const result = await during(async (hub, { accounts, sessions }, id) => {
      await accounts.mark(id, { disabledAt: hub.clock.now() });
      await sessions.revokeAll(id, "locked");
    });
    expect(result).toEqual([401, false, 401]);
  });

  it("ends when the password is changed meanwhile", async () => {
    const result = await during(async (hub, { accounts, sessions }, id) => {
      const from = (await accounts.findById(id))?.passwordHash ?? "";
      hub.clock.advance(1);
      const to = { hash: "another", changedAt: hub.clock.now(), needsMfa: false, keepHistory: 0 };
      expect(await accounts.changePassword(id, from, to)).toBe(true);
      await sessions.revokeAll(id, "password_changed");
    });
    expect(result).toEqual([401, false, 401]);
  });
});

describe("a code for an address that two accounts claim", () => {
  const email = "claimed@example.com";
  const claim = async (hub: Hub): Promise<Visitor> => {
    const visitor = new Visitor(hub.app);
    const { username } = visitor;
    await visitor.send("POST", "/api/register", { json: { username, email, password: PASSWORD } });
    return visitor;
  };
  const codes = async (hub: Hub): Promise<string[]> => {
    await hub.settled();
    return hub.mail.sent.filter(({ to }) => to === email).map((letter) => codeIn(letter));
  };
  const verify = async (hub: Hub, { username }: Visitor, code: string) =>
    (await new Visitor(hub.app).send("POST", "/api/register/verify", { json: { username, email, code } }))
      .statusCode;
  const resend = (hub: Hub, { username }: Visitor) =>
    new Visitor(hub.app).send("POST", "/api/register/resend", { json: { username, email } });

  it("is worth nothing for the other: the address stays with whoever reads its mail", async () => {
    const hub = await open();
    const victim = await claim(hub);
    await codes(hub);
    hub.clock.advance(60);
    const attacker = await claim(hub);
    const [own = "", other = ""] = await codes(hub);
    expect(await verify(hub, victim, other)).toBe(400);
    expect((await signIn(attacker)).json().user.email_verified).toBe(false);
    expect(await verify(hub, victim, own)).toBe(200);
    expect((await signIn(victim)).json().user.email_verified).toBe(true);
  });

  it("keeps its tries when somebody guesses at the other's", async () => {
    const hub = await open();
    const victim = await claim(hub);
    const [own = ""] = await codes(hub);
    const attacker = new Visitor(hub.app);
    for (let guess = 0; guess < 6; guess++) expect(await verify(hub, attacker, "wrong")).toBe(400);
    expect(await verify(hub, victim, own)).toBe(200);
  });

  it("is sent to an address that strangers have used up the letters of, and again the next day", async () => {
    const hub = await open();
    for (let account = 0; account < 10; account++) {
      await claim(hub);
      await hub.settled();
      hub.clock.advance(60);
    }
    expect(await codes(hub)).toHaveLength(10);
    const victim = await claim(hub);
    const sent = await codes(hub);
    expect(sent).toHaveLength(11);
    expect(await verify(hub, victim, sent.at(-1) ?? "")).toBe(200);
  });

  it("is one of few letters, however many accounts are registered with the address", async () => {
    const hub = await open();
    for (let account = 0; account < 100; account++) await claim(hub);
    // The first of the ten that may come in a day at a minute's distance, and what the lot gives: about
    // 20 + 20 ln(100 / 20) of the hundred, who came one after the other.
    expect((await codes(hub)).length).toBeLessThan(80);
  });

  it("is sent again to nobody's other address, and answered in the same words whoever is named", async () => {
    const hub = await open();
    const victim = await claim(hub);
    await codes(hub);
    hub.clock.advance(60);
    const answers = [await resend(hub, new Visitor(hub.app)), await resend(hub, await accountAt(hub))];
    expect(await codes(hub)).toHaveLength(1);
    answers.push(await resend(hub, victim));
    expect(await codes(hub)).toHaveLength(2);
    expect(new Set(answers.map(({ statusCode, body }) => `${statusCode} ${body}`)).size).toBe(1);
  });
});

describe("a stranger's mailbox", () => {
  const victim = "victim@example.com";
  const sentTo = async (hub: Hub) => {
    await hub.settled();
    return hub.mail.sent.filter(({ to }) => to === victim).length;
  };

  it("is sent a code and nothing else by an account that only claims it", async () => {
    const hub = await open();
    const visitor = new Visitor(hub.app);
    const { username } = visitor;
    await visitor.send("POST", "/api/register", { json: { username, email: victim, password: PASSWORD } });
    for (let times = 0; times < 5; times++) {
      visitor.cookies.clear(); // a new device each time
      expect((await signIn(visitor)).statusCode).toBe(200);
    }
    expect(await sentTo(hub)).toBe(1);
  });

  it("is told once a minute at most that somebody else tried to take its address", async () => {
    const hub = await open();
    await accountAt(hub, victim);
    const visitor = await new Visitor(hub.app).enter();
    for (let times = 0; times < 5; times++)
      expect((await post(visitor, "/api/account/email", { email: victim })).statusCode).toBe(202);
    for (let times = 0; times < 5; times++) {
      const { username } = new Visitor(hub.app);
      await visitor.send("POST", "/api/register", { json: { username, email: victim, password: PASSWORD } });
    }
    expect(await sentTo(hub)).toBe(1);
    hub.clock.advance(60);
    await post(visitor, "/api/account/email", { email: victim });
    expect(await sentTo(hub)).toBe(2);
  });
});

describe("a session", () => {
  it("has codes mailed to ten addresses a day at most, and to more on the next", async () => {
    const hub = await open();
    const visitor = await new Visitor(hub.app).enter();
    const ask = (place: number) => post(visitor, "/api/account/email", { email: `s${place}@example.com` });
    const answers = await Promise.all(Array.from({ length: 20 }, (_, place) => ask(place)));
    expect(answers.filter(({ statusCode }) => statusCode === 202)).toHaveLength(10);
    expect((await ask(20)).json().code).toBe("AEGIS_ACCOUNT_CODES_SPENT");
    await hub.settled();
    expect(hub.mail.sent).toHaveLength(10);
    hub.clock.advance(24 * 3600);
    await signIn(visitor);
    expect((await ask(21)).statusCode).toBe(202);
  });
});

describe("an account that is due for deletion", () => {
  it("is gone by every way in: no passkey takes it back, and no link is sent", async () => {
    const stores = roomyStores();
    const hub = await open({}, stores);
    const ada = await accountAt(hub);
    const id = (await stores.accounts.findByLogin(ada.username))?.id ?? "";
    const passkey = softPasskey(id);
    await stores.passkeys.add(passkey.record);
    const enter = async () => {
      const { challenge } = (
        await ada.send("POST", "/api/auth/passkeys/sign-in/options", { json: {} })
      ).json();
      const response = passkey.answer(String(challenge), "http://localhost:80");
      return (await ada.send("POST", "/api/auth/passkeys/sign-in/verify", { json: { response } })).statusCode;
    };
    expect(await enter()).toBe(200);
    await stores.accounts.mark(id, { deleteAfter: hub.clock.now() });
    expect(await enter()).toBe(401);
    const before = hub.mail.sent.length;
    await ada.send("POST", "/api/auth/password/forgot", { json: { email: "owner@example.com" } });
    await hub.settled();
    expect(hub.mail.sent).toHaveLength(before);
  });
});
