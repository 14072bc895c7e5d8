/**
 * Twenty clients with one code at the same moment, over sockets, to two hubs that share a PostgreSQL: exactly one is
 * let in. And a thousand addresses that guess at one account, while its owner signs in.
 */
import { randomUUID } from "node:crypto";
import { definePolicy, type PolicyInput } from "aegis";
import type { AuditEvent } from "aegis/fastify";
import { memoryTransport } from "aegis/mail";
import { aegisMigrations, migrate, postgresStores } from "aegis/stores/postgres";
import { manualClock } from "aegis/testing";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { roomyLimits } from "./support/roomy-limits.ts";
import { totpCode } from "./support/authenticator.ts";
import { PASSWORD } from "./support/browser-like.ts";
import { cheapHash, startHub } from "./support/hub.ts";
import { codeIn, linkIn } from "./support/letters.ts";
import { startPostgres, type TestPostgres } from "./support/postgres.ts";
import { type RemoteAnswer, RemoteVisitor, textIn, textsIn } from "./support/remote-visitor.ts";

const ROUNDS = 100;
const CLIENTS = 20;

let server: TestPostgres;
let pools: readonly pg.Pool[] = [];
beforeAll(async () => {
  server = await startPostgres();
  pools = [0, 1].map(() => new pg.Pool({ connectionString: server.url, max: 20 }));
  for (const pool of pools) await migrate(pool, [aegisMigrations]);
});
afterAll(async () => {
  for (const pool of pools) await pool.end();
  await server?.close();
});

/** Two hubs on one database, one clock and one post office. */
async function openHubs(input: PolicyInput) {
  const policy = definePolicy({
    environment: "test",
    ...input,
    account: { emailVerification: "optional", usernameMinLength: 1 },
    session: { concurrentLimit: 100 },
    password: { minLength: 12, argon2: cheapHash, hashing: { concurrency: 2, queueLimit: 1000 } },
  });
  const [clock, mail] = [manualClock(), memoryTransport()];
  const events: AuditEvent[] = [];
  const looked: string[] = [];
  const hubs = await Promise.all(
    pools.map((pool) =>
      startHub(policy, {
        ...postgresStores(pool),
        limits: roomyLimits(),
        clock,
        mail,
        audit: { write: (event) => void events.push(event) },
        breaches: { count: async (password) => (looked.push(password), { checked: true, count: 0 }) },
      }),
    ),
  );
  const visitor = (place = 0) => new RemoteVisitor(hubs[place % hubs.length]?.origin ?? "");
  const createAccount = async (email?: string) => {
    const username = `u${randomUUID().slice(0, 12)}`;
    const account = {
      username,
      password: PASSWORD,
      roles: ["user"],
      ...(email === undefined ? {} : { email }),
    };
    await hubs[0]?.app.aegis.createAccount(account);
    return username;
  };
  return {
    clock,
    events,
    looked,
    visitor,
    createAccount,
    /** Twenty visitors, every other one of the other hub. */
    crowd: () => Array.from({ length: CLIENTS }, (_, place) => visitor(place)),
    lastMail: async (to: string) => {
      for (const hub of hubs) await hub.settled();
      return mail.sent.filter((one) => one.to === to).at(-1);
    },
    settled: () => Promise.all(hubs.map((hub) => hub.settled())),
    close: () => Promise.all(hubs.map((hub) => hub.close())),
  };
}

