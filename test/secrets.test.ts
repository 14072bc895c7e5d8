/** Secrets of a production server while it runs: rotated under load, signalled, and looked for in every line that it wrote. */
import { createHmac, hkdfSync } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { type IncomingHttpHeaders, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newDataKeyRing, newKeyRing, parseDataKeyRing, systemRandom } from "aegis";
import pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "./support/ports.ts";
import { startPostgres, type TestPostgres } from "./support/postgres.ts";
import { type Running, run } from "./support/processes.ts";
import { startRedis, type TestRedis } from "./support/redis.ts";
import { startVaultStandIn } from "./support/vault-stand-in.ts";

const PASSWORD = "Harbour violet, 11 spoons";
const CACHE_SECONDS = 5; // the least that the policy takes
const node = process.execPath;
const SERVE = "apps/hub/dist/server/serve.js";

let folder: string;
let postgres: TestPostgres;
let redis: TestRedis;
const running: Running[] = [];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "aegis-secrets-"));
  writeFileSync(join(folder, "policy.json"), JSON.stringify({ secret: { cacheSeconds: CACHE_SECONDS } }));
  [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
});
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop();
});
afterAll(async () => {
  await postgres?.close();
  await redis?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The test's server takes any password of its own machine: what is planted is in every address all the same. */
const withPassword = (url: string, password: string): string => {
  const made = new URL(url);
  made.password = encodeURIComponent(password);
  return made.href;
};

interface Planted {
  readonly values: Readonly<Record<string, string>>;
  /** What must be in no line: the values, and what in them is secret by itself. */
  readonly hidden: readonly string[];
  /** Of these, what processes that serve requests never have, and so could not know again: a stranger who told it knows it. */
  readonly ownersAlone: readonly string[];
}

function plant(server: TestPostgres = postgres): Planted {
  const [databasePassword, ownerPassword, mailPassword] = ["a", "b", "c"].map(
    (mark) => `${mark}/${systemRandom.token(18)}`,
  );
  const dataKeys = newDataKeyRing(systemRandom, 0);
  const auditKeys = newKeyRing("EdDSA", 0);
  const values = {
    SECRET_KEY: systemRandom.token(32),
    PASSWORD_PEPPER: systemRandom.token(32),
    PROBE_KEY: systemRandom.token(32),
    DATABASE_URL: withPassword(server.appUrl, databasePassword ?? ""),
    DATABASE_OWNER_URL: withPassword(server.url, ownerPassword ?? ""),
    REDIS_URL: redis.url,
    SMTP_URL: `smtps://hub:${encodeURIComponent(mailPassword ?? "")}@127.0.0.1:9`,
    DATA_KEYS: JSON.stringify(dataKeys),
    AUDIT_KEYS: JSON.stringify(auditKeys),
  };
  const { REDIS_URL: _open, ...secret } = values; // the test's Redis has no password: nothing in its address is secret
  const ownersAlone = [
    values.DATABASE_OWNER_URL,
    ownerPassword ?? "",
    encodeURIComponent(ownerPassword ?? ""),
  ];
  return {
    values,
    ownersAlone,
    hidden: [
      ...Object.values(secret),
      ...[databasePassword, ownerPassword, mailPassword].flatMap((one = "") => [
        one,
        encodeURIComponent(one),
      ]),
      ...dataKeys.data_keys.map(({ key }) => key),
      ...auditKeys.keys.flatMap(({ jwk }) => (jwk.d === undefined ? [] : [jwk.d])),
    ],
  };
}

async function startServer(env: Record<string, string>) {
  const port = await freePort();
  const server = run(node, [SERVE], {
    NODE_ENV: "production",
    PUBLIC_ORIGIN: "https://hub.example",
    AEGIS_POLICY: join(folder, "policy.json"),
    AEGIS_DIRECTORY: join(folder, "aegis"),
    PORT: String(port),
    ...env,
  });
  running.push(server);
  await server.until(/2 processes/, 60);
  // One that starts while something changes would read what is new, and have nothing to refuse.
  await server.until(/Server listening[^]*Server listening/, 60);
  const ask = (
    path: string,
    {
      json,
      headers = {},
    }: { readonly json?: unknown; readonly headers?: Readonly<Record<string, string>> } = {},
  ) =>
    new Promise<{ status: number; headers: IncomingHttpHeaders; text: string }>((resolve, reject) => {
      const typed = json === undefined ? {} : { "content-type": "application/json" };
      const sent = request(`http://127.0.0.1:${port}${path}`, {
        method: json === undefined ? "GET" : "POST",
        headers: { host: "hub.example", "x-forwarded-proto": "https", ...typed, ...headers },
      });
      sent.on("error", reject);
      sent.on("response", (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (part: string) => (text += part));
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
        );
      });
      sent.end(json === undefined ? undefined : JSON.stringify(json));
    });
  return { server, ask };
}

