/** The two servers as processes: how they start, refuse to start, serve, lose the database, and stop. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "./support/ports.ts";
import { startPostgres, type TestPostgres } from "./support/postgres.ts";
import { type Running, run } from "./support/processes.ts";
import { startRedis, type TestRedis } from "./support/redis.ts";

const SECRET = "q3JxTnP8Zk2vLw9sRb4YdHc7MgXe1UaF5oNiV6tKj0Q";
const PASSWORD = "Harbour violet, 11 spoons";
const node = process.execPath;
const MAIN = "apps/hub/dist/server/main.js";
const SERVE = "apps/hub/dist/server/serve.js";

let folder: string;
let postgres: TestPostgres;
let redis: TestRedis;
const running: Running[] = [];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "aegis-servers-"));
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

const start = (command: string, args: readonly string[], env: Record<string, string>): Running => {
  const one = run(command, args, { AEGIS_DIRECTORY: join(folder, "aegis"), ...env });
  running.push(one);
  return one;
};

describe("the development server", () => {
  it("refuses production, exits with 1 and says what to run", async () => {
    const npm = start("npm", ["start"], { NODE_ENV: "production" });
    expect(await npm.ended()).toBe(1);
    expect(npm.output()).toMatch(/does not run in production[\s\S]*npm run serve/);
    const direct = start(node, [MAIN], { NODE_ENV: "production" });
    expect(await direct.ended()).toBe(1);
    expect(direct.output()).toContain("npm run serve");
  });

  it("starts on the embedded database, keeps its key for itself, and keeps accounts over a restart", async () => {
    const env = { NODE_ENV: "development", AEGIS_DIRECTORY: join(folder, "kept") };
    const first = start(node, [MAIN, "--port", "0"], env);
    const [, origin = ""] = await first.until(/(http:\/\/127\.0\.0\.1:\d+)/);
    const send = (base: string, path: string) =>
      fetch(base + path, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ username: "ada", password: PASSWORD }),
      });
    expect((await send(origin, "/api/register")).status).toBe(201);
    expect(await first.stop()).toBe(0);
    expect(statSync(join(folder, "kept", "secret-key")).mode & 0o777).toBe(0o600);
    const second = start(node, [MAIN, "--port", "0"], env);
    const [, again = ""] = await second.until(/(http:\/\/127\.0\.0\.1:\d+)/);
    expect((await send(again, "/api/login")).status).toBe(200);
    const third = start(node, [MAIN, "--port", "0"], env);
    expect(await third.ended()).toBe(1);
    expect(third.output()).toMatch(/in use by process/);
  });

  it("runs under another preset and overrides, and names what is wrong with them", async () => {
    const saas = start(node, [MAIN, "--port", "0", "--preset", "saas"], {
      NODE_ENV: "development",
      AEGIS_DIRECTORY: join(folder, "saas"),
    });
    const [, origin = ""] = await saas.until(/(http:\/\/127\.0\.0\.1:\d+)/);
    expect((await fetch(`${origin}/api/content`)).status).toBe(401);
    const wrong = start(node, [MAIN, "--preset", "saass"], { NODE_ENV: "development" });
    expect(await wrong.ended()).toBe(1);
    expect(wrong.output()).toMatch(/no preset "saass"\. Known: modern/);
    const port = start(node, [MAIN, "--port", "http"], { NODE_ENV: "development" });
    expect(await port.ended()).toBe(1);
    expect(port.output()).toContain('port is "http"; it must be a whole number');
  });
});

describe("the production server", () => {
  const production = {
    NODE_ENV: "production",
    PUBLIC_ORIGIN: "https://hub.example",
    SMTP_URL: "smtps://hub:nothing-is-sent@127.0.0.1:9", // nothing is sent in these tests
  };

  it.each([
    ["without SECRET_KEY", {}, /SECRET_KEY is missing[\s\S]*aegis keys secret/],
    [
      "with an example SECRET_KEY",
      { SECRET_KEY: "change-me-to-a-real-secret-key-please-now" },
      /SECRET_KEY[\s\S]*example[\s\S]*aegis keys secret/,
    ],
    [
      "with a short SECRET_KEY",
      { SECRET_KEY: "q3JxTnP8Zk2v" },
      /SECRET_KEY[\s\S]*bytes[\s\S]*aegis keys secret/,
    ],
    [
      "with a repeated SECRET_KEY",
      { SECRET_KEY: "ab".repeat(32) },
      /SECRET_KEY[\s\S]*repeats[\s\S]*aegis keys secret/,
    ],
  ])("does not start %s, and says how to make one", async (_what, env, message) => {
    const one = start(node, [SERVE], { ...production, DATABASE_URL: postgres.appUrl, ...env });
    expect(await one.ended()).toBe(1);
    expect(one.output()).toMatch(message);
  });

  it("names everything that is missing at once", async () => {
    const one = start("npm", ["run", "serve"], { NODE_ENV: "production" });
    expect(await one.ended()).not.toBe(0);
    expect(one.output()).toMatch(
      /SECRET_KEY is missing[\s\S]*npx aegis keys secret[\s\S]*DATABASE_URL is missing[\s\S]*REDIS_URL is missing/,
    );
  });

  it("does not start without PostgreSQL", async () => {
    const one = start(node, [SERVE], { ...production, SECRET_KEY: SECRET });
    expect(await one.ended()).toBe(1);
    expect(one.output()).toContain("DATABASE_URL is missing");
  });

  it("does not start with a role that row-level security does not bind, or without its tables", async () => {
    const env = { ...production, SECRET_KEY: SECRET, WORKERS: "1" };
    const missing = start(node, [SERVE], { ...env, DATABASE_URL: postgres.appUrl });
    expect(await missing.ended()).toBe(1);
    expect(missing.output()).toMatch(/Migrations are not applied[\s\S]*DATABASE_OWNER_URL/);
    const superuser = { ...env, DATABASE_URL: postgres.url, DATABASE_OWNER_URL: postgres.url };
    const unbound = start(node, [SERVE], superuser);
    expect(await unbound.ended()).toBe(1);
    expect(unbound.output()).toMatch(/role hub is a superuser[\s\S]*grant aegis_app to hub_app/);
  });

  it("migrates in its first process alone, and hands no other the owner's address, were it from a file", async () => {
    const file = join(folder, "settings.env");
    writeFileSync(file, `DATABASE_OWNER_URL=${postgres.url}\n`);
    const server = start(node, [`--env-file=${file}`, SERVE], {
      NODE_ENV: "development",
      DATABASE_URL: postgres.appUrl,
      PORT: String(await freePort()),
    });
    const [, origin = ""] = await server.until(/hub: (http:\S+), 2 processes/);
    expect((await fetch(`${origin}/ready`)).status).toBe(200);
    const { pid } = server.child;
    const workers = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ");
    expect(workers.length).toBe(2);
    for (const worker of workers)
      expect(readFileSync(`/proc/${worker}/cmdline`, "utf8")).not.toContain("--env-file");
    expect(server.output()).not.toContain("a process ended");
  });

  it("puts another in the place of each process that dies", async () => {
    const server = start(node, [SERVE], {
      NODE_ENV: "development",
      DATABASE_URL: postgres.appUrl,
      DATABASE_OWNER_URL: postgres.url,
      PORT: String(await freePort()),
    });
    const [, origin = ""] = await server.until(/hub: (http:\S+), 2 processes/);
    const { pid } = server.child;
    const children = () => readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ");
    const first = children();
    for (const one of first) process.kill(Number(one), "SIGKILL");
    await server.until(/(?:ended \(SIGKILL\); starting another[\s\S]*){2}/);
    const isReady = () =>
      fetch(`${origin}/ready`).then(
        ({ status }) => status === 200,
        () => false,
      );
    for (let looks = 0; !(await isReady()) && looks < 200; looks++) await pause(50);
    expect(await isReady()).toBe(true);
    expect(children().filter((one) => first.includes(one))).toEqual([]);
    expect(await server.stop()).toBe(0);
  });

  it("serves over several processes, behind a proxy that ends TLS, and drains on SIGTERM", async () => {
    const port = await freePort();
    const server = start(node, [SERVE], {
      ...production,
      SECRET_KEY: SECRET,
      DATABASE_URL: postgres.appUrl,
      DATABASE_OWNER_URL: postgres.url,
      REDIS_URL: redis.url,
      PORT: String(port),
    });
    await server.until(/2 processes/);
    const base = `http://127.0.0.1:${port}`;
    expect((await fetch(`${base}/health`, { headers: { host: "hub.example" } })).status).toBe(421);
    const { request } = await import("node:http");
    const ask = (
      path: string,
      options: { method?: string; body?: string; headers?: Record<string, string> } = {},
    ) =>
      new Promise<{ status: number; headers: import("node:http").IncomingHttpHeaders; body: string }>(
        (resolve, reject) => {
          const sent = request(
            base + path,
            {
              method: options.method ?? "GET",
              headers: { host: "hub.example", "x-forwarded-proto": "https", ...options.headers },
            },
            (response) => {
              let body = "";
              response.on("data", (chunk: Buffer) => {
                body += chunk.toString();
              });
              response.on("end", () =>
                resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
              );
              response.on("error", reject);
            },
          );
          sent.on("error", reject);
          sent.end(options.body);
        },
      );
    const json = { "content-type": "application/json" };
    const credentials = JSON.stringify({ username: "ada", password: PASSWORD });
    expect((await ask("/api/register", { method: "POST", headers: json, body: credentials })).status).toBe(
      201,
    );
    const login = await ask("/api/login", { method: "POST", headers: json, body: credentials });
    expect(login.headers["set-cookie"]?.[0]).toMatch(
      /^__Host-session=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    );
    expect(login.headers["strict-transport-security"]).toBe("max-age=31536000; includeSubDomains");
    const cookie = login.headers["set-cookie"]?.[0]?.split(";")[0] ?? "";
    // Any of the processes knows the session.
    for (let round = 0; round < 10; round++)
      expect((await ask("/api/check_session", { headers: { cookie } })).status).toBe(200);
    const plain = await ask("/login", { headers: { "x-forwarded-proto": "http" } });
    expect([plain.status, plain.headers.location]).toEqual([308, "https://hub.example/login"]);
    expect(
      (
        await ask("/api/login", {
          method: "POST",
          headers: { ...json, "x-forwarded-proto": "http" },
          body: credentials,
        })
      ).status,
    ).toBe(403);

    // A sign-in that is under way when the stop comes is answered.
    const underWay = Array.from({ length: 4 }, () =>
      ask("/api/login", { method: "POST", headers: json, body: credentials }),
    );
    await new Promise((resolve) => setTimeout(resolve, 30));
    const stopped = server.stop();
    expect((await Promise.all(underWay)).every(({ status }) => status === 200)).toBe(true);
    expect(await stopped).toBe(0);
    await expect(ask("/health")).rejects.toThrow();
  });
});

describe("the hub while PostgreSQL is away", () => {
  it("answers 503 with Retry-After, serves what needs no database, and recovers by itself with nothing lost", async () => {
    const server = start(node, [MAIN, "--port", "0"], {
      NODE_ENV: "development",
      DATABASE_URL: postgres.url,
    });
    const [, origin = ""] = await server.until(/(http:\/\/127\.0\.0\.1:\d+)/);
    const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
      fetch(origin + path, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify(body),
      });
    const credentials = { username: "outage", password: PASSWORD };
    expect((await post("/api/register", credentials)).status).toBe(201);
    const cookie = (await post("/api/login", credentials)).headers.get("set-cookie")?.split(";")[0] ?? "";
    const { csrf_token: token } = JSON.parse(
      await (await fetch(`${origin}/csrf-token`, { headers: { cookie } })).text(),
    );
    const save = (name: string) =>
      post("/api/profile", { display_name: name, about_me: "" }, { cookie, "x-csrftoken": String(token) });

    // Writes go on while the database is taken away: what was acknowledged must be there afterwards.
    const acknowledged: string[] = [];
    const state = { on: true };
    const writer = (async () => {
      for (let count = 0; state.on; count++) {
        const response = await save(`name ${count}`);
        if (response.status === 200) acknowledged.push(`name ${count}`);
        else expect([response.status, response.headers.get("retry-after")]).toEqual([503, "5"]);
      }
    })();
    await new Promise((resolve) => setTimeout(resolve, 300));
    await postgres.stop();
    const away = await fetch(`${origin}/api/profile`, { headers: { cookie } });
    expect([away.status, away.headers.get("retry-after"), (await away.json()).code]).toEqual([
      503,
      "5",
      "AEGIS_STORE_UNAVAILABLE",
    ]);
    expect((await post("/api/login", credentials)).status).toBe(503);
    expect((await fetch(`${origin}/api/check_session`, { headers: { cookie } })).status).toBe(503);
    expect((await fetch(`${origin}/health`)).status).toBe(200);
    expect((await fetch(`${origin}/ready`)).status).toBe(503);
    expect((await fetch(`${origin}/api/content`, { headers: { cookie } })).status).toBe(200);
    state.on = false;
    await writer;

    await postgres.start();
    expect((await fetch(`${origin}/ready`)).status).toBe(200);
    const profile = await (await fetch(`${origin}/api/profile`, { headers: { cookie } })).json();
    expect(acknowledged.length).toBeGreaterThan(0);
    // The last write that was acknowledged, or one after it whose acknowledgement the outage swallowed.
    const numbers = [profile.display_name, acknowledged.at(-1)].map((name) =>
      Number(String(name).split(" ")[1]),
    );
    expect(numbers[0]).toBeGreaterThanOrEqual(numbers[1] ?? Number.NaN);
    expect((await save("after")).status).toBe(200);
  });
});

describe("the checklist of system A", () => {
  it("holds through curl with a cookie jar", async () => {
    const server = start(node, [MAIN, "--port", "0", "--preset", "education"], {
      NODE_ENV: "development",
      AEGIS_DIRECTORY: join(folder, "checklist"),
    });
    const [, origin = ""] = await server.until(/(http:\/\/127\.0\.0\.1:\d+)/);
    const script = start("bash", ["test/checklists/education.sh", origin], {});
    expect(await script.ended(), script.output()).toBe(0);
    expect(script.output()).toContain("all steps hold");
  });
});

describe("a production server that is told to stop", () => {
  it("says so to balancers, answers everybody meanwhile without keeping connections, and takes two signals for one", async () => {
    const server = start(node, [SERVE], {
      NODE_ENV: "test",
      DATABASE_URL: postgres.url,
      WORKERS: "1",
      PORT: String(await freePort()),
      DRAIN_SECONDS: "3",
    });
    const [, origin = ""] = await server.until(/hub: (http:\S+),/);
    const kept = await fetch(`${origin}/ready`);
    expect([kept.status, kept.headers.get("connection")]).toEqual([200, "keep-alive"]);
    server.child.kill("SIGTERM");
    server.child.kill("SIGTERM"); // as a service manager does that ends a group, beside the first process of it
    const ready = async () => {
      const answer = await fetch(`${origin}/ready`);
      return [answer.status, (await answer.json()).status, answer.headers.get("connection")];
    };
    await expect.poll(ready, { timeout: 2500 }).toEqual([503, "stopping", "close"]);
    const page = await fetch(`${origin}/api/content`);
    expect([page.status, page.headers.get("connection")]).toEqual([200, "close"]);
    expect(await server.ended()).toBe(0);
  });
});
