/**
 * What was made under one SECRET_KEY, and is used under the next, in one running application: nothing is lost while the
 * key before is kept, and everything of it is void when that goes.
 */
import { definePolicy, encryptedColumn, newKeyRing, rotateKeyRing, systemRandom } from "aegis";
import { cursors } from "aegis/paging";
import { liveSecretKeys, openSecrets, type SecretSource } from "aegis/secrets";
import { manualClock } from "aegis/testing";
import { afterEach, describe, expect, it } from "vitest";
import { dataKeysOf, tokenKeysOf } from "../apps/hub/server/secrets.ts";
import { hubSettings } from "../apps/hub/server/settings.ts";
import { totpCode } from "./support/authenticator.ts";
import { PASSWORD, Visitor } from "./support/browser-like.ts";
import { cheapHash, startHub } from "./support/hub.ts";
import { codeIn, linkIn } from "./support/letters.ts";
import { issue, post, program } from "./support/tokens.ts";

type Hub = Awaited<ReturnType<typeof startHub>>;
const hubs: Hub[] = [];
afterEach(async () => {
  for (const hub of hubs.splice(0)) await hub.close();
});

const CACHE_SECONDS = 60;
const needs = hubSettings.flatMap(({ name, secret }) => (secret === undefined ? [] : [{ name, ...secret }]));

/** A hub whose secrets come from a source that the test changes. */
async function open() {
  const values: Record<string, string> = {
    SECRET_KEY: systemRandom.token(32),
    TOKEN_KEYS: JSON.stringify(newKeyRing("EdDSA", 0)),
  };
  const source: SecretSource = {
    kind: "environment",
    where: "the test",
    read: async (names) => new Map(Object.entries(values).filter(([name]) => names.includes(name))),
  };
  const policy = definePolicy({
    environment: "test",
    account: { emailVerification: "optional" },
    password: { argon2: cheapHash, minLength: 12 },
    token: { enabled: true, userAgentBinding: "strict", networkBinding: "strict" },
    secret: { cacheSeconds: CACHE_SECONDS },
  });
  const clock = manualClock();
  const secrets = await openSecrets({ policy, needs, sources: [source], clock });
  const secretKey = liveSecretKeys(secrets, { environment: "test" });
  const tokenKeys = tokenKeysOf(secrets);
  if (tokenKeys === undefined) throw new Error("no ring");
  const hub = await startHub(policy, { secretKey, tokenKeys, clock });
  hubs.push(hub);
  const change = async (changed: Record<string, string>) => {
    Object.assign(values, changed);
    await secrets.refresh();
    for (const [name, value] of Object.entries(changed)) expect(secrets.get(name)).toBe(value);
  };
  return {
    hub: { ...hub, clock },
    secrets,
    secretKey,
    values,
    change,
    rotate: () =>
      change({ SECRET_KEY: systemRandom.token(32), SECRET_KEY_PREVIOUS: values["SECRET_KEY"] ?? "" }),
    forget: () => change({ SECRET_KEY_PREVIOUS: systemRandom.token(32) }),
  };
}

const signIn = (visitor: Visitor, username = visitor.username) =>
  visitor.send("POST", "/api/login", { json: { username, password: PASSWORD } });
/** A program that is bound to the name that it was issued under. */
const asIssued = (hub: Parameters<typeof program>[0]) => program(hub, "lightMyRequest");
const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];

