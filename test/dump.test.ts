/** What a thief of the database holds: a whole run of everything secret, and then every row of every table read. */
import { createHash, hkdfSync, randomBytes } from "node:crypto";
import { definePolicy, newKeyRing } from "aegis";
import { aegisMigrations, migrate, postgresStores } from "aegis/stores/postgres";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { roomyLimits } from "./support/roomy-limits.ts";
import { totpCode } from "./support/authenticator.ts";
import { Visitor } from "./support/browser-like.ts";
import { cheapHash, startHub } from "./support/hub.ts";
import { codeIn, linkIn } from "./support/letters.ts";
import { startPostgres, type TestPostgres } from "./support/postgres.ts";
import { textIn, textsIn } from "./support/remote-visitor.ts";

/** Under each name every form in which one would have to look for it. */
class Secrets {
  readonly forms = new Map<string, readonly string[]>();

  add(name: string, secret: string): void {
    this.#put(name, secret, [secret, ...encodings(Buffer.from(secret))]);
  }

  /** One that a machine goes through in a moment: no fast hash may lie there either. */
  addGuessable(name: string, secret: string): void {
    const hashes = ["md5", "sha1", "sha256", "sha512"].map((method) =>
      createHash(method).update(secret).digest(),
    );
    this.#put(name, secret, [secret, ...[Buffer.from(secret), ...hashes].flatMap(encodings)]);
  }

  addBytes(name: string, bytes: Uint8Array): void {
    this.#put(name, Buffer.from(bytes).toString("hex"), [...encodings(Buffer.from(bytes)), base32(bytes)]);
  }

  #put(name: string, secret: string, forms: readonly string[]): void {
    this.forms.set(`${name} ${createHash("sha256").update(secret).digest("hex").slice(0, 6)}`, forms);
  }
}

const encodings = (bytes: Buffer): string[] => [
  bytes.toString("hex"),
  bytes.toString("base64").replace(/=+$/, ""),
  bytes.toString("base64url"),
];

function base32(bytes: Uint8Array): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  return (bits.match(/.{5}/g) ?? [])
    .map((five) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".charAt(Number.parseInt(five, 2)))
    .join("");
}