const count = (text: string, pattern: RegExp): number => [...text.matchAll(pattern)].length;
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** As RFC 5869 and the description of the token say, without the library: which key made it. */
function isMadeWith(secretKey: string, sessionId: string, token: string): boolean {
  const key = Buffer.from(hkdfSync("sha256", Buffer.from(secretKey, "base64url"), "", "aegis/csrf", 32));
  const [salt, mac] = [token.slice(0, 22), token.slice(22)];
  return createHmac("sha256", key).update(`${salt}.${sessionId}`).digest("base64url") === mac;
}

type Ask = Awaited<ReturnType<typeof startServer>>["ask"];

/** Three people who change their name and look at it, again and again, whichever process answers. */
async function startLoad(ask: Ask, probe: Readonly<Record<string, string>>) {
  const people = await Promise.all(
    [0, 1, 2].map(async () => {
      const json = { username: `p${systemRandom.token(9).replaceAll(/[-_]/g, "0")}`, password: PASSWORD };
      expect((await ask("/api/register", { json, headers: probe })).status).toBe(201);
      const login = await ask("/api/login", { json, headers: probe });
      const cookie = (login.headers["set-cookie"] ?? []).map((line) => line.split(";")[0]).join("; ");
      const headers = { ...probe, cookie };
      const token: unknown = JSON.parse((await ask("/csrf-token", { headers })).text).csrf_token;
      return { headers, token: String(token) };
    }),
  );
  const stop = new AbortController();
  const bad: string[] = [];
  let asked = 0;
  const round = async ({ headers, token }: (typeof people)[number]) => {
    const fresh: unknown = JSON.parse((await ask("/csrf-token", { headers })).text).csrf_token;
    const name = `Name ${asked}`;
    const answers = [
      await ask("/api/check_session", { headers }),
      // With the token from before the rotation, and with one of now, made by whichever process.
      ...(await Promise.all(
        [token, String(fresh)].map((one) =>
          ask("/api/profile", {
            json: { display_name: name, about_me: "" },
            headers: { ...headers, "x-csrftoken": one },
          }),
        ),
      )),
      await ask("/api/profile", { headers }),
    ];
    asked += answers.length;
    for (const { status, text } of answers) if (status !== 200) bad.push(`${status} ${text}`);
    if (answers.at(-1)?.text.includes(`"${name}"`) !== true) bad.push(`not ${name}: ${answers.at(-1)?.text}`);
  };
  const working = people.map(async (person) => {
    while (!stop.signal.aborted) {
      await round(person).catch((error: unknown) => bad.push(String(error)));
      await pause(100); // a probe key, too, has a limit an hour
    }
  });
  const [first = { headers: {}, token: "" }] = people;
  return {
    first,
    end: async () => {
      stop.abort();
      await Promise.all(working);
      return { bad, asked };
    },
  };
}