/** How the twenty were answered: the statuses and codes, each with its number. */
function tally(answers: readonly RemoteAnswer[]): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const { status, body } of answers) {
    const key = status === 200 ? "200" : `${status} ${String(body["code"])}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return Object.fromEntries(counts);
}

const row = async (statement: string, values: unknown[] = []): Promise<Readonly<Record<string, unknown>>> => {
  const result: pg.QueryResult<Record<string, unknown>> | undefined = await pools[0]?.query(
    statement,
    values,
  );
  return result?.rows[0] ?? {};
};

type Hubs = Awaited<ReturnType<typeof openHubs>>;
let hubs: Hubs;
afterEach(async () => {
  await hubs?.close();
});

describe("of twenty clients with one code at the same moment exactly one is let in, a hundred times:", () => {
  // The waits after failures would stop most of the twenty. They are kept out of it, and each round proves that they
  // were, so that it is the code itself that works once.
  beforeEach(async () => {
    hubs = await openHubs({
      throttle: { freeAttemptCount: 20, attemptLimit: 100 },
      mfa: { unfinishedSeconds: 3600, backupCodeCount: 20 },
      recovery: { linkSeconds: 86_400 },
    });
  });
  const forgetFailures = () => row("delete from aegis_throttle");
  const nobodyWaited = async (): Promise<void> =>
    expect(
      await row("select count(*)::int as waiting from aegis_throttle where next_at > $1", [
        new Date(hubs.clock.now()),
      ]),
    ).toEqual({ waiting: 0 });

  /** An account with an authenticator; its owner is signed in. */
  async function guarded() {
    const username = await hubs.createAccount();
    const owner = hubs.visitor();
    await owner.signIn(username, PASSWORD);
    const secret = textIn((await owner.post("/api/auth/mfa/setup")).body, "secret");
    const code = totpCode(secret, hubs.clock.now());
    const { body } = await owner.post("/api/auth/mfa/verify-setup", { code });
    return { username, secret, codes: textsIn(body, "backup_codes") };
  }

  /** Each client has a half-finished sign-in of its own, and sends the same. */
  async function race(clients: readonly RemoteVisitor[], username: string, json: unknown): Promise<void> {
    await forgetFailures();
    const tokens = await Promise.all(
      clients.map(async (client) => {
        if (!client.cookies.has("session"))
          expect((await client.signIn(username, PASSWORD)).body["step"]).toBe("second_factor");
        return textIn((await client.send("GET", "/csrf-token")).body, "csrf_token");
      }),
    );
    const answers = await Promise.all(
      clients.map((client, place) =>
        client.send("POST", "/api/auth/mfa/verify", json, { "x-csrftoken": tokens[place] ?? "" }),
      ),
    );
    expect(tally(answers)).toEqual({ "200": 1, "401 AEGIS_MFA_CODE_REFUSED": CLIENTS - 1 });
    const winner = clients[answers.findIndex(({ status }) => status === 200)];
    expect((await winner?.send("GET", "/api/profile"))?.status).toBe(200);
    winner?.cookies.clear();
    await nobodyWaited();
  }

  it("a code of an authenticator", { timeout: 120_000 }, async () => {
    const { username, secret } = await guarded();
    const clients = hubs.crowd();
    for (let round = 0; round < ROUNDS; round++) {
      hubs.clock.advance(30);
      await race(clients, username, { code: totpCode(secret, hubs.clock.now()) });
    }
  });

  it("a backup code", { timeout: 120_000 }, async () => {
    for (let round = 0; round < ROUNDS;) {
      const { username, codes } = await guarded();
      const clients = hubs.crowd();
      for (const code of codes) {
        await race(clients, username, { backup_code: code });
        round += 1;
      }
      const unused = `select count(*)::int as unused from aegis_backup_codes c join aegis_accounts a
        on a.id = c.account_id where a.username = $1 and c.used_at is null`;
      expect(await row(unused, [username])).toEqual({ unused: 0 });
    }
  });

  it("a code for an address", { timeout: 120_000 }, async () => {
    const clients = hubs.crowd();
    for (let round = 0; round < ROUNDS; round++) {
      const visitor = hubs.visitor(round);
      const email = `${visitor.username}@example.com`;
      const { username } = visitor;
      await visitor.send("POST", "/api/register", { username, email, password: PASSWORD });
      const code = codeIn(await hubs.lastMail(email));
      const answers = await Promise.all(
        clients.map((client) => client.send("POST", "/api/register/verify", { username, email, code })),
      );
      expect(tally(answers)).toEqual({ "200": 1, "400 AEGIS_ACCOUNT_CODE_REFUSED": CLIENTS - 1 });
      // Four of five attempts are left: the others were not counted as wrong, they found nothing to redeem.
      expect(
        await row(
          `select consumed, attempts_left from aegis_one_time
            where purpose = 'verify-email' and data->>'email' = $1`,
          [email],
        ),
      ).toEqual({ consumed: true, attempts_left: 4 });
    }
  });

  it("a link to a new password, and only the winner's password signs in", { timeout: 120_000 }, async () => {
    const clients = hubs.crowd();
    for (let round = 0; round < ROUNDS; round++) {
      const email = `reset-${randomUUID()}@example.com`;
      const username = await hubs.createAccount(email);
      await hubs.visitor(round).send("POST", "/api/auth/password/forgot", { email });
      const token = linkIn(await hubs.lastMail(email));
      const passwordOf = (place: number) => `Violet of client ${place}, round ${round}`;
      const answers = await Promise.all(
        clients.map((client, place) =>
          client.send("POST", "/api/auth/password/reset", { token, new_password: passwordOf(place) }),
        ),
      );
      expect(tally(answers)).toEqual({ "200": 1, "400 AEGIS_RECOVERY_LINK_REFUSED": CLIENTS - 1 });
      const winner = answers.findIndex(({ status }) => status === 200);
      const signIn = (password: string) => hubs.visitor(round).signIn(username, password);
      expect((await signIn(passwordOf(winner))).status).toBe(200);
      expect((await signIn(passwordOf((winner + 1) % CLIENTS))).status).toBe(401);
    }
  });
});

describe("a thousand addresses that guess at one account", () => {
  it("compare no more passwords than the limit, and do not lock the owner out of a known device", async () => {
    hubs = await openHubs({
      throttle: { attemptLimit: 10 },
      transport: { trustedProxies: ["127.0.0.1"] },
    });
    const username = await hubs.createAccount();
    const owner = hubs.visitor();
    expect((await owner.signIn(username, PASSWORD)).status).toBe(200);
    const guess = (place: number, password: string) =>
      hubs
        .visitor(place)
        .send(
          "POST",
          "/api/login",
          { username, password },
          { "x-forwarded-for": `10.${place >> 8}.${place & 255}.7`, "x-forwarded-proto": "https" },
        );
    const compared = () => hubs.events.filter(({ facts }) => facts?.["because"] === "wrong_password");
    const counts: number[] = [];
    for (let wave = 0; wave < 10; wave++) {
      const guesses = Array.from({ length: 100 }, (_, place) => guess(wave * 100 + place, `guess ${place}`));
      const [entered, ...answers] = await Promise.all([owner.signIn(username, PASSWORD), ...guesses]);
      expect(entered.status).toBe(200);
      expect(tally(answers)).toEqual({ "401 AEGIS_SIGN_IN_FAILED": 100 });
      counts.push(compared().length);
      hubs.clock.advance(15 * 60); // no wait but the last is longer
    }
    // Five at once, then one per wait, then none until a reset or an administrator.
    expect(counts).toEqual([5, 6, 7, 8, 9, 10, 10, 10, 10, 10]);
    expect((await guess(1000, PASSWORD)).status).toBe(401);
    expect((await owner.signIn(username, PASSWORD)).status).toBe(200);
    const delayed = hubs.events.filter(({ event }) => event === "throttle.delayed");
    expect(delayed).toHaveLength(991);
    expect(new Set([...compared(), ...delayed].map(({ ip }) => ip)).size).toBe(1001);
  });
});

describe("a strange password", () => {
  beforeEach(async () => {
    hubs = await openHubs({ breach: { source: "online" } });
  });
  const register = async (password: string) => {
    const visitor = hubs.visitor();
    const { username } = visitor;
    return { username, answer: await visitor.send("POST", "/api/register", { username, password }) };
  };
  const signsIn = async (username: string, password: string) =>
    (await hubs.visitor(1).signIn(username, password)).status;

  it("signs in however its letters are put together, and only with the same letters", async () => {
    const { username, answer } = await register("Ärger ﬁndet Ⅳ Straße ①²③ Å");
    expect(answer.status).toBe(201);
    for (const spelling of [
      "Ärger ﬁndet Ⅳ Straße ①²③ Å",
      "A\u0308rger findet IV Stra\u00DFe 123 A\u030A",
      "Ärger\u00A0ﬁndet\u2003IV Straße １２３ \u212B",
    ])
      expect([spelling, await signsIn(username, spelling)]).toEqual([spelling, 200]);
    for (const other of ["Ärger findet IV Strasse 123 Å", "ärger findet iv straße 123 å", "Arger findet IV"])
      expect([other, await signsIn(username, other)]).toEqual([other, 401]);
  });

  it("of other scripts and signs counts every one of them once", async () => {
    for (const password of [
      "Ω🛳🛰🪐🧂🪿🫎🪼🫚🫛🪭🪮",
      "правильная лошадь батарея",
      "正确的马电池订书钉海港紫罗兰",
    ]) {
      const { username, answer } = await register(password);
      expect([password, answer.status]).toEqual([password, 201]);
      expect(await signsIn(username, password)).toBe(200);
    }
    const { answer } = await register("Ω🛳🛰🪐🧂🪿🫎🪼🫚🫛🪭"); // eleven; twenty-one in UTF-16
    expect(answer.body["errors"]).toEqual([expect.objectContaining({ reason: "too_short" })]);
  });

  it("keeps the space before and after it, which counts", async () => {
    const { username, answer } = await register("  eleven of 12 ");
    expect(answer.status).toBe(201);
    expect(await signsIn(username, "  eleven of 12 ")).toBe(200);
    for (const trimmed of ["eleven of 12", " eleven of 12 ", "  eleven of 12"])
      expect([trimmed, await signsIn(username, trimmed)]).toEqual([trimmed, 401]);
    expect((await register("   10 of it   ")).answer.status).toBe(201); // fourteen with its spaces, eight without
  });

  it("that is too long is refused for that alone, and goes nowhere", async () => {
    for (const password of ["x".repeat(4096), "Ab1! ".repeat(819), "ﷺ".repeat(4096), "x".repeat(129)]) {
      const { answer } = await register(password);
      expect(answer.body["errors"]).toEqual([
        { field: "password", reason: "too_long", message: "At most 128 characters." },
      ]);
    }
    const { answer } = await register("x".repeat(4097));
    expect([answer.status, answer.body["errors"]]).toEqual([
      400,
      [expect.objectContaining({ field: "password", reason: "too_long" })],
    ]);
    expect(hubs.looked).toEqual([]);
    const username = await hubs.createAccount();
    expect(await signsIn(username, `${PASSWORD}${"x".repeat(4000)}`)).toBe(401);
  });

  it("with a character that nobody can type again is refused, the end of a C string above all", async () => {
    for (const sign of ["\u0007", "\u001B", "\u007F", "\u0085", "\n", "\t"]) {
      const { answer } = await register(`Harbour violet${sign}11 spoons`);
      expect([sign, answer.body["errors"]]).toEqual([
        sign,
        [expect.objectContaining({ reason: "not_text" })],
      ]);
    }
    for (const sign of ["\0", "\uD800"]) {
      const { username, answer } = await register(`${PASSWORD}${sign}`);
      expect([sign, answer.status >= 400 && answer.status < 500]).toEqual([sign, true]);
      expect(await signsIn(username, PASSWORD)).toBe(401);
      const owner = await hubs.createAccount();
      expect(await signsIn(owner, `${PASSWORD}${sign}`)).not.toBe(200);
      expect(await signsIn(owner, PASSWORD)).toBe(200);
    }
    expect(hubs.looked).toEqual([]);
  });
});