describe("what was made under the key before", () => {
  // Just read, and in use: every process goes through both.
  it.each([0, CACHE_SECONDS])(
    "holds %d seconds after the rotation: codes, links, factors, tokens",
    async (after) => {
      const { hub, rotate, forget } = await open();
      const sent = async (to: string) => {
        await hub.settled();
        return hub.mail.sent.filter((one) => one.to === to).at(-1);
      };
      const visitors = await Promise.all(
        [0, 1].map(async () => {
          const visitor = new Visitor(hub.app);
          const email = `${visitor.username}@example.com`;
          const json = { username: visitor.username, email, password: PASSWORD };
          expect((await visitor.send("POST", "/api/register", { json })).statusCode).toBe(201);
          return { visitor, email, code: codeIn(await sent(email)) };
        }),
      );
      const verify = ({ visitor, email }: (typeof visitors)[number], code: string) =>
        new Visitor(hub.app).send("POST", "/api/register/verify", {
          json: { username: visitor.username, email, code },
        });
      const [ada, ben] = visitors;
      if (ada === undefined || ben === undefined) throw new Error("nobody");
      expect((await verify(ada, ada.code)).statusCode).toBe(200);
      await new Visitor(hub.app).send("POST", "/api/auth/password/forgot", { json: { email: ada.email } });
      const link = linkIn(await sent(ada.email));
      await signIn(ben.visitor);
      const token = await ben.visitor.token();
      const { secret } = (await post(ben.visitor, "/api/auth/mfa/setup")).json();
      const factors = await post(ben.visitor, "/api/auth/mfa/verify-setup", {
        code: totpCode(String(secret), hub.clock.now()),
      });
      hub.clock.advance(30); // what was issued before factors changed is void
      const pair = await issue(ben.visitor);
      const [one = "", two = ""] = texts(factors.json().backup_codes);

      await rotate();
      hub.clock.advance(after);

      expect((await ben.visitor.send("GET", "/api/check_session")).statusCode).toBe(200);
      const named = { json: { display_name: "Ben", about_me: "" }, headers: { "x-csrftoken": token } };
      expect((await ben.visitor.send("POST", "/api/profile", named)).statusCode).toBe(200);
      // A wrong code costs one attempt, however many keys there are: of five the fifth is still good.
      for (let tries = 0; tries < 4; tries++)
        expect((await verify(ben, ben.code === "000000" ? "000001" : "000000")).statusCode).toBe(400);
      expect((await verify(ben, ben.code)).statusCode).toBe(200);
      const reset = (order: string) =>
        new Visitor(hub.app).send("POST", "/api/auth/password/reset", {
          json: { token: order, new_password: "Another violet, 12 forks" },
        });
      expect((await reset(link)).statusCode).toBe(200);
      const asked = await asIssued(hub).profile(pair.access);
      expect(asked.statusCode).toBe(200);
      const renewed = await asIssued(hub).refresh(pair.refresh);
      expect(renewed.statusCode).toBe(200);

      hub.clock.advance(30);
      const byBackupCode = new Visitor(hub.app);
      await signIn(byBackupCode, ben.visitor.username);
      expect((await post(byBackupCode, "/api/auth/mfa/verify", { backup_code: one })).statusCode).toBe(200);
      const byApp = new Visitor(hub.app);
      await signIn(byApp, ben.visitor.username);
      const code = totpCode(String(secret), hub.clock.now());
      expect((await post(byApp, "/api/auth/mfa/verify", { code })).statusCode).toBe(200);

      // The key before is gone: what only it could show is shown no more.
      hub.clock.advance(CACHE_SECONDS);
      const late = new Visitor(hub.app);
      await signIn(late, ben.visitor.username);
      await forget();
      hub.clock.advance(CACHE_SECONDS);
      const refused = await post(late, "/api/auth/mfa/verify", { backup_code: two });
      expect(refused.json().code).toBe("AEGIS_MFA_CODE_REFUSED");
      expect((await ben.visitor.send("POST", "/api/profile", named)).statusCode).toBe(400);
      expect((await ben.visitor.send("GET", "/api/check_session")).statusCode).toBe(200);
    },
  );

  it("is read on: columns and cursors, and is made anew under the key of now", async () => {
    const { hub, secrets, secretKey, rotate, forget } = await open();
    const keys = dataKeysOf(secrets, secretKey);
    const column = encryptedColumn({ table: "letters", column: "body" }, keys, systemRandom);
    const marks = cursors(secretKey);
    const position = { direction: "after", key: ["7"] } as const;
    const [sealed, mark] = [column.seal("Wide rivers", { row: "1" }), marks.seal(["letters"], position)];
    await rotate();
    expect([column.open(sealed, { row: "1" }), column.isOld(sealed)]).toEqual(["Wide rivers", false]);
    expect(marks.open(["letters"], mark)).toEqual(position);
    hub.clock.advance(CACHE_SECONDS);
    expect([column.open(sealed, { row: "1" }), column.isOld(sealed)]).toEqual(["Wide rivers", true]);
    const fresh = column.rewrap(sealed, { row: "1" });
    await forget();
    hub.clock.advance(CACHE_SECONDS);
    expect(column.open(fresh, { row: "1" })).toBe("Wide rivers");
    expect(() => column.open(sealed, { row: "1" })).toThrow(/no key of the ring/);
    expect(marks.open(["letters"], mark)).toBeUndefined();
  });
});

describe("a ring of token keys that is replaced", () => {
  it("verifies and is published at once, and signs when every process has it", async () => {
    const { hub, values, change } = await open();
    const ada = await new Visitor(hub.app).enter();
    const before = await issue(ada);
    const published = async () =>
      texts(
        (await ada.send("GET", "/.well-known/jwks.json")).json().keys.map(({ kid }: { kid: string }) => kid),
      );
    const kidOf = (token: string): unknown =>
      JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString()).kid;
    const { ring, active } = rotateKeyRing(JSON.parse(values["TOKEN_KEYS"] ?? ""), {
      algorithm: "EdDSA",
      keepSeconds: 960,
      now: hub.clock.now(),
    });
    await change({ TOKEN_KEYS: JSON.stringify(ring) });
    expect(await published()).toContain(active);
    const between = await issue(ada);
    expect(kidOf(between.access)).toBe(kidOf(before.access));
    hub.clock.advance(CACHE_SECONDS);
    const after = await issue(ada);
    expect(kidOf(after.access)).toBe(active);
    for (const { access } of [before, between, after])
      expect((await asIssued(hub).profile(access)).statusCode).toBe(200);
  });
});