describe("a SECRET_KEY that is rotated under load", () => {
  it("signs nobody out, refuses nobody, and no secret is in what the servers wrote", async () => {
    const { values, hidden, ownersAlone } = plant();
    const secrets = join(folder, "mounted");
    mkdirSync(secrets);
    for (const [name, value] of Object.entries(values))
      writeFileSync(join(secrets, name), value, { mode: 0o600 });
    const { server, ask } = await startServer({ SECRETS_DIRECTORY: secrets });
    const probe = { "aegis-probe-key": values["PROBE_KEY"] ?? "" };

    const load = await startLoad(ask, probe);
    await pause(1_000);
    const rotate = run(node, [
      "packages/aegis-cli/bin/aegis.mjs",
      "keys",
      "rotate",
      join(secrets, "SECRET_KEY"),
    ]);
    expect(await rotate.ended()).toBe(0);
    const rotated = readFileSync(join(secrets, "SECRET_KEY"), "utf8").trim();
    expect(readFileSync(join(secrets, "SECRET_KEY_PREVIOUS"), "utf8").trim()).toBe(values["SECRET_KEY"]);
    expect(rotate.output()).not.toContain(rotated);
    await server.until(/secrets changed[^]*secrets changed/, 30);
    // Known to both at once, used by each after the policy's time.
    const { first } = load;
    const me: unknown = JSON.parse((await ask("/api/sessions", { headers: first.headers })).text);
    const sessionId = /"id":"([^"]+)"/.exec(JSON.stringify(me))?.[1] ?? "";
    const made = async (): Promise<string> =>
      String(JSON.parse((await ask("/csrf-token", { headers: first.headers })).text).csrf_token);
    expect(isMadeWith(values["SECRET_KEY"] ?? "", sessionId, await made())).toBe(true);
    await pause((CACHE_SECONDS + 1) * 1_000);
    expect(isMadeWith(rotated, sessionId, await made())).toBe(true);
    await pause(1_000);
    const { bad, asked } = await load.end();
    expect(bad).toEqual([]);
    expect(asked).toBeGreaterThan(100);

    // Whatever a stranger or an outage puts before the log.
    for (const one of hidden.filter((each) => !ownersAlone.includes(each)))
      await ask(`/api/content?x=${encodeURIComponent(one.slice(0, 1500))}`, {
        headers: { "user-agent": one.slice(0, 1500).replaceAll(/[^\x20-\x7e]/g, "") },
      });
    writeFileSync(join(secrets, "SECRET_KEY"), "changeme");
    await server.until(/secret\.change_refused/, 30);
    await postgres.stop();
    expect((await ask("/api/check_session", { headers: first.headers })).status).toBe(503);
    await postgres.start();
    await server.stop();
    const log = server.output();
    expect(log).toContain("[redacted]");
    expect(log.length).toBeGreaterThan(10_000);
    expect([...hidden, rotated].filter((one) => log.includes(one))).toEqual([]);
  }, 120_000);
});

describe("the key of encrypted columns, rotated under load", () => {
  it("leaves nothing unreadable when everything is sealed anew and the old key is dropped, and restarts nothing", async () => {
    const own = await startPostgres(); // in the others' are rows under other rings
    const { values, hidden } = plant(own);
    const secrets = join(folder, "mounted-data");
    mkdirSync(secrets);
    for (const [name, value] of Object.entries(values))
      writeFileSync(join(secrets, name), value, { mode: 0o600 });
    const { server, ask } = await startServer({ SECRETS_DIRECTORY: secrets });
    const ring = join(secrets, "DATA_KEYS");
    const aegis = async (...args: string[]) => {
      const command = run(node, ["packages/aegis-cli/bin/aegis.mjs", "keys", ...args], {
        DATABASE_URL: own.url,
        DATA_KEYS_FILE: ring,
        SECRET_KEY: values["SECRET_KEY"] ?? "",
        NO_COLOR: "1",
      });
      expect([await command.ended(), command.output()]).toEqual([0, expect.any(String)]);
      return command.output();
    };
    const pool = new pg.Pool({ connectionString: own.url, max: 1 });
    const sealed = async (): Promise<readonly string[]> => {
      const { rows }: pg.QueryResult<{ one: string }> = await pool.query(
        "select display_name as one from aegis_accounts where display_name <> ''",
      );
      return rows.map(({ one }) => one);
    };
    try {
      const still = await startLoad(ask, { "aegis-probe-key": values["PROBE_KEY"] ?? "" });
      await pause(1_000);
      expect((await still.end()).bad).toEqual([]); // these write no more: only the rewrap touches their rows
      const load = await startLoad(ask, { "aegis-probe-key": values["PROBE_KEY"] ?? "" });
      const [old = ""] = parseDataKeyRing(JSON.parse(values["DATA_KEYS"] ?? "")).data_keys.map(
        ({ kid }) => kid,
      );
      const before = (await ask("/api/profile", { headers: still.first.headers })).text;
      expect((await sealed()).every((one) => one.includes(old))).toBe(true);

      await aegis("rotate", ring);
      await server.until(/secrets changed[^]*secrets changed/, 30);
      await pause((CACHE_SECONDS + 1) * 1_000); // from now on every process seals under the new one
      expect(await aegis("rewrap")).toMatch(/0 unreadable {2}0 left/);
      await pause(1_000); // whoever had begun to write before is done by now
      expect(await aegis("rewrap")).toMatch(/0 unreadable {2}0 left/);
      expect((await sealed()).filter((one) => one.includes(old))).toEqual([]);
      await aegis("drop", ring, old);
      await server.until(/(?:secrets changed[^]*){4}/, 30);
      await pause((CACHE_SECONDS + 1) * 1_000);

      expect((await ask("/api/profile", { headers: still.first.headers })).text).toBe(before);
      const { bad, asked } = await load.end();
      expect(bad).toEqual([]);
      expect(asked).toBeGreaterThan(100);
      await server.stop();
      const rings = hidden.concat(
        parseDataKeyRing(JSON.parse(readFileSync(ring, "utf8"))).data_keys.map(({ key }) => key),
      );
      expect(rings.filter((one) => server.output().includes(one))).toEqual([]);
      expect(count(server.output(), /a process ended/g)).toBe(0);
    } finally {
      await pool.end();
      for (const one of running.splice(0)) await one.stop();
      await own.close();
    }
  }, 120_000);
});