function fromBase32(text: string): Uint8Array {
  const bits = [...text]
    .map((sign) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(sign).toString(2).padStart(5, "0"))
    .join("");
  return new Uint8Array((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}

/** Notes every cookie and CSRF token that it is given. */
class NotingVisitor extends Visitor {
  readonly #secrets: Secrets;

  constructor(app: Visitor["app"], secrets: Secrets) {
    super(app);
    this.#secrets = secrets;
  }

  override async send(...request: Parameters<Visitor["send"]>) {
    const answer = await super.send(...request);
    for (const [name, value] of this.cookies) this.#secrets.add(`${name} cookie`, value);
    return answer;
  }

  override async token(): Promise<string> {
    const token = await super.token();
    this.#secrets.add("CSRF token", token);
    return token;
  }

  async post(url: string, json: unknown = {}) {
    const answer = await this.send("POST", url, { json, headers: { "x-csrftoken": await this.token() } });
    expect(answer.statusCode, `${url} ${answer.body}`).toBeLessThan(300);
    return answer;
  }
}

/** Every value of every row of every table, as text; bytes as hex, as base64 and as they are. */
async function everyValue(sql: pg.Pool): Promise<readonly string[]> {
  const tables: pg.QueryResult<{ name: string }> = await sql.query(
    "select quote_ident(table_name) as name from information_schema.tables where table_schema = 'public'",
  );
  const values: string[] = [];
  const collect = (value: unknown): void => {
    if (typeof value === "object" && value !== null)
      for (const [key, inner] of Object.entries(value)) {
        values.push(key);
        collect(inner);
      }
    else if (typeof value === "string" && value.startsWith("\\x")) {
      const bytes = Buffer.from(value.slice(2), "hex");
      values.push(bytes.toString("latin1"), ...encodings(bytes));
    } else if (typeof value === "string" || typeof value === "number") values.push(String(value));
  };
  for (const { name } of tables.rows) {
    const rows: pg.QueryResult<{ row: unknown }> = await sql.query(
      `select to_jsonb(t) as row from ${name} t`,
    );
    for (const { row } of rows.rows) collect(row);
  }
  return values;
}

const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?[+-]\d\d:\d\d$/;

/** The names of the secrets that are there. Six digits occur by chance inside of others, so they must stand alone. */
function found(values: readonly string[], secrets: Secrets): string[] {
  const readable = values.filter((value) => !TIMESTAMP.test(value));
  const all = readable.join("\n").toLowerCase();
  const holds = (form: string): boolean =>
    /^\d{6}$/.test(form) ? new RegExp(`\\b${form}\\b`).test(all) : all.includes(form.toLowerCase());
  return [...secrets.forms].filter(([, forms]) => forms.some(holds)).map(([name]) => name);
}

describe("the database", () => {
  const secrets = new Secrets();
  const secretKey = randomBytes(32);
  const pepper = randomBytes(32);
  let server: TestPostgres;
  let sql: pg.Pool;
  let username = "";
  beforeAll(async () => {
    server = await startPostgres();
    sql = new pg.Pool({ connectionString: server.url, max: 5 });
    await migrate(sql, [aegisMigrations]);
    username = await everythingSecret();
  });
  afterAll(async () => {
    await sql?.end();
    await server?.close();
  });

  async function everythingSecret(): Promise<string> {
    const policy = definePolicy({
      environment: "test",
      account: { emailVerification: "optional" },
      password: { argon2: cheapHash, historyCount: 5 },
      token: { enabled: true },
      apiKey: { enabled: true },
    });
    const tokenKeys = newKeyRing("EdDSA", 0);
    const parts = {
      ...postgresStores(sql),
      limits: roomyLimits(),
      secretKey,
      passwordPeppers: [pepper],
      tokenKeys,
    };
    const hub = await startHub(policy, parts);
    for (const { jwk } of tokenKeys.keys) secrets.add("signing key", jwk.d ?? "");
    secrets.addBytes("secret key", secretKey);
    secrets.addBytes("pepper", pepper);
    for (const purpose of [
      "one-time",
      "csrf",
      "throttle",
      "backup-codes",
      "passkey-challenge",
      "seal/mfa",
      "token-binding",
    ])
      secrets.addBytes(
        `key for ${purpose}`,
        new Uint8Array(hkdfSync("sha256", secretKey, "", `aegis/${purpose}`, 32)),
      );
    const passwords = [
      "Harbour violet, 11 spoons",
      "Another violet, 12 forks",
      "Third violet, 13 knives",
    ] as const;
    for (const password of [...passwords, "Mistyped violet, 14"]) secrets.addGuessable("password", password);

    const ada = new NotingVisitor(hub.app, secrets);
    const email = `${ada.username}@example.com`;
    const mailed = async () => {
      await hub.settled();
      return hub.mail.sent.filter(({ to }) => to === email).at(-1);
    };
    const signIn = async (password: string, step: string) => {
      const json = { username: ada.username, password };
      expect((await ada.send("POST", "/api/login", { json })).json().step).toBe(step);
    };
    await ada.send("POST", "/api/register", {
      json: { username: ada.username, email, password: passwords[0] },
    });
    const verification = codeIn(await mailed());
    secrets.addGuessable("verification code", verification);
    await ada.send("POST", "/api/register/verify", {
      json: { username: ada.username, email, code: verification },
    });
    await ada.send("POST", "/api/login", {
      json: { username: ada.username, password: "Mistyped violet, 14" },
    });
    await signIn(passwords[0], "complete");

    const secret = textIn((await ada.post("/api/auth/mfa/setup")).json(), "secret");
    secrets.add("TOTP secret", secret);
    secrets.addBytes("TOTP secret, bytes", fromBase32(secret));
    const nextCode = (): string => {
      hub.clock.advance(30);
      const code = totpCode(secret, hub.clock.now());
      secrets.addGuessable("TOTP code", code);
      return code;
    };
    const wanted = { name: "Import", scopes: ["profile:read"] };
    const made = (await ada.post("/api/api-keys", wanted)).json();
    const path = `/api/api-keys/${textIn(made, "id")}/rotate`;
    for (const answer of [made, (await ada.post(path, { old_secret: "kept" })).json()]) {
      const key = textIn(answer, "api_key");
      secrets.add("API key", key);
      secrets.add("secret part of an API key", key.slice(20, 63));
      await ada.send("GET", "/api/profile", { headers: { authorization: `Bearer ${key}` } });
    }
    const enabled = await ada.post("/api/auth/mfa/verify-setup", { code: nextCode() });
    const codes = textsIn(enabled.json(), "backup_codes");
    for (const code of codes) {
      secrets.add("backup code", code);
      secrets.add("backup code without dashes", code.replaceAll("-", ""));
    }
    await ada.post("/api/profile", { display_name: "Ada", about_me: "Likes ships." });
    await ada.post("/api/auth/confirm", { code: nextCode() });
    await ada.post("/api/auth/password/change", {
      current_password: passwords[0],
      new_password: passwords[1],
    });
    await ada.post("/api/logout");

    await signIn(passwords[1], "second_factor");
    await ada.post("/api/auth/mfa/verify", { code: nextCode() });
    await ada.post("/api/logout");
    await signIn(passwords[1], "second_factor");
    await ada.post("/api/auth/mfa/verify", { backup_code: codes[0] });

    await ada.send("POST", "/api/auth/password/forgot", { json: { email } });
    const token = linkIn(await mailed());
    secrets.add("reset token", token);
    await ada.send("POST", "/api/auth/password/reset", { json: { token, new_password: passwords[2] } });
    hub.clock.advance(61);
    await ada.send("POST", "/api/auth/password/forgot", { json: { email } });
    secrets.add("reset token", linkIn(await mailed())); // one that still works
    await signIn(passwords[2], "second_factor");
    await ada.post("/api/auth/mfa/verify", { code: nextCode() });

    hub.clock.advance(61);
    await ada.post("/api/account/email", { email: `new-${email}` });
    let pair = (await ada.post("/api/auth/token", { client: "Phone" })).json();
    for (let turn = 0; turn < 2; turn++) {
      secrets.add("access token", textIn(pair, "access_token"));
      secrets.add("refresh token", textIn(pair, "refresh_token")); // the last one still works
      if (turn === 0)
        pair = (await ada.post("/api/auth/refresh", { refresh_token: textIn(pair, "refresh_token") })).json();
    }
    await hub.settled();
    const change = codeIn(hub.mail.sent.find(({ to }) => to === `new-${email}`));
    secrets.addGuessable("verification code", change); // one that still works
    for (const url of ["/api/profile", "/api/sessions", "/api/check_session", "/api/auth/mfa/status"])
      expect([url, (await ada.send("GET", url)).statusCode]).toEqual([url, 200]);
    await hub.close();
    return ada.username;
  }

  it("holds what was kept, in every table that the run touched", async () => {
    expect(await everyValue(sql)).toEqual(
      expect.arrayContaining([username, "Likes ships.", "password.reset"]),
    );
    for (const table of [
      "sessions",
      "devices",
      "totp",
      "backup_codes",
      "one_time",
      "password_history",
      "refresh_tokens",
    ])
      expect([table, (await sql.query(`select 1 from aegis_${table}`)).rowCount]).toEqual([
        table,
        expect.toSatisfy((count: number) => count > 0),
      ]);
  });

  it("holds no secret, in no form in which one would be of use", async () => {
    const names = [...secrets.forms.keys()].map((name) => name.replace(/ [0-9a-f]{6}$/, ""));
    for (const kind of [
      "password",
      "session cookie",
      "device cookie",
      "CSRF token",
      "reset token",
      "refresh token",
      "TOTP code",
    ])
      expect(names).toContain(kind);
    expect(found(await everyValue(sql), secrets)).toEqual([]);
  });

  it("would be found out if it held one, wherever it lay", { timeout: 120_000 }, async () => {
    const { rows }: pg.QueryResult<{ id: string }> = await sql.query(
      "select id from aegis_accounts where username = $1",
      [username],
    );
    const account = rows[0]?.id;
    const places: readonly (readonly [statement: string, isBytes: boolean])[] = [
      ["update aegis_accounts set about_me = 'kept: ' || $1::text where id = $2", false],
      [
        `insert into aegis_one_time
           (purpose, subject, secret_hash, data, created_at, expires_at, attempts_left, counted_since)
         values ('planted', $2::text, '', jsonb_build_object('deep', jsonb_build_array($1::text)), now(), now(), 1, now())
         on conflict (purpose, subject) do update set data = excluded.data`,
        false,
      ],
      ["update aegis_sessions set methods = array['password', $1::text] where user_id = $2::text", false],
      [
        `insert into aegis_passkeys
           (id, account_id, credential_id, public_key, counter, transports, name, backed_up, created_at)
         values (gen_random_uuid(), $2::uuid, 'planted', $1::bytea, 0, '{}', '', false, now())
         on conflict (credential_id) do update set public_key = excluded.public_key`,
        true,
      ],
    ];
    for (const [statement, isBytes] of places) {
      const missed: string[] = [];
      for (const [name, [first = ""]] of secrets.forms) {
        await sql.query(statement, [isBytes ? Buffer.from(first) : first, account]);
        if (!found(await everyValue(sql), secrets).includes(name)) missed.push(name);
      }
      expect(missed).toEqual([]);
      await sql.query(statement, [isBytes ? Buffer.alloc(0) : "", account]);
      expect(found(await everyValue(sql), secrets)).toEqual([]);
    }
  });
});