describe("secrets in Vault (stand-in)", () => {
  it("serve the whole server, which reads them again on SIGHUP and takes no new one without the one before", async () => {
    const { values, hidden } = plant();
    const vault = await startVaultStandIn({ ...values });
    writeFileSync(
      join(folder, "long.json"),
      JSON.stringify({ secret: { cacheSeconds: 3600, timeoutSeconds: 2 } }),
    );
    writeFileSync(join(folder, "secret-id"), `${vault.secretId}\n`);
    try {
      const { server, ask } = await startServer({
        AEGIS_POLICY: join(folder, "long.json"),
        VAULT_ADDR: vault.address,
        VAULT_PATH: "hub",
        VAULT_ROLE_ID: vault.roleId,
        VAULT_SECRET_ID_FILE: join(folder, "secret-id"),
      });
      expect((await ask("/ready")).status).toBe(200);
      const hang = () => server.child.kill("SIGHUP");
      const next = systemRandom.token(32);
      vault.values = { ...values, SECRET_KEY: next };
      hang();
      await server.until(/secret\.change_refused[^]*secret\.change_refused/);
      vault.values = { ...values, SECRET_KEY: next, SECRET_KEY_PREVIOUS: values["SECRET_KEY"] ?? "" };
      hang();
      await server.until(/secrets changed[^]*secrets changed/);
      vault.sealed = true;
      hang();
      await server.until(/secret\.source_away[^]*secret\.source_away/);
      expect((await ask("/ready")).status).toBe(200);
      await server.stop();
      const log = server.output();
      expect(log).toMatch(/sealed, or in maintenance/);
      expect([...hidden, next, vault.secretId].filter((one) => log.includes(one))).toEqual([]);
      expect(count(log, /a process ended/g)).toBe(0);
    } finally {
      await vault.close();
    }
  }, 90_000);

  it("that are not to be had stop the start, which names Vault and what was missing", async () => {
    const vault = await startVaultStandIn({});
    try {
      const start = async (env: Record<string, string>) => {
        const server = run(node, [SERVE], {
          NODE_ENV: "production",
          VAULT_ADDR: vault.address,
          VAULT_PATH: "hub",
          ...env,
        });
        running.push(server);
        expect(await server.ended()).toBe(1);
        return server.output();
      };
      expect(await start({})).toMatch(/there is nothing to sign in with[^]*VAULT_ROLE_ID/);
      const token = vault.newToken();
      const text = await start({ VAULT_TOKEN: token });
      expect(text).toMatch(
        /SECRET_KEY is missing[^]*Vault \(http:[^]*secret\/hub[^]*aegis keys secret[^]*DATABASE_URL is missing/,
      );
      expect(text).not.toContain(token);
      vault.sealed = true;
      expect(await start({ VAULT_TOKEN: token })).toMatch(/error: Vault .*sealed/);
    } finally {
      await vault.close();
    }
  }, 60_000);
});

describe("a .env of development", () => {
  it("gives settings and secrets, and is not looked at for where it runs", async () => {
    const file = join(folder, ".env");
    const key = systemRandom.token(32);
    writeFileSync(file, `NODE_ENV=production\nPORT=0\nSECRET_KEY=${key}\nWORKERS=1\n`);
    const directory = join(folder, "dotenv");
    const hub = run(node, ["apps/hub/dist/server/main.js"], {
      NODE_ENV: "development",
      DOTENV_FILE: file,
      AEGIS_DIRECTORY: directory,
    });
    running.push(hub);
    await hub.until(/http:\/\/127\.0\.0\.1:\d+/, 90);
    expect(existsSync(join(directory, "secret-key"))).toBe(false);
    // Written beside it and renamed, as a rotation does.
    writeFileSync(`${file}.new`, `SECRET_KEY=${systemRandom.token(32)}\nSECRET_KEY_PREVIOUS=${key}\n`);
    renameSync(`${file}.new`, file);
    await hub.until(/secrets changed/);
    expect(hub.output()).not.toContain(key);
  }, 120_000);
});
